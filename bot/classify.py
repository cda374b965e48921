"""Reads messages by the line, for measuring what the assistant understands."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, TextIO

from bot.behaviours import Reading

# Reading several texts at once takes half the time of reading them one by one.
BATCH = 32
CHUNK = 64 * 1024

Classify = Callable[[Sequence[str]], Sequence[Reading]]


@dataclass(frozen=True)
class Line:
    """One line of the input.

    Attributes:
        id: as given, or None.
        text: the message, or None when the line is no message.
        error: why it is none; holds none of its words.
    """

    id: Any = None
    text: str | None = None
    error: str = ""


def lines_as_they_come(read: Callable[[int], bytes | None]) -> Iterator[list[bytes]]:
    """Yield the lines that have arrived, without waiting for more of them.

    Args:
        read: returns at most so many bytes, as soon as there are some; empty at the end.
    """
    rest = b""
    while chunk := read(CHUNK):
        *lines, rest = (rest + chunk).split(b"\n")
        for at in range(0, len(lines), BATCH):
            yield lines[at : at + BATCH]
    if rest:
        yield [rest]


def classify_lines(
    batches: Iterable[Sequence[bytes]], classify: Classify, out: TextIO
) -> bool:
    """Answer each line with one line, in order, and say whether all were messages.

    Args:
        batches: JSON objects with `id` and `text`; empty lines are passed over.
        classify: reads texts.
        out: where the answers go.
    """
    all_good = True
    for batch in batches:
        lines = [_line(each) for each in batch if each.strip()]
        for answer in _answers(lines, classify):
            all_good = all_good and "error" not in answer
            out.write(json.dumps(answer, ensure_ascii=False) + "\n")
        out.flush()
    return all_good


def _answers(lines: Sequence[Line], classify: Classify) -> Iterator[dict[str, Any]]:
    texts = [line.text for line in lines if line.text is not None]
    readings = iter(_readings(texts, classify))
    for line in lines:
        reading = next(readings) if line.text is not None else None
        if reading is None:
            error = line.error or "this text could not be read"
            yield {"id": line.id, "error": error}
        else:
            yield {"id": line.id, **_told(reading)}


def _readings(texts: Sequence[str], classify: Classify) -> list[Reading | None]:
    """Read texts together; one odd text costs its own answer and no other."""
    try:
        return list(classify(texts)) if texts else []
    except Exception:
        if len(texts) == 1:
            return [None]
        return [_readings([text], classify)[0] for text in texts]


def _line(line: bytes) -> Line:
    try:
        given = json.loads(line.decode("utf-8-sig"))
    except (ValueError, RecursionError):
        return Line(error="not JSON in UTF-8")
    if not isinstance(given, dict):
        return Line(error="not an object with id and text")
    name, text = given.get("id"), given.get("text")
    if name is None or isinstance(name, (dict, list)):
        return Line(error="id is missing")
    if not isinstance(text, str):
        return Line(name, error="text is missing or is not a string")
    try:
        text.encode()
    except UnicodeEncodeError:
        return Line(name, error="text holds half a letter")
    return Line(name, text)


def _told(reading: Reading) -> dict[str, Any]:
    """Return a reading in the shape of the contract."""
    told = reading.to_dict()
    names = (
        "intent",
        "intent_confidence",
        "behaviours",
        "danger",
        "occasions",
        "impact",
        "language",
    )
    return {name: told[name] for name in names}
