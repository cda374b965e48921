"""Quotes a person so that the words still make sense: whole clauses, never half of one.

The reader points at the words that tell of an act. Read aloud, such words alone may begin
or end in the middle of what was said; shown to the person, they are widened to the clause
they stand in, or to the nearest place where one could stop for breath.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from bot.acts import acts_in, clause_spans
from bot.behaviours import Behaviour, Span
from bot.danger import hear

LONGEST = 22  # words; a longer clause is quoted around what it tells
_WORD = re.compile(r"\S+")
_BEGINS = re.compile(
    r"^(?:i|he|she|they|we|it|you|i'?m|i'?ve|i'?d|he'?s|she'?s|they'?re|they'?ve|we'?ve|it'?s|"
    r"there'?s|there|someone|somebody|nobody|who|which)$",
    re.I,
)
_JOINS = re.compile(
    r"^(?:and|but|so|because|cos|coz|cuz|when|while|then|which|who|plus|although|though|"
    r"after|before|until|if|&)$",
    re.I,
)
_OPENERS = re.compile(
    r"^(?:(?:and|but|so|then|also|because|cos|coz|cuz|plus|well|anyway|like)\b[\s,]*)+",
    re.I,
)


def quotes(words: str, evidence: Iterable[Span]) -> tuple[Span, ...]:
    """Return what to quote for the words a reader pointed at, in order, each once.

    Args:
        words: everything that was said.
        evidence: the stretches of it that tell of an act.
    """
    cuts = clause_spans(words)
    wide = sorted({_widened(words, span, cuts) for span in evidence})
    whole: list[Span] = []
    for span in wide:
        if whole and span.start < whole[-1].end:
            begin, end = whole[-1].start, max(whole[-1].end, span.end)
            whole[-1] = Span(begin, end, words[begin:end])
        else:
            whole.append(span)
    return tuple(whole)


def things_told(
    words: str,
    behaviours: Iterable[Behaviour],
    acts: Iterable[str],
    left_out: Iterable[Span] = (),
) -> tuple[Span, ...]:
    """Return what a message tells, one quotation for each thing, in order.

    Args:
        words: the message.
        behaviours: what was read in it.
        acts: ids of the finer acts in it; their clauses are things told, too.
        left_out: what the person took out again.
    """
    named = set(acts)
    evidence = [span for each in behaviours for span in each.evidence]
    clauses = [
        clause
        for clause in clause_spans(words)
        if named.intersection(acts_in(clause.text)) or hear(clause.text).signs
    ]
    gone = tuple(left_out)
    told = quotes(words, (*evidence, *clauses))
    return tuple(span for span in told if not any(meets(span, out) for out in gone))


def meets(one: Span, other: Span) -> bool:
    """Whether two stretches of a text share a letter."""
    return one.start < other.end and other.start < one.end


def _widened(words: str, span: Span, cuts: tuple[Span, ...]) -> Span:
    meeting = [c for c in cuts if c.start < span.end and c.end > span.start]
    if not meeting:
        return span
    begin, end = min(meeting[0].start, span.start), max(meeting[-1].end, span.end)
    tokens = [(m.start(), m.end()) for m in _WORD.finditer(words, begin, end)]
    if len(tokens) > LONGEST:
        begin, end = _breath(words, span, tokens)
    opener = _OPENERS.match(words[begin : span.start])
    begin += len(opener[0]) if opener else 0
    text = words[begin:end].rstrip(" ,;:-")
    return Span(begin, begin + len(text), text)


def _breath(words: str, span: Span, tokens: list[tuple[int, int]]) -> tuple[int, int]:
    """Return where to begin and end around a stretch of a clause that never stops."""
    inside = [i for i, (s, e) in enumerate(tokens) if s < span.end and e > span.start]
    first, last = inside[0], inside[-1]
    while first > 0 and last - first < LONGEST:
        word = _bare(words, tokens[first])
        before = _bare(words, tokens[first - 1])
        if (
            _BEGINS.match(word)
            or _JOINS.match(before)
            or _ends(words, tokens[first - 1])
        ):
            break
        first -= 1
    while last + 1 < len(tokens) and last - first < LONGEST:
        after = _bare(words, tokens[last + 1])
        if _BEGINS.match(after) or _JOINS.match(after) or _ends(words, tokens[last]):
            break
        last += 1
    return tokens[first][0], tokens[last][1]


def _bare(words: str, token: tuple[int, int]) -> str:
    return words[token[0] : token[1]].strip(".,!?;:\"'“”()").replace("’", "'")


def _ends(words: str, token: tuple[int, int]) -> bool:
    return words[token[1] - 1] in ",;:.!?"
