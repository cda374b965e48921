"""Cuts a message into clauses, so that each act told in it can be read by itself.

The cuts come from punctuation, conjunctions and, where people type without either,
from the subject that begins the next thing they tell. The parse says what is a verb;
its tree is not trusted for borders, since it breaks on unpunctuated text.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from spacy.tokens import Doc, Span, Token

_HARD = frozenset({".", "!", "?", ";", ":", "...", "…", "–", "—", "-", "/", "|"})
_JOINERS = frozenset(
    "and but then so n nd & cos cus coz because when while whilst after before until"
    " till til which who whos except plus or also though although since an".split()
)
_SUBJECTS = frozenset(
    "i ive im he hes she shes they theyre theyve we weve it its somebody someone"
    " theres there".split()
)
# Words after which a subject goes on with the same clause: "where i work".
_HOLDING = frozenset(
    "that what when where if how why who which because cos cus coz said says say think"
    " thinks know knows knew told sure like than as wherever whenever everywhere while"
    " since before after until till til and but so then n or place time way day thing"
    " something everything anything one ones is was are does did has had have will would"
    " can could should shall do everyone the whether bet reckon swear hope wish said"
    " except though although".split()
)
_PREDICATE_TAGS = frozenset({"VB", "VBD", "VBG", "VBN", "VBP", "VBZ", "MD"})
LEAST_TOKENS = 2


@dataclass(frozen=True)
class Clause:
    """A stretch of the message: code points `start:end`, tokens `first:last`."""

    start: int
    end: int
    first: int
    last: int


def clauses_of(doc: Doc) -> list[Clause]:
    """Return the clauses of a parsed message, in order; none when it has no words."""
    cuts = [0]
    for i in range(1, len(doc)):
        if _is_cut(doc, cuts[-1], i):
            cuts.append(i)
    bounds = [*cuts, len(doc)]
    found = [_trimmed(doc, first, last) for first, last in pairwise(bounds)]
    return _without_crumbs([clause for clause in found if clause])


def _is_cut(doc: Doc, begun: int, i: int) -> bool:
    """Say whether a new clause begins at token `i`, the last cut being at `begun`."""
    token, before = doc[i], doc[i - 1]
    if before.text in _HARD or "\n" in before.text:
        return True
    if set(before.text) <= {".", "!", "?", "…"}:
        return True
    here, ahead = doc[begun:i], doc[i : _reach(doc, i)]
    if before.text == ",":
        return _words(here) >= LEAST_TOKENS and _words(ahead) >= LEAST_TOKENS
    if token.lower_ in _JOINERS and token.pos_ != "DET":
        return _predicates(here) > 0 and _predicates(ahead) > 0
    if token.lower_ in _SUBJECTS and before.lower_ not in _HOLDING:
        return (
            _predicates(here) > 0
            and _words(here) >= LEAST_TOKENS + 1
            and before.dep_ not in {"det", "poss", "amod", "nsubj"}
        )
    return False


def _reach(doc: Doc, i: int) -> int:
    """Return where the stretch that begins at `i` would end at the latest."""
    for j in range(i + 1, len(doc)):
        if doc[j].text in _HARD or doc[j].text == "," or "\n" in doc[j].text:
            return j
    return len(doc)


def _words(span: Span) -> int:
    return sum(1 for token in span if _is_word(token))


def _predicates(span: Span) -> int:
    return sum(1 for token in span if token.tag_ in _PREDICATE_TAGS)


def _is_word(token: Token) -> bool:
    return any(character.isalnum() for character in token.text)


def _trimmed(doc: Doc, first: int, last: int) -> Clause | None:
    """Return the clause without punctuation at its ends, or None if nothing is left."""
    while first < last and not _is_word(doc[first]):
        first += 1
    while last > first and not _is_word(doc[last - 1]):
        last -= 1
    if first == last:
        return None
    end = doc[last - 1]
    return Clause(doc[first].idx, end.idx + len(end.text), first, last)


def _without_crumbs(clauses: list[Clause]) -> list[Clause]:
    """Join one-word stretches to what follows: "well, he was there again"."""
    joined: list[Clause] = []
    held: Clause | None = None
    for clause in clauses:
        if held is not None:
            clause = Clause(held.start, clause.end, held.first, clause.last)
            held = None
        if clause.last - clause.first < LEAST_TOKENS and clause is not clauses[-1]:
            held = clause
            continue
        joined.append(clause)
    if held is not None:
        joined.append(held)
    return joined
