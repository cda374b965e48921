"""Somebody who has the chat open, and what they can do with it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from playwright.sync_api import BrowserContext, Frame, Page, expect

ELSEWHERE = "https://www.bbc.co.uk/weather"
AXE = (Path(__file__).parent / "vendor" / "axe.min.js").read_text(encoding="utf-8")
NewContext = Callable[..., BrowserContext]


@dataclass
class Person:
    """Somebody with the chat open.

    Attributes:
        page: the page they are on.
        chat: where the chat is: a frame of the page, or the page itself.
    """

    page: Page
    chat: Frame | Page

    def write(self, words: str) -> None:
        self.chat.get_by_label("Your message").fill(words)

    def press(self, label: str) -> None:
        self.chat.get_by_role("button", name=label, exact=True).last.click()

    def send(self, words: str) -> None:
        self.write(words)
        self.press("Send")

    def say(self, words: str) -> None:
        """Send some words and wait for the answer."""
        before = self.chat.locator(".fc-turn--theirs").count()
        self.send(words)
        expect(self.chat.locator(".fc-turn--theirs")).to_have_count(before + 1)

    def choose(self, label: str) -> None:
        """Press a choice and wait for the answer."""
        before = self.chat.locator(".fc-turn--theirs").count()
        self.press(label)
        expect(self.chat.locator(".fc-turn--theirs")).to_have_count(before + 1)

    @property
    def answer(self) -> Any:
        """The newest answer."""
        return self.chat.locator(".fc-turn--theirs").last

    @property
    def spoken(self) -> Any:
        """What a screen reader is told."""
        return self.chat.locator(".js-say")


def frame_of(page: Page) -> Frame:
    element = page.locator("iframe").element_handle()
    found = element.content_frame()
    assert found is not None
    return found


def greeted(person: Person) -> Person:
    expect(person.chat.locator(".fc-turn--theirs")).to_have_count(1)
    expect(person.spoken).not_to_be_empty()
    return person


def opened(page: Page, address: str) -> Person:
    """Open the chat of a page, in its frame."""
    page.goto(address)
    page.get_by_role("button", name="Get advice").click()
    return greeted(Person(page, frame_of(page)))


def axe(where: Frame | Page) -> list[str]:
    """Return what axe finds wrong, one line each."""
    where.evaluate(AXE)
    found = where.evaluate(
        "axe.run(document, {iframes: false, resultTypes: ['violations']})"
        ".then((result) => result.violations.flatMap((rule) => rule.nodes.map("
        "(node) => `${rule.id}: ${node.target} ${node.failureSummary}`)))"
    )
    return list(found)
