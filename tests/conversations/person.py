"""A person at the chat: says things, presses choices, sees parts. Speaks only HTTP."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
import uuid
from typing import Any


class Person:
    """Holds one conversation with a running service."""

    def __init__(self, address: str) -> None:
        self._address = address
        self._n = 0
        answer = self._post("/chat/session", {}, token=None)
        self._token = answer["token"]
        self.parts: list[dict[str, Any]] = answer["messages"]

    def say(self, text: str) -> list[dict[str, Any]]:
        """Type a message."""
        return self._send(kind="text", text=text)

    def press(self, label: str) -> list[dict[str, Any]]:
        """Press the choice with this label."""
        found = [c for c in self.choices() if c["label"] == label]
        assert found, f"no choice {label!r} among {self.labels()}"
        return self._send(kind="choice", choice=found[0]["id"])

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
        return [c for part in self.parts for c in _choices(part)]

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

    def _send(self, **message: str) -> list[dict[str, Any]]:
        self._n += 1
        body = {"id": str(uuid.uuid4()), "n": self._n, **message}
        self.parts = self._post("/chat/messages", body, self._token)["messages"]
        assert self.parts, "an empty answer is a failure"
        assert all(part["text"].strip() for part in self.parts)
        return self.parts

    def _post(self, path: str, body: Any, token: str | None) -> Any:
        headers = {"Content-Type": "application/json", "Origin": self._address}
        if token:
            headers["Authorization"] = f"Bearer {token}"
        request = urllib.request.Request(
            self._address + path, json.dumps(body).encode(), headers, method="POST"
        )
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:
                return json.load(answer)
        except urllib.error.HTTPError as error:
            raise AssertionError(f"{error.code}: {error.read().decode()}") from None


def _choices(part: dict[str, Any]) -> list[dict[str, Any]]:
    found = list(part.get("choices", []))
    for value in part.values():
        if isinstance(value, list):
            found += [
                choice
                for entry in value
                if isinstance(entry, dict)
                for choice in entry.get("choices", [])
            ]
    return found
