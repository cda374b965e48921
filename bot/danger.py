"""Hears danger in a message without any model, and says what to do now.

The signs, their word patterns and the cards are in knowledge/danger.yml. A message is
first brought to one spelling, then read clause by clause, so that a guard ("last year",
"in the game") silences the clause it stands in and not the one beside it.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from bot.behaviours import Danger
from bot.knowledge import DangerSign, Knowledge, Wording, danger_signs, danger_wording

# A pattern that begins like this is read over the whole message, not over one clause.
WHOLE = "(?s)"
# A clause that was in quotation marks begins with this word.
QUOTE = "qq"
LONGEST = 4000  # what a person can type at once; a longer text is read in its ends
LONGEST_CLAUSE, OVERLAP = 40, 15  # in words
SHORTEST_MENDED = 6  # shorter words are too often other words by one letter

_APOSTROPHES = str.maketrans("’‘ʼ`´′", "''''''")
_QUOTED = re.compile(r'["“”]([^"“”\n]{2,300})["“”]')
_HARD_END = re.compile(r"[.!?…;:\n()|]+|\s[-–—/]+\s|[–—]")
_NOT_A_WORD = re.compile(r"[^a-z0-9']+")
# Where one clause ends and the next begins when nobody typed a full stop.
_JOINT = re.compile(
    r",\s*(?=\w+ \w)| (?=(?:but|then|so|because|and now|now he|now she|now they) )|"
    r" and (?=(?:i|he|she|they|it|there|someone|my|the|we|now|his|her) )"
)
_NEXT_SUBJECT = re.compile(
    r"(?<= )(?=(?:he|she|they|there|someone|somebody|i) (?:is|are|am|has|have|just) )"
)
# "Every time I look out, and he is there": what is supposed reaches past the joint.
_CARRIES = re.compile(
    r"\b(?:if|suppos\w+|imagine|whenever|hypothetical\w*|(?:every|each|any) time|"
    r"(?:usually|sometimes|normally)|worst case|say (?:i|he|she|they))\b"
)
_HOLDS = re.compile(
    r"\b(?:that|when|where|if|think|thinks|thought|says|said|say|know|like|because|"
    r"who|which|what|why|how|than|as|whether|while|and|or|to|is|was|whenever|"
    r"until|till|after|before|time|day|night|week|month|morning|with|of|hope|bet|"
    r"swear|sure|scared|afraid|(?:told|tell|tells|asked|texted)(?: \w+)?)$"
)


@dataclass(frozen=True)
class Heard:
    """What the patterns heard in one message.

    Attributes:
        levels: most urgent first, each once.
        signs: ids of the signs, in the order of the file.
    """

    levels: tuple[Danger, ...] = ()
    signs: tuple[str, ...] = ()


def hear(text: str, signs: Mapping[str, DangerSign] | None = None) -> Heard:
    """Read a message for danger.

    Args:
        text: as typed.
        signs: the signs to listen for; those of danger.yml when left out.
    """
    if signs is None:
        signs = danger_signs()
    if len(text) > LONGEST:
        text = text[: LONGEST // 2] + "\n" + text[-LONGEST // 2 :]
    clauses = clauses_of(text)
    whole = " ".join(clauses)
    heard = [sign for sign in signs.values() if _is_heard(sign, clauses, whole)]
    levels = {sign.level for sign in heard}
    return Heard(
        levels=tuple(level for level in Danger if level.value in levels),
        signs=tuple(sign.id for sign in heard),
    )


def card(
    levels: Iterable[Danger],
    knowledge: Knowledge,
    signs: Iterable[str] = (),
    *,
    asks: bool = True,
) -> dict[str, Any]:
    """Return the part that says what to do now.

    Args:
        levels: what was heard, in any order.
        knowledge: where the words and the numbers are.
        signs: ids of the signs heard, when they are known; without them the most
            careful words are chosen.
        asks: whether the card asks its question itself; not where choices follow
            that ask it.

    Raises:
        ValueError: there is no level to answer.
    """
    heard = set(levels)
    if not heard:
        raise ValueError("a card needs at least one level")
    level = next(level for level in Danger if level in heard)
    chosen = knowledge.cards[_card_id(heard, knowledge, tuple(signs))]
    lines = [*chosen.text, chosen.asks] if asks and chosen.asks else chosen.text
    listed = (knowledge.services[name] for name in chosen.contacts)
    return {
        "kind": "danger",
        "level": level.value,
        "text": "\n".join(knowledge.fill(line) for line in lines),
        "contacts": [
            {
                "id": service.id,
                "name": service.name,
                "contact": service.contact,
                "href": service.href,
            }
            for service in listed
            if service.may_be_shown
        ],
    }


def _card_id(heard: set[Danger], knowledge: Knowledge, signs: tuple[str, ...]) -> str:
    named = [knowledge.danger[name] for name in signs if name in knowledge.danger]
    if Danger.CRISIS in heard:
        if heard != {Danger.CRISIS}:
            return "both"
        of_others = [sign.about == "other" for sign in named if sign.level == "crisis"]
        return "crisis_other" if of_others and all(of_others) else "crisis"
    if Danger.IMMEDIATE in heard:
        return "immediate"
    today = named and all(sign.lane == "U" for sign in named)
    return "today" if today else "high_risk"


def clauses_of(text: str) -> list[str]:
    """Return the message's clauses in one plain spelling: words and single spaces."""
    wording = danger_wording()
    clauses = []
    for sentence in _HARD_END.split(_folded(text)):
        plain = _plain(sentence, wording)
        for clause in _cut(plain):
            clauses += _pieces(_words(clause))
    return clauses


def _folded(text: str) -> str:
    """Return the text in small letters, drawn-out letters shortened."""
    text = unicodedata.normalize("NFKC", text).translate(_APOSTROPHES).lower()
    text = text.replace("&", " and ")
    # What stands in quotation marks was said by somebody, most often the other one.
    text = _QUOTED.sub(rf"\n{QUOTE} \1\n", text)
    return re.sub(r"([a-z])\1{2,}", r"\1", text)


def _plain(sentence: str, wording: Wording) -> str:
    """Spell short forms out and mend slips in the words that matter, commas kept."""
    words = []
    for word in re.findall(r"[a-z0-9']+|,", sentence):
        spelt = wording.short_forms.get(word.replace("'", ""), word)
        if spelt == word and word.endswith("'s"):
            spelt = f"{word[:-2]} s"
        words.append(_mended(spelt, wording))
    return " ".join(words).replace(" ,", ",")


def _words(clause: str) -> str:
    return _NOT_A_WORD.sub(" ", clause).replace("'", "").strip()


def _pieces(clause: str) -> list[str]:
    """Return a clause that never ends in pieces that overlap: nobody may stall us."""
    words = clause.split()
    step = LONGEST_CLAUSE - OVERLAP
    starts = range(0, max(len(words) - OVERLAP, min(len(words), 1)), step)
    return [" ".join(words[start : start + LONGEST_CLAUSE]) for start in starts]


def _cut(sentence: str) -> list[str]:
    """Cut a sentence where a new thing is told, unless a supposition runs on."""
    pieces: list[str] = []
    for piece in _JOINT.split(sentence):
        if pieces and _CARRIES.search(pieces[-1]):
            pieces[-1] += f" {piece}"
        else:
            pieces.append(piece)
    return [clause for piece in pieces for clause in _cut_at_subjects(piece)]


def _cut_at_subjects(piece: str) -> list[str]:
    if _CARRIES.search(piece):
        return [piece]
    clauses = [""]
    for part in _NEXT_SUBJECT.split(piece):
        before = clauses[-1].strip()
        if len(before.split()) < 3 or _HOLDS.search(before):
            clauses[-1] += part
        else:
            clauses.append(part)
    return clauses


def _mended(word: str, wording: Wording) -> str:
    """Return the word that was meant when one slip away from a word that matters."""
    if len(word) < SHORTEST_MENDED - 1 or word in wording.left_alone:
        return word
    if word in wording.mended:
        return word
    return next((key for key in wording.mended if _one_slip(word, key)), word)


def _one_slip(word: str, key: str) -> bool:
    """Whether one letter is missing, added, wrong or swapped with its neighbour."""
    if abs(len(word) - len(key)) > 1 or word[0] != key[0]:
        return False
    pairs = enumerate(zip(word, key, strict=False))
    start = next((i for i, (a, b) in pairs if a != b), None)
    if start is None:
        return len(word) != len(key)
    if len(word) == len(key):
        swapped = word[start : start + 2] == key[start : start + 2][::-1]
        same_after = word[start + 1 :] == key[start + 1 :]
        return same_after or (swapped and word[start + 2 :] == key[start + 2 :])
    shorter, longer = sorted((word, key), key=len)
    return shorter[start:] == longer[start + 1 :]


def _is_heard(sign: DangerSign, clauses: list[str], whole: str) -> bool:
    """Whether one pattern of the sign matches where none of its guards does."""
    in_clause, in_all = _compiled(sign.patterns)
    never_in_clause, never_in_all = _compiled(sign.unless)
    if never_in_all and never_in_all.search(whole):
        return False
    if in_all and in_all.search(whole):
        return True
    return in_clause is not None and any(
        in_clause.search(clause)
        and not (never_in_clause and never_in_clause.search(clause))
        for clause in clauses
    )


@cache
def _compiled(
    patterns: tuple[str, ...],
) -> tuple[re.Pattern[str] | None, re.Pattern[str] | None]:
    """Return what is read over a clause and what over all, each as one pattern.

    Each begins and ends at a word, so that no entry of the file has to say so.
    """
    over_all = [p.removeprefix(WHOLE) for p in patterns if p.startswith(WHOLE)]
    over_clause = [p for p in patterns if not p.startswith(WHOLE)]
    return _one_of(over_clause), _one_of(over_all)


def _one_of(patterns: list[str]) -> re.Pattern[str] | None:
    if not patterns:
        return None
    either = "|".join(f"(?:{pattern})" for pattern in patterns)
    return re.compile(rf"\b(?:{either})(?!\w)", re.DOTALL)
