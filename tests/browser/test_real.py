"""One whole conversation with the real assistant, as a person would have it."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from browser.conftest import Watch
from browser.person import ELSEWHERE, NewContext, Person, axe, opened

ROOT = Path(__file__).parents[2]
READY_S = 280
ACCOUNT = "he keeps waiting outside my work and he texts me all day, i am scared"


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Return where the real service answers."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    folder = tmp_path_factory.mktemp("service")
    command = [sys.executable, "-m", "bot", "serve", "--port", str(port)]
    with (folder / "said").open("w+") as said:
        running = subprocess.Popen(
            [*command, "--data-dir", str(folder / "var")],
            cwd=ROOT,
            env={**os.environ, "RASA_TELEMETRY_ENABLED": "false"},
            stdout=subprocess.PIPE,
            stderr=said,
            text=True,
        )
        assert running.stdout is not None
        told = []
        for line in running.stdout:
            told.append(line)
            if "is ready at" in line:
                break
        else:
            pytest.fail("".join(told) + (folder / "said").read_text()[-2000:])
        yield f"http://127.0.0.1:{port}"
        running.terminate()
        running.wait(30)


def answers(person: Person, *labels: str) -> None:
    """Press the first of these choices that is offered."""
    for label in labels:
        button = person.answer.get_by_role("button", name=label, exact=True)
        if button.count():
            person.choose(label)
            return
    pytest.fail(f"none of {labels} in: {person.answer.inner_text()}")


def test_a_person_is_heard_from_the_first_word_to_the_last(
    new_context: NewContext, address: str, watch: Watch
):
    """P11: a whole conversation asks nobody else for anything."""
    watch.own.append(address)
    tokens: list[str] = []
    page = new_context(viewport={"width": 390, "height": 844}).new_page()
    page.on(
        "response",
        lambda answer: (
            tokens.append(answer.json()["token"])
            if "/chat/session" in answer.url
            else None
        ),
    )
    person = opened(page, address)
    expect(person.answer).to_contain_text("999")

    answers(person, "Tell you what has been happening")
    person.say(ACCOUNT)
    for _ in range(12):
        if person.answer.locator("mark").count():
            break
        answers(person, "Yes, safe for now", "No, that is all for now", "Skip this")
    assert any(
        words in ACCOUNT for words in person.answer.locator("mark").all_inner_texts()
    )
    assert axe(person.chat) == []

    answers(person, "Fixated fits", "Unwanted attention fits")
    answers(person, "Show the short version")
    expect(person.answer.locator(".fc-summary")).to_contain_text("texts me all day")
    person.say("what can i do next?")
    person.say("he is outside my front door now and he is trying to get in")
    expect(person.answer.locator(".fc-danger")).to_be_in_viewport()
    assert axe(person.chat) == []

    person.chat.get_by_role("link", name="Leave this page").click()
    page.wait_for_url(ELSEWHERE)
    assert status_of(address, tokens[0]) == 401


def status_of(address: str, token: str) -> int:
    """Return how the service answers somebody with this token."""
    headers = {
        "Authorization": f"Bearer {token}",
        "Content-Type": "application/json",
        "Origin": address,
    }
    body = json.dumps({}).encode()
    call = urllib.request.Request(f"{address}/chat/end", body, headers)
    try:
        with urllib.request.urlopen(call, timeout=10) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        return error.code


def test_the_same_without_javascript(
    new_context: NewContext, address: str, watch: Watch
):
    watch.own.append(address)
    page: Page = new_context(java_script_enabled=False).new_page()
    page.goto(f"{address}/plain")
    page.get_by_role("button", name="Start").click()
    expect(page.locator(".theirs")).to_contain_text("999")
    page.get_by_role("button", name="Tell you what has been happening").click()

    page.get_by_label("Your message").fill(ACCOUNT)
    page.get_by_role("button", name="Send").click()

    expect(page.locator(".mine")).to_contain_text(ACCOUNT)
    expect(page.locator(".theirs").get_by_role("button").first).to_be_visible()


def test_every_file_is_served_with_its_headers(
    new_context: NewContext, address: str, watch: Watch
):
    """WID-2: as the running service sends them."""
    watch.own.append(address)
    request = new_context().request

    frame = request.get(f"{address}/frame").headers
    script = request.get(f"{address}/embed.js").headers

    assert "frame-ancestors 'self'" in frame["content-security-policy"]
    assert frame["cache-control"] == "no-store"
    assert frame["referrer-policy"] == "no-referrer"
    assert frame["x-content-type-options"] == "nosniff"
    assert "x-frame-options" not in frame
    assert script["content-type"].startswith("text/javascript")
    assert request.get(f"{address}/chat.mjs?x=1").ok
    assert request.get(f"{address}/../bot/settings.py").status == 404
