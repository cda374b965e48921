"""Reads messages by the line, for measuring what the assistant understands."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from typing import Any, TextIO

from bot.behaviours import Reading

# A line is answered when it has been read; nothing waits for lines still to come.
Classify = Callable[[Sequence[str]], Sequence[Reading]]


class BadLine(Exception):
    """A line is not a message; the message says why, and holds none of its words."""


def classify_lines(lines: Iterable[bytes], classify: Classify, out: TextIO) -> bool:
    """Answer each line with one line, and say whether all of them were messages.

    Args:
        lines: JSON objects with `id` and `text`; empty lines are passed over.
        classify: reads texts.
        out: where the answers go.
    """
    all_good = True
    for line in lines:
        if not line.strip():
            continue
        name: Any = None
        try:
            given = _object(line)
            name = given.get("id")
            answer = _answer(name, classify([_text(given)])[0])
        except BadLine as error:
            all_good = False
            answer = {"id": name, "error": str(error)}
        except Exception:  # one odd text must not cost the rest of the file
            all_good = False
            answer = {"id": name, "error": "this text could not be read"}
        out.write(json.dumps(answer, ensure_ascii=False) + "\n")
        out.flush()
    return all_good


def _object(line: bytes) -> dict[str, Any]:
    try:
        given = json.loads(line.decode("utf-8-sig"))
    except (ValueError, RecursionError):
        raise BadLine("not JSON in UTF-8") from None
    if not isinstance(given, dict):
        raise BadLine("not an object with id and text")
    return given


def _text(given: dict[str, Any]) -> str:
    if isinstance(given.get("id"), (dict, list, type(None))):
        raise BadLine("id is missing")
    text = given.get("text")
    if not isinstance(text, str):
        raise BadLine("text is missing or is not a string")
    try:
        text.encode()
    except UnicodeEncodeError:
        raise BadLine("text holds half a letter") from None
    return text


def _answer(name: Any, reading: Reading) -> dict[str, Any]:
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
    return {"id": name, **{key: told[key] for key in names}}
