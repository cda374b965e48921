"""A browser, a service, and somebody who uses the one to talk to the other.

Every test is also watched: no request leaves for anybody else, nothing breaks the
content security policy, and no script fails.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import (
    Browser,
    BrowserContext,
    BrowserType,
    Page,
    expect,
    sync_playwright,
)

from bot import knowledge, pages
from browser.person import ELSEWHERE, Person, greeted, opened
from browser.service import Service

REPORTS = """
document.addEventListener('securitypolicyviolation', (event) =>
  console.error(`policy broken: ${event.violatedDirective} ${event.blockedURI}`))
"""
# The first because tests may run as root, the others so that the browser stays quiet.
CHROMIUM = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
)

expect.set_options(timeout=10_000)


def chromium() -> str:
    path = shutil.which("chromium") or shutil.which("chromium-browser")
    assert path, "the browser tests need Chromium: apt-get install chromium"
    return path


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        kind = playwright.chromium
        started = kind.launch(executable_path=chromium(), args=list(CHROMIUM))
        yield started
        started.close()


@pytest.fixture(scope="session")
def facts() -> knowledge.Knowledge:
    return knowledge.load()


@pytest.fixture(scope="session")
def served(facts: knowledge.Knowledge) -> Mapping[str, pages.Page]:
    return pages.rendered(facts)


@pytest.fixture
def service(served: Mapping[str, pages.Page]) -> Iterator[Service]:
    running = Service(served)
    yield running
    running.stop()


@dataclass
class Watch:
    """What a test must not cause, gathered while it runs.

    Attributes:
        own: addresses that belong to the test.
        broken: breaches of a policy, and scripts that failed.
        foreign: requests to anybody else.
    """

    own: list[str] = field(default_factory=list)
    broken: list[str] = field(default_factory=list)
    foreign: list[str] = field(default_factory=list)

    def over(self, context: BrowserContext) -> None:
        context.on("request", self.asked)
        context.on("console", self.said)
        context.on("weberror", self.failed)
        context.on("dialog", self.interrupted)

    def off(self, context: BrowserContext) -> None:
        context.remove_listener("request", self.asked)
        context.remove_listener("console", self.said)
        context.remove_listener("weberror", self.failed)
        context.remove_listener("dialog", self.interrupted)

    def asked(self, request: Any) -> None:
        url = request.url
        if not url.startswith((*self.own, ELSEWHERE, "blob:", "data:", "about:")):
            self.foreign.append(url)

    def said(self, message: Any) -> None:
        if "policy" in message.text.lower() or "trusted" in message.text.lower():
            self.broken.append(message.text)

    def failed(self, error: Any) -> None:
        self.broken.append(str(error.error))

    def interrupted(self, dialog: Any) -> None:
        self.broken.append(f"dialog: {dialog.message}")
        dialog.dismiss()


@pytest.fixture
def watch(service: Service) -> Iterator[Watch]:
    watching = Watch(own=[service.base])
    yield watching
    assert watching.foreign == []
    assert watching.broken == []


def made(browser: Browser, **settings: Any) -> BrowserContext:
    return prepared(browser.new_context(**settings))


@contextmanager
def watched(kind: BrowserType, profile: Path, watch: Watch) -> Iterator[BrowserContext]:
    """Run a browser that keeps its profile on disk, as people's do."""
    context = kind.launch_persistent_context(
        profile, executable_path=chromium(), args=list(CHROMIUM)
    )
    watch.over(context)
    yield prepared(context)
    context.close()


def prepared(context: BrowserContext) -> BrowserContext:
    context.set_default_timeout(10_000)
    context.add_init_script(REPORTS)
    context.route(
        f"{ELSEWHERE}**",
        lambda route: route.fulfill(
            body="<title>Weather</title><h1>Weather</h1>", content_type="text/html"
        ),
    )
    return context


@pytest.fixture
def new_context(
    browser: Browser, watch: Watch
) -> Iterator[Callable[..., BrowserContext]]:
    """Return what makes a browser of one's own, watched."""
    opened: list[BrowserContext] = []

    def make(**settings: Any) -> BrowserContext:
        context = made(browser, **settings)
        watch.over(context)
        opened.append(context)
        return context

    yield make
    for context in opened:
        context.close()


@pytest.fixture(scope="session")
def tab(browser: Browser) -> Iterator[Page]:
    """Return one tab that tests may share: a new page forgets the one before."""
    context = made(browser)
    yield context.new_page()
    context.close()


@pytest.fixture
def page(tab: Page, watch: Watch) -> Iterator[Page]:
    """Return an empty page, watched."""
    watch.over(tab.context)
    yield tab
    tab.unroute_all(behavior="ignoreErrors")
    tab.goto("about:blank")
    watch.off(tab.context)


@pytest.fixture
def person(page: Page, service: Service) -> Person:
    """Return somebody who opened the chat on the advice page."""
    return opened(page, service.base)


@pytest.fixture
def alone(page: Page, service: Service) -> Person:
    """Return somebody with the chat alone in the window."""
    page.goto(f"{service.base}/frame")
    return greeted(Person(page, page))
