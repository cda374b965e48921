"""What Rasa says becomes typed parts; what a choice would do stays here.

A part goes to the browser, a payload never does: in its place stands an id that means
something in this conversation, until the next set of choices, and nowhere else.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from rasa.core.channels.channel import OutputChannel

Part = dict[str, Any]


class UnfitReply(Exception):
    """The assistant said something that this channel does not carry, or nothing."""


class Collector(OutputChannel):
    """Takes what Rasa says in one turn, message by message, as it is."""

    def __init__(self) -> None:
        """Start with nothing said."""
        self.said: list[dict[str, Any]] = []

    @classmethod
    def name(cls) -> str:
        """Return the channel's name in responses."""
        return "web_chat"

    async def send_response(self, recipient_id: str, message: dict[str, Any]) -> None:
        """Take one message."""
        self.said.append(message)


@dataclass(frozen=True)
class Reply:
    """One answer: what is shown, and what its choices do.

    Attributes:
        parts: for the browser.
        offered: payload by choice id.
    """

    parts: tuple[Part, ...]
    offered: Mapping[str, str] = field(default_factory=dict)

    @property
    def kinds(self) -> frozenset[str]:
        """The kinds of its parts."""
        return frozenset(part["kind"] for part in self.parts)


def reply_from(said: Sequence[Mapping[str, Any]]) -> Reply:
    """Return what Rasa said as parts.

    Raises:
        UnfitReply: it said nothing, or something that cannot be shown.
    """
    parts = [part for message in said for part in _parts(message)]
    if not parts:
        raise UnfitReply("nothing was said")
    return offering(parts)


def offering(parts: Sequence[Part]) -> Reply:
    """Return parts with an id in place of every payload."""
    offered: dict[str, str] = {}
    shown = tuple(_without_payloads(part, offered) for part in parts)
    return Reply(shown, offered)


def shown_alone(part: Part) -> Part:
    """Return a part without its choices, for when no choice can be kept."""
    return {
        key: [item for item in value if not _acts(item)] if _is_list(value) else value
        for key, value in part.items()
        if not _acts(value)
    }


def _parts(message: Mapping[str, Any]) -> list[Part]:
    if any(message.get(name) for name in ("image", "attachment", "elements")):
        raise UnfitReply("pictures and files are not carried")
    parts: list[Part] = []
    text = message.get("text")
    buttons = message.get("buttons") or message.get("quick_replies")
    if buttons:
        choices = [{"label": b["title"], "payload": b["payload"]} for b in buttons]
        parts.append({"kind": "choices", "text": text or "", "choices": choices})
    elif text:
        parts.append({"kind": "text", "text": text})
    custom = message.get("custom")
    if custom:
        if not isinstance(custom.get("kind"), str) or not isinstance(
            custom.get("text"), str
        ):
            raise UnfitReply("a part has a kind and a text")
        parts.append(dict(custom))
    return parts


def _without_payloads(value: Any, offered: dict[str, str]) -> Any:
    if isinstance(value, Mapping):
        kept = {
            key: _without_payloads(item, offered)
            for key, item in value.items()
            if key != "payload"
        }
        if _acts(value):
            name = secrets.token_urlsafe(9)
            offered[name] = str(value["payload"])
            kept = {"id": name, **{k: v for k, v in kept.items() if k != "id"}}
        return kept
    if _is_list(value):
        return [_without_payloads(item, offered) for item in value]
    return value


def _acts(value: Any) -> bool:
    return isinstance(value, Mapping) and "payload" in value


def _is_list(value: Any) -> bool:
    return isinstance(value, (list, tuple))
