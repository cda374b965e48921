"""Sentences with what is to be hidden marked in them, and how much of it is found."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

import yaml

from bot.assembly import masker_for
from bot.knowledge import load
from bot.masking import Masked, Numbers

FOLDER = Path(__file__).parent
KEY = b"k" * 32
MARK = re.compile(r"\{(\w+)\|([^}]*)\}")


@dataclass
class Counted:
    """How much was to be hidden, what was missed, and what was hidden for nothing."""

    marked: int = 0
    missed: list[str] = field(default_factory=list)
    extra: list[str] = field(default_factory=list)

    @property
    def recall(self) -> float:
        return 1 - len(self.missed) / self.marked


def sentences(name: str, part: str) -> list[tuple[str, list[tuple[int, int]]]]:
    """Return each sentence of a part of a file with the places of its marks."""
    data = yaml.safe_load((FOLDER / f"{name}.yml").read_text(encoding="utf-8"))
    return [_without_marks(line) for line in data[part].splitlines()]


def counted(marked: Iterable[tuple[str, list[tuple[int, int]]]]) -> Counted:
    """Mask sentences; a place is found when every letter and digit of it is hidden."""
    masker, result = masker_for(load()), Counted()
    for text, places in marked:
        masked = masker.mask(text, KEY, Numbers())
        hidden = _hidden(masked)
        for start, end in places:
            result.marked += 1
            letters = [at for at in range(start, end) if text[at].isalnum()]
            if not hidden.issuperset(letters):
                result.missed.append(f"{text[start:end]} | {text}")
        for piece in masked.pieces:
            if not any(
                piece.start < end and start < piece.end for start, end in places
            ):
                result.extra.append(f"{text[piece.start : piece.end]} | {text}")
    return result


def _hidden(masked: Masked) -> set[int]:
    return {at for piece in masked.pieces for at in range(piece.start, piece.end)}


def _without_marks(line: str) -> tuple[str, list[tuple[int, int]]]:
    text, places, at = "", [], 0
    for mark in MARK.finditer(line):
        text += line[at : mark.start()]
        places.append((len(text), len(text) + len(mark[2])))
        text, at = text + mark[2], mark.end()
    return text + line[at:], places
