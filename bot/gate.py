"""The input gate: what a browser may send, before any framework code sees it.

Pure functions from bytes to a Message. Nothing in a body can name a conversation, give
a command, or reach Rasa in a form that Rasa reads as more than words.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

LARGEST_BODY = 64 * 1024
LONGEST_TEXT = 4000
LARGEST_N = 1_000_000
UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", re.I)
CHOICE = re.compile(r"[A-Za-z0-9_-]{1,64}")
# Direction marks that let words look other than they are.
TURNING = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
SLASHES = "/\uff0f"
DIVISION_SLASH = "\u2215"  # looks the same, starts no command


class Unacceptable(Exception):
    """The request is not what a browser of ours sends."""

    def __init__(self, code: str, text: str = "") -> None:
        """Take the code of the refusal, and words in which danger may be heard."""
        super().__init__(code)
        self.code = code
        self.text = text


@dataclass(frozen=True)
class Message:
    """One message of a person.

    Attributes:
        id: the browser's own id for it, the same when it is sent again.
        n: its number in the conversation, from 1.
        text: their words, cleaned; empty when a choice was pressed.
        choice: the id of the choice they pressed, or None.
    """

    id: str
    n: int
    text: str = field(default="", repr=False)
    choice: str | None = None


def parse_message(body: bytes) -> Message:
    """Return the message in a body.

    Raises:
        Unacceptable: `bad_request`, `empty` or `too_long`.
    """
    given = _strict_object(body)
    content = given.get("kind")
    if content not in ("text", "choice") or set(given) != {"id", "n", "kind", content}:
        raise Unacceptable("bad_request")
    name, n, value = given["id"], given["n"], given[content]
    numbered = type(n) is int and 1 <= n <= LARGEST_N
    if not (numbered and _is_text(name) and UUID.fullmatch(name) and _is_text(value)):
        raise Unacceptable("bad_request")
    if content == "choice":
        if not CHOICE.fullmatch(value):
            raise Unacceptable("choice")
        return Message(name.lower(), n, choice=value)
    return Message(name.lower(), n, text=clean(value))


def parse_opening(body: bytes) -> str:
    """Return how a new conversation's token is kept: "tab", or empty for in memory.

    Raises:
        Unacceptable: it is neither `{}` nor `{"keep": "tab"}`.
    """
    given = _strict_object(body)
    if given not in ({}, {"keep": "tab"}):
        raise Unacceptable("bad_request")
    return str(given.get("keep", ""))


def parse_nothing(body: bytes) -> None:
    """Accept an empty object.

    Raises:
        Unacceptable: it is anything else.
    """
    if _strict_object(body):
        raise Unacceptable("bad_request")


def clean(text: str) -> str:
    """Return a person's words without what no keyboard types.

    Raises:
        Unacceptable: `bad_request` for NUL and broken letters, `empty`, `too_long`.
    """
    if "\x00" in text or any("\ud800" <= letter <= "\udfff" for letter in text):
        raise Unacceptable("bad_request")
    text = unicodedata.normalize("NFC", text.replace("\r\n", "\n").replace("\r", "\n"))
    text = "".join(letter for letter in text if not _is_dropped(letter)).strip()
    if not any(_is_seen(letter) for letter in text):
        raise Unacceptable("empty")
    if len(text) > LONGEST_TEXT:
        raise Unacceptable("too_long", text[:LONGEST_TEXT])
    return text


def without_command(text: str) -> str:
    """Return words that Rasa takes for words, whatever they begin with.

    The first visible letter decides, so that nothing invisible can hide a slash from
    us; the length stays the same, so that places in the text stay right.
    """
    for at, letter in enumerate(text):
        if letter in SLASHES:
            return text[:at] + DIVISION_SLASH + text[at + 1 :]
        if _is_seen(letter):
            break
    return text


def _strict_object(body: bytes) -> dict[str, Any]:
    try:
        value = json.loads(
            body.decode("utf-8"),
            object_pairs_hook=_without_repeats,
            parse_constant=_no_constant,
        )
    except (ValueError, RecursionError):
        raise Unacceptable("bad_request") from None
    if not isinstance(value, dict):
        raise Unacceptable("bad_request")
    return value


def _without_repeats(pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a name stands twice")
    return found


def _no_constant(name: str) -> None:
    raise ValueError(name)


def _is_text(value: object) -> bool:
    return isinstance(value, str)


def _is_dropped(letter: str) -> bool:
    control = unicodedata.category(letter) == "Cc" and letter not in "\n\t"
    return control or letter in TURNING


def _is_seen(letter: str) -> bool:
    """Whether a letter leaves a mark: no space, no joiner, no control."""
    return not letter.isspace() and unicodedata.category(letter) not in ("Cf", "Cc")
