"""What stays behind: nothing on the device but what the person took."""

from __future__ import annotations

import json
import os
import shutil
import signal
import sqlite3
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from browser.conftest import Watch, watched
from browser.person import ELSEWHERE, NewContext, Person, frame_of, greeted, opened
from browser.service import Fault, Service

CANARY = "zebra marmalade"
STORES = """async () => [
  localStorage.length, sessionStorage.length, document.cookie,
  (await indexedDB.databases()).length, (await caches.keys()).length,
  (await navigator.serviceWorker.getRegistrations()).length,
]"""
EMPTY = [0, 0, "", 0, 0, 0]


def kept(profile: Path, *secrets: str) -> list[str]:
    """Return the names of the files of a browser's profile that hold a secret."""
    files = [path for path in profile.rglob("*") if path.is_file()]
    return [
        path.name
        for path in files
        for secret in secrets
        if secret.encode() in path.read_bytes()
        or secret.encode("utf-16-le") in path.read_bytes()
    ]


def test_nothing_is_stored_while_somebody_talks(person: Person):
    """P6, WID-4: no storage of the browser holds anything, in the frame or around it."""
    person.say(CANARY)

    assert person.page.evaluate(STORES) == EMPTY
    assert person.chat.evaluate(STORES) == EMPTY


def test_a_browser_profile_keeps_no_word_and_no_token_after_leaving(
    browser: Browser, service: Service, watch: Watch, tmp_path: Path
):
    """P6: no file of the profile holds a word or the token, and history only the page."""
    with watched(browser.browser_type, tmp_path, watch) as context:
        person = opened(context.pages[0], service.base)
        person.say(CANARY)
        person.say("summary")
        [token] = service.open
        person.chat.get_by_role("link", name="Leave this page").click()
        person.page.wait_for_url(f"{ELSEWHERE}**")

    assert kept(tmp_path, CANARY, token) == []
    copied = shutil.copy(tmp_path / "Default" / "History", tmp_path / "copy")
    with sqlite3.connect(copied) as history:
        urls = {url for (url,) in history.execute("SELECT url FROM urls")}
    assert urls <= {"about:blank", f"{service.base}/", ELSEWHERE}


def test_a_reload_starts_clean_and_says_so(person: Person, service: Service):
    """P7: the words do not come back with the page."""
    person.say(CANARY)

    person.page.reload()
    person.page.get_by_role("button", name="Get advice").click()

    again = greeted(Person(person.page, frame_of(person.page)))
    expect(again.chat.locator("body")).to_contain_text("so this is a new chat")
    expect(again.chat.locator("body")).not_to_contain_text(CANARY)


def test_going_away_without_leaving_ends_the_chat_too(person: Person, service: Service):
    """P7: Back shows the page without the chat, which has ended."""
    person.say(CANARY)

    person.page.goto("about:blank")
    person.page.go_back()

    expect(person.page.get_by_role("button", name="Get advice")).to_be_visible()
    assert CANARY not in person.page.content()
    assert service.all_ended()


def test_a_browser_that_is_killed_leaves_nothing_to_restore(
    browser: Browser, service: Service, watch: Watch, tmp_path: Path
):
    """P7: after a crash the profile holds no word and no token; the chat is new."""
    with watched(browser.browser_type, tmp_path, watch) as context:
        opened(context.pages[0], service.base).say(CANARY)
        [token] = service.open
        # The lock of a profile names the process that holds it.
        process = int((tmp_path / "SingletonLock").readlink().name.rpartition("-")[2])
        with context.expect_event("close"):
            os.kill(process, signal.SIGKILL)

    assert kept(tmp_path, CANARY, token) == []
    with watched(browser.browser_type, tmp_path, watch) as context:
        again = opened(context.pages[0], service.base)
        expect(again.chat.locator("body")).not_to_contain_text(CANARY)


def test_a_tab_that_was_closed_is_opened_again_empty(
    new_context: NewContext, service: Service
):
    """P7: closing the tab ends the chat; the same address opens a new one."""
    context = new_context()
    person = opened(context.new_page(), service.base)
    person.say(CANARY)

    person.page.close()

    assert service.all_ended()
    again = opened(context.new_page(), service.base)
    expect(again.chat.locator("body")).not_to_contain_text(CANARY)


def test_a_duplicate_of_the_tab_is_empty(new_context: NewContext, service: Service):
    """P7: a tab that takes over this one's session storage takes over no chat."""
    context = new_context()
    person = opened(context.new_page(), service.base)
    person.say(CANARY)

    with context.expect_page() as duplicate:
        person.page.evaluate("() => void window.open(location.href)")

    duplicate.value.get_by_role("button", name="Get advice").click()
    again = greeted(Person(duplicate.value, frame_of(duplicate.value)))
    expect(again.chat.locator("body")).not_to_contain_text(CANARY)
    assert duplicate.value.evaluate(STORES) == EMPTY
    assert len(service.open) == 2


def test_back_forward_and_reload_after_leaving_show_nothing(
    person: Person, service: Service
):
    """P7: the page that was left is not in the tab's history any more."""
    person.say(CANARY)
    person.chat.get_by_role("link", name="Leave this page").click()
    person.page.wait_for_url(ELSEWHERE)

    for move in (person.page.reload, person.page.go_back, person.page.go_forward):
        move()
        assert CANARY not in person.page.content()
        assert service.base not in person.page.url

    assert service.all_ended()


def test_a_page_brought_back_from_memory_is_empty(alone: Person, service: Service):
    """P7, WID-5: what the browser kept alive is emptied before it is seen."""
    alone.say(CANARY)

    alone.chat.evaluate("window.dispatchEvent(new PageTransitionEvent('pagehide'))")
    expect(alone.chat.locator("body")).not_to_contain_text(CANARY)
    alone.chat.evaluate(
        "window.dispatchEvent(new PageTransitionEvent('pageshow', {persisted: true}))"
    )

    greeted(alone)
    assert len(service.open) == 1


def test_two_tabs_know_nothing_of_each_other(new_context: NewContext, service: Service):
    """P7: a second tab is a second conversation."""
    context = new_context()
    first = opened(context.new_page(), service.base)
    first.say(CANARY)

    second = opened(context.new_page(), service.base)

    expect(second.chat.locator("body")).not_to_contain_text(CANARY)
    assert len(service.open) == 2


def test_the_tab_mode_keeps_a_token_and_no_word(page: Page, service: Service):
    """P7, WID-4: tab mode keeps the token for its tab, and no word."""
    page.goto(f"{service.base}/frame#tab")
    person = greeted(Person(page, page))
    person.say(CANARY)
    [token] = service.open
    assert page.evaluate("Object.values(sessionStorage)") == [token]

    page.reload()

    person = greeted(Person(page, page))
    expect(page.locator("body")).to_contain_text("You are back in the same chat")
    expect(page.locator("body")).not_to_contain_text(CANARY)
    person.say("more")
    assert service.heard == [CANARY, "more"]
    page.get_by_role("link", name="Leave this page").click()
    page.wait_for_url(f"{ELSEWHERE}**")
    assert service.all_ended()
    page.goto(service.base)
    assert page.evaluate("sessionStorage.length") == 0


def test_everything_can_be_deleted_and_it_is_seen_to_happen(
    alone: Person, service: Service
):
    """P12: the conversation ends over there and the screen says so."""
    alone.say(CANARY)
    alone.press("Delete everything")
    expect(alone.chat.locator(".js-notice")).to_contain_text("You cannot get it back")

    alone.press("Yes, delete it now")

    expect(alone.chat.locator(".js-notice")).to_contain_text("has been deleted")
    expect(alone.chat.locator("body")).not_to_contain_text(CANARY)
    assert service.all_ended()
    alone.press("Start a new chat")
    greeted(alone)


def test_what_could_not_be_deleted_is_not_said_to_be(alone: Person, service: Service):
    """P12: a failure is told, and deleting can be tried again."""
    alone.say(CANARY)
    service.fail("/chat/end", Fault(status=500))
    alone.press("Delete everything")
    alone.press("Yes, delete it now")
    expect(alone.chat.locator(".js-notice")).to_contain_text("could not delete it yet")

    alone.press("Try again")

    expect(alone.chat.locator(".js-notice")).to_contain_text("has been deleted")
    assert service.all_ended()


@pytest.fixture
def summed(new_context: NewContext, service: Service) -> Person:
    """Return somebody who is looking at the short version, with its copies open."""
    context = new_context()
    context.add_init_script(
        "window.print = () => { window.top.document.documentElement.dataset.printed = "
        "JSON.stringify([document.title, document.body.innerText, "
        "document.styleSheets.length]) }"
    )
    page = context.new_page()
    page.goto(f"{service.base}/frame")
    person = greeted(Person(page, page))
    person.say("Darren was outside my work again")
    person.say("summary")
    person.answer.get_by_text("Take a copy").click()
    return person


SUMMARY = """What you have told me

What happened
- 1. Darren was outside my work again
- 2. 40 texts a day

How often
- More than once

How it made you feel
- Scared

Using this chat is not the same as reporting. Police have not been told.
"""


def test_a_copy_is_warned_about_before_it_is_offered(alone: Person):
    """P10, PRV-4: that a saved file stays is said first."""
    alone.say("summary")
    expect(alone.chat.get_by_role("button", name="Save as a text file")).to_be_hidden()

    alone.answer.get_by_text("Take a copy").click()

    warning = alone.answer.get_by_text("A saved file stays in your downloads")
    expect(warning).to_be_visible()


def test_the_summary_is_saved_under_a_neutral_name(summed: Person):
    """P10: the file holds the confirmed answers and nothing else."""
    with summed.page.expect_download() as download:
        summed.press("Save as a text file")

    assert download.value.suggested_filename == "notes.txt"
    assert Path(download.value.path()).read_text(encoding="utf-8") == SUMMARY


def test_the_summary_is_copied_as_plain_words(summed: Person):
    """P10: what is pasted is what was shown."""
    summed.press("Copy the words")

    expect(summed.answer).to_contain_text("Copied.")
    box = summed.chat.get_by_label("Your message")
    box.focus()
    summed.page.keyboard.press("Control+V")
    expect(box).to_have_value(SUMMARY.strip())


def test_the_summary_is_printed_alone_and_under_a_neutral_name(summed: Person):
    """P10: the print-out has the summary and a title that tells nothing."""
    summed.press("Print")

    # Waiting for an expression would need the page's policy to allow eval.
    printed = summed.page.locator("html[data-printed]").get_attribute("data-printed")
    title, words, styles = json.loads(printed)
    assert title == "Notes"
    assert words.startswith("What you have told me")
    assert words.strip().endswith("Police have not been told.")
    assert "outside my work" in words
    assert styles == 1


def test_printing_the_page_around_prints_no_chat(person: Person):
    """P10: a print-out of the website does not hold the chat."""
    person.say(CANARY)

    person.page.emulate_media(media="print")

    expect(person.page.locator("iframe")).to_be_hidden()
    person.page.emulate_media(media="screen")
