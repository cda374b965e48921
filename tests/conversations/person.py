"""A person at the chat: says things, presses choices, sees parts."""

from __future__ import annotations

import asyncio
import time
import uuid
from typing import Any

from bot.assembly import Assistant
from bot.gate import Message
from bot.sealing import unseal
from bot.session import Sessions


class Person:
    """Holds one conversation with the assistant, past the channel's speed limits."""

    def __init__(
        self, assistant: Assistant, sessions: Sessions, loop: asyncio.AbstractEventLoop
    ) -> None:
        self._assistant, self._loop = assistant, loop
        self._n = 0
        _, self._session = sessions.issue("test", time.time())
        self.restore: dict[str, str] = {}
        begun = assistant.turns.begin(self._session, 1800)
        self.parts: list[dict[str, Any]] = loop.run_until_complete(begun).messages

    def say(self, text: str) -> list[dict[str, Any]]:
        """Type a message."""
        return self._send(text=text)

    def press(self, label: str) -> list[dict[str, Any]]:
        """Press the choice with this label."""
        found = [c for c in self.choices() if c["label"] == label]
        assert found, f"no choice {label!r} among {self.labels()}"
        return self._send(choice=found[0]["id"])

    def press_until_gone(self, labels: list[str]) -> list[dict[str, Any]]:
        """Press whichever of these is offered, until none is."""
        for _ in range(15):
            offered = [label for label in labels if label in self.labels()]
            if not offered:
                return self.parts
            self.press(offered[0])
        raise AssertionError(f"the questions never end: {self.text()}")

    def choices(self) -> list[dict[str, Any]]:
        """Return every choice in the last answer."""
        return [choice for part in self.parts for choice in _choices(part)]

    def labels(self) -> list[str]:
        """Return what can be pressed."""
        return [choice["label"] for choice in self.choices()]

    def kinds(self) -> list[str]:
        """Return the kinds of the last answer's parts."""
        return [part["kind"] for part in self.parts]

    def text(self) -> str:
        """Return everything said in the last answer, as a screen reader would."""
        return "\n".join(part["text"] for part in self.parts)

    def question(self) -> str:
        """Return the words of the last choices: what is asked now."""
        asked = [part["text"] for part in self.parts if part["kind"] == "choices"]
        return asked[-1] if asked else ""

    def kept(self) -> tuple[Any, list[Any]]:
        """Return what is kept of the conversation, opened: its state and the answers."""
        name, key = self._session.conversation_id, self._session.key
        store, now = self._assistant.conversations, time.time()
        found, _ = self._loop.run_until_complete(store.find(name, now))
        turns = self._loop.run_until_complete(store.answers_after(name, -1, now))
        assert found is not None
        state = unseal(key, f"{name}/snapshot/{found.version}", found.snapshot)
        return state, [unseal(key, f"{name}/answer/{t.n}", t.answer) for t in turns]

    def _send(self, **said: str) -> list[dict[str, Any]]:
        self._n += 1
        message = Message(str(uuid.uuid4()), self._n, **said)
        heard = self._assistant.turns.hear(self._session, message)
        answer = self._loop.run_until_complete(heard)
        self.parts = list(answer.messages)
        self.restore = {**answer.restore, **self.restore}
        assert self.parts, "an empty answer is a failure"
        assert all(part["text"].strip() for part in self.parts)
        return self.parts


def _choices(value: Any) -> list[dict[str, Any]]:
    """Return everything with a label to press, wherever it stands in a part."""
    if isinstance(value, list):
        return [choice for entry in value for choice in _choices(entry)]
    if not isinstance(value, dict):
        return []
    if "label" in value and "id" in value:
        return [value]
    return [choice for entry in value.values() for choice in _choices(entry)]
