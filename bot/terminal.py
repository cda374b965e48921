"""The assistant in a terminal: parts as plain text, choices by number."""

from __future__ import annotations

import secrets
import textwrap
import uuid
from collections.abc import Callable, Sequence
from typing import Any

from bot.gate import Message, Unacceptable, clean
from bot.masking import restored
from bot.parts import Part
from bot.refusals import REFUSALS, Refused
from bot.session import ServerKey, Sessions
from bot.turns import Turns

WIDTH = 78
LEAVE = "/quit"
IDLE_S = 24 * 3600
HINT = f"Type your words, or the number of a choice. {LEAVE} leaves; nothing is kept."

Print = Callable[[str], None]
Read = Callable[[str], str]


async def hold(
    turns: Turns, contacts: Sequence[dict[str, str]], read: Read, say: Print
) -> None:
    """Hold one conversation until the person leaves.

    Args:
        turns: what answers.
        contacts: who can help when there is no answer.
        read: asks for a line; raises EOFError when there are no more.
        say: prints a line.
    """
    key = ServerKey.from_text(secrets.token_urlsafe(32))
    _, session = Sessions([key], IDLE_S).issue("terminal", 0)
    say(HINT)
    shown = list((await turns.begin(session, IDLE_S)).messages)
    choices = render(shown, say)
    n, restore = 0, dict[str, str]()
    while True:
        try:
            line = read("> ").strip()
        except EOFError:
            line = LEAVE
        if line == LEAVE:
            await turns.end(session)
            return
        try:
            message = _message(line, n + 1, choices)
            answer = await turns.hear(session, message)
        except (Refused, Unacceptable) as refusal:
            _refuse(refusal, contacts, say)
            continue
        n = answer.n
        restore = {**answer.restore, **restore}
        choices = render(restored(answer.messages, restore), say) or choices


def render(parts: Sequence[Part], say: Print) -> list[str]:
    """Print parts, and return the ids of the choices in the order of their numbers."""
    choices: list[str] = []
    for part in parts:
        say("")
        for paragraph in str(part.get("text", "")).split("\n"):
            say(textwrap.fill(paragraph, WIDTH))
        for contact in part.get("contacts", ()):
            say(f"  {contact['name']}: {contact['contact']}")
        for link in part.get("links", ()):
            say(f"  {link['label']}: {link['href']}")
        for choice in _choices(part):
            choices.append(choice["id"])
            say(f"  {len(choices)}. {choice['label']}")
    say("")
    return choices


def _choices(value: Any) -> list[dict[str, str]]:
    """Return every choice in a part, however deep, in order."""
    if isinstance(value, dict):
        if isinstance(value.get("label"), str) and isinstance(value.get("id"), str):
            return [value]
        return [found for item in value.values() for found in _choices(item)]
    if isinstance(value, (list, tuple)):
        return [found for item in value for found in _choices(item)]
    return []


def _message(line: str, n: int, choices: Sequence[str]) -> Message:
    name = str(uuid.uuid4())
    if line.isascii() and line.isdigit() and 1 <= int(line) <= len(choices):
        return Message(name, n, choice=choices[int(line) - 1])
    return Message(name, n, text=clean(line))


def _refuse(
    refusal: Refused | Unacceptable, contacts: Sequence[dict[str, str]], say: Print
) -> None:
    if isinstance(refusal, Refused):
        render(refusal.messages, say)
    say(REFUSALS[refusal.code].say)
    for contact in contacts:
        say(f"  {contact['name']}: {contact['contact']}")
