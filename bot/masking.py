"""Takes out of a person's words what tells who or where somebody is; puts it back.

What is kept, logged and answered holds numbered tokens such as `[name-1]`. Which words
they stand for goes back to the person with the answer, and stays on their side alone.
Pure functions: where names are is found by whoever is passed in (bot/names.py).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextvars import ContextVar
from dataclasses import dataclass, field, replace
from typing import Any

from bot.behaviours import Reading, Span
from bot.sealing import tag

NAME = "name"
# Somebody typed a token: it is hidden like the rest, or it would be taken for one of ours.
TYPED = "words"
# One word without a blank, so that nothing that shortens or counts words can halve it.
TOKEN = re.compile(
    r"\[(?:name|phone-number|email|address|postcode|number-plate|user-name|link|"
    r"number|words)-\d+\]",
    re.I,
)
# Blanks, signs and capitals make no other one of these; of a link or an account they do.
_LOOSE = frozenset("name phone-number address postcode number-plate number".split())
_PUNCTUATION = re.compile(r"[\W_]+")


@dataclass(frozen=True, order=True)
class Found:
    """A stretch of a message that is to be hidden, and what it is."""

    start: int
    end: int
    kind: str


@dataclass(frozen=True, order=True)
class Piece:
    """A stretch of the raw words, and the token that stands for it."""

    start: int
    end: int
    token: str


@dataclass(frozen=True)
class Numbers:
    """Which token stands for what, through a conversation; words are not in it.

    Attributes:
        tokens: by a keyed tag of the words, which nobody can read back without the key.
        last: the highest number given, by kind; goes up even when tokens are forgotten.
    """

    tokens: Mapping[str, str] = field(default_factory=dict)
    last: Mapping[str, int] = field(default_factory=dict)

    def forgotten(self) -> Numbers:
        """Return the same with no token left; no number is given twice."""
        return Numbers({}, self.last)

    def to_dict(self) -> dict[str, Any]:
        """Return it as plain JSON."""
        return {"tokens": dict(self.tokens), "last": dict(self.last)}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Numbers:
        """Return what `to_dict` wrote."""
        return cls(data.get("tokens", {}), data.get("last", {}))


@dataclass(frozen=True)
class Masked:
    """A message with tokens in place of what is to be hidden.

    Attributes:
        raw: the words as typed; for reading them in this turn, and never kept.
        text: the words with tokens.
        pieces: what was hidden, in order.
        numbers: of the conversation, once this message is part of it.
    """

    raw: str = field(repr=False)
    text: str
    pieces: tuple[Piece, ...] = field(default=(), repr=False)
    numbers: Numbers = field(default_factory=Numbers, repr=False)

    @property
    def restore(self) -> dict[str, str]:
        """The words behind each token, in the first spelling of this message."""
        found: dict[str, str] = {}
        for piece in self.pieces:
            found.setdefault(piece.token, self.raw[piece.start : piece.end])
        return found

    def span(self, span: Span) -> Span:
        """Return where words of `raw` are in `text`; a token is taken in whole."""
        start, end = self._at(span.start, 0), self._at(span.end, 1)
        return Span(start, end, self.text[start:end])

    def reading(self, reading: Reading) -> Reading:
        """Return a reading of `raw` with the words of `text` in it."""
        behaviours = (
            replace(each, evidence=tuple(self.span(span) for span in each.evidence))
            for each in reading.behaviours
        )
        dates = tuple(self.span(span) for span in reading.dates)
        return replace(reading, behaviours=tuple(behaviours), dates=dates)

    def _at(self, place: int, side: int) -> int:
        """Return where a place is in `text`: the token's near or far side if inside."""
        moved = 0
        for piece in self.pieces:
            inside = piece.start < place < piece.end
            if inside:
                near = piece.start + moved
                return near + side * len(piece.token)
            if piece.end > place:
                break
            moved += len(piece.token) - (piece.end - piece.start)
        return place + moved


# The words of the running turn: the reading hears them, the conversation holds the mask.
of_this_turn: ContextVar[Masked | None] = ContextVar("of_this_turn", default=None)

# Where persons are named in a text, and where other things are: from and to.
Named = tuple[tuple[tuple[int, int], ...], tuple[tuple[int, int], ...]]
FindNames = Callable[[str, Callable[[str], bool], Named], Iterable[Found]]
FindNamed = Callable[[str], Named]
FindPatterns = Callable[[str], Iterable[Found]]


class Masker:
    """Masks messages; the same words get the same token through a conversation."""

    def __init__(
        self, patterns: FindPatterns, names: FindNames, named: FindNamed
    ) -> None:
        """Take what finds numbers, addresses and the like, names, and their like."""
        self._patterns, self._names, self._named = patterns, names, named

    def mask(
        self, text: str, key: bytes, numbers: Numbers, named: Named | None = None
    ) -> Masked:
        """Return a message masked.

        Args:
            text: as typed.
            key: the conversation's own.
            numbers: given so far in it.
            named: where spaCy sees names, if that is known already.
        """
        if named is None:
            named = self._named(text)

        def is_known(words: str) -> bool:
            return bool(numbers.tokens) and _tag(key, NAME, words) in numbers.tokens

        typed = [Found(*token.span(), TYPED) for token in TOKEN.finditer(text)]
        found = [*typed, *self._patterns(text), *self._names(text, is_known, named)]
        tokens, last = dict(numbers.tokens), dict(numbers.last)
        pieces = []
        for each in _apart(found):
            name = _tag(key, each.kind, text[each.start : each.end])
            if name not in tokens:
                last[each.kind] = last.get(each.kind, 0) + 1
                tokens[name] = f"[{each.kind}-{last[each.kind]}]"
            pieces.append(Piece(each.start, each.end, tokens[name]))
        return Masked(
            text, _replaced(text, pieces), tuple(pieces), Numbers(tokens, last)
        )


def restored(value: Any, restore: Mapping[str, str]) -> Any:
    """Return a value with the person's own words in every text of it.

    In one pass, so that words which look like a token are left as they are.
    """
    if isinstance(value, str):
        return TOKEN.sub(lambda token: restore.get(token[0], token[0]), value)
    if isinstance(value, Mapping):
        return {key: restored(item, restore) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [restored(item, restore) for item in value]
    return value


def is_masked(value: Any) -> bool:
    """Whether there is a token in any text of a value."""
    if isinstance(value, str):
        return bool(TOKEN.search(value))
    inner = value.values() if isinstance(value, Mapping) else value
    return isinstance(inner, Iterable) and any(is_masked(item) for item in inner)


def _apart(found: Iterable[Found]) -> Iterator[Found]:
    """Return what was found in order, the first and longest where two overlap."""
    end = 0
    kept: list[Found] = []
    for each in sorted(found, key=lambda f: (f.start, -f.end)):
        if each.start >= end:
            kept.append(each)
            end = each.end
        elif each.end > end:
            # Hidden by half is not hidden: the two become one.
            kept[-1] = replace(kept[-1], end=each.end)
            end = each.end
    yield from kept


def _replaced(text: str, pieces: Iterable[Piece]) -> str:
    parts, at = [], 0
    for piece in pieces:
        parts += [text[at : piece.start], piece.token]
        at = piece.end
    return "".join([*parts, text[at:]])


def _tag(key: bytes, kind: str, words: str) -> str:
    """Return a tag for words; the same however a name or a number is written."""
    plain = _PUNCTUATION.sub("", words).casefold() if kind in _LOOSE else words
    return tag(key, f"mask/{kind}/{plain}")
