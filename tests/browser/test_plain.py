"""The same conversation with JavaScript off, in front of the real channel."""

from __future__ import annotations

import http.client
import re
import time
from collections.abc import Iterator
from urllib.parse import urlencode

import pytest
from playwright.sync_api import Page, expect
from toy.house import KEY
from toy.server import Server

from bot import knowledge
from bot.pages import english, environment, render
from bot.plain import PlainChat, Shown, Ticket
from bot.refusals import help_contacts
from bot.session import ServerKey, looks_like_token
from browser.conftest import Watch
from browser.person import ELSEWHERE, NewContext, axe
from browser.script import (
    DANGER,
    FOUR,
    GREETING,
    HANDOFF,
    HOSTILE,
    OFFENCES,
    SERVICES,
    SUMMARY,
)

FACTS = knowledge.load()
TICKET = re.compile(r'name="ticket" value="([^"]+)"')


class PlainServer(Server):
    """The toy assistant with the page for browsers without JavaScript."""

    def _serve(self):
        templates, contacts = environment(FACTS), help_contacts(FACTS)
        keys = [ServerKey.from_text(KEY)]
        self.app.blueprint(PlainChat(self.toy, templates, contacts, keys).blueprint())
        super()._serve()

    def post(self, fields, origin=None, sort="application/x-www-form-urlencoded"):
        """Send a form; return the status and the page."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        headers = {"Origin": origin or self.origin, "Content-Type": sort}
        connection.request("POST", "/plain", urlencode(fields), headers)
        answer = connection.getresponse()
        text = answer.read().decode()
        connection.close()
        return answer.status, text

    def begun(self):
        """Start a chat; return the ticket of its first page."""
        status, text = self.post({"start": "1"})
        assert status == 200
        return TICKET.search(text)[1]


@pytest.fixture(scope="module")
def toy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PlainServer]:
    running = PlainServer(tmp_path_factory.mktemp("toy"))
    yield running
    running.stop()


@pytest.fixture
def plain(new_context: NewContext, toy: PlainServer, watch: Watch) -> Page:
    """Return the page as a browser without JavaScript shows it."""
    watch.own.append(toy.origin)
    page = new_context(java_script_enabled=False).new_page()
    page.goto(f"{toy.origin}/plain")
    return page


def press(page: Page, label: str) -> None:
    page.get_by_role("button", name=label, exact=True).first.click()


def send(page: Page, words: str) -> None:
    page.get_by_label("Your message").fill(words)
    press(page, "Send")


def test_a_conversation_without_javascript(plain: Page, toy: PlainServer):
    press(plain, "Start")
    expect(plain.locator(".theirs")).to_contain_text("Welcome.")

    press(plain, "First door")
    expect(plain.locator(".mine")).to_contain_text("First door")
    expect(plain.locator(".theirs")).to_contain_text("You picked first.")
    send(plain, "note")
    expect(plain.locator(".mine")).to_contain_text("note")
    expect(plain.locator(".theirs")).to_contain_text("1: note")
    send(plain, "pick")
    press(plain, "Third door")
    expect(plain.locator(".theirs")).to_contain_text("You picked third.")

    assert plain.url == f"{toy.origin}/plain"


def test_numbers_and_the_limits_of_leaving_come_before_the_start(plain: Page):
    expect(plain.get_by_role("link", name="999").first).to_be_visible()
    expect(plain.locator(".help")).to_contain_text("press 55")
    expect(plain.locator("main")).to_contain_text("does not clear your browser history")


def test_the_way_out_is_the_first_stop(plain: Page):
    plain.keyboard.press("Tab")
    plain.keyboard.press("Enter")

    plain.wait_for_url(ELSEWHERE)


def test_everything_is_deleted_before_one_is_taken_away(plain: Page, toy: PlainServer):
    """P8, P12: leaving the page without JavaScript erases first."""
    press(plain, "Start")
    ticket = TICKET.search(plain.content())[1]

    press(plain, "Delete everything and leave")

    plain.wait_for_url(ELSEWHERE)
    status, text = toy.post({"ticket": ticket, "text": "note", "send": "1"})
    assert status == 401
    assert "This chat has ended." in text


def test_too_long_an_account_is_kept_and_the_reason_told(plain: Page):
    press(plain, "Start")
    words = "a" * 4001

    send(plain, words)

    expect(plain.locator(".problem")).to_contain_text("Please send it in parts")
    expect(plain.get_by_label("Your message")).to_have_value(words)
    send(plain, "note")
    expect(plain.locator(".theirs")).to_contain_text("1: note")


def test_a_message_that_fails_is_kept_with_who_can_help(plain: Page):
    press(plain, "Start")

    send(plain, "fail")

    expect(plain.locator(".problem")).to_contain_text("Please send it again")
    expect(plain.locator(".problem")).to_contain_text("999")
    expect(plain.get_by_label("Your message")).to_have_value("fail")


def test_words_outlive_the_chat_they_were_written_in(plain: Page, toy: PlainServer):
    press(plain, "Start")
    clock, toy.toy.clock = toy.toy.clock, lambda: time.time() + 601

    send(plain, "note")

    expect(plain.locator(".problem")).to_contain_text("This chat has ended")
    toy.toy.clock = clock
    press(plain, "Start a new chat")
    expect(plain.get_by_label("Your message")).to_have_value("note")


def test_danger_cannot_be_missed(plain: Page):
    press(plain, "Start")

    send(plain, "warn")

    expect(plain.locator(".part.danger")).to_be_visible()
    expect(plain.locator(".top")).to_contain_text("In danger now? Call 999")


def test_the_persons_own_words_are_on_every_page_and_never_open_in_one(
    plain: Page, toy: PlainServer
):
    press(plain, "Start")
    send(plain, "note by Dave Platt")
    expect(plain.locator(".theirs")).to_contain_text("1: note by Dave Platt")

    send(plain, "note by Jo and dave platt")

    expect(plain.locator(".theirs")).to_contain_text("2: note by Jo and Dave Platt")
    assert "Platt" not in plain.locator("input[name=ticket]").input_value()


def test_more_words_than_a_page_can_carry_are_shown_as_tokens(toy: PlainServer):
    ticket = toy.begun()
    long = f"note by Dave {'x' * 3000}@example.com"
    longer = f"note by {'y' * 3500}@example.com"

    _, first = toy.post({"ticket": ticket, "text": long, "send": "1"})
    form = {"ticket": TICKET.search(first)[1], "text": longer, "send": "1"}
    _, second = toy.post(form)

    assert "1: note by Dave xxx" in first
    assert "Words in brackets" not in first
    assert "2: note by yyy" in second
    form = {"ticket": TICKET.search(second)[1], "text": long, "send": "1"}
    status, third = toy.post(form)
    assert status == 200
    assert "3: note by Dave xxx" in third


def test_tokens_that_a_page_has_no_words_for_are_explained(
    page: Page, toy: PlainServer, watch: Watch
):
    watch.own.append(toy.origin)
    shown(page, SUMMARY)

    page.goto(f"{toy.origin}/plain")

    expect(page.locator(".theirs")).to_contain_text("Words in brackets, like [name-1]")


def test_the_same_form_twice_is_one_message(toy: PlainServer):
    """F22: the answer is the same, and it is heard once."""
    form = {"ticket": toy.begun(), "text": "note", "send": "1"}

    answers = [toy.post(form)[1] for _ in range(2)]

    assert all("1: note" in answer for answer in answers)


def test_an_old_page_cannot_overwrite_what_came_after(toy: PlainServer):
    """F24: a page from before is told to go on from now."""
    ticket = toy.begun()
    toy.post({"ticket": ticket, "text": "note", "send": "1"})

    status, text = toy.post({"ticket": ticket, "text": "note again", "send": "1"})

    assert status == 409
    assert "note again" in text
    form = {"ticket": TICKET.search(text)[1], "text": "note", "send": "1"}
    assert "2: note" in toy.post(form)[1]


def test_a_ticket_is_no_token_and_a_token_is_no_ticket(toy: PlainServer):
    """S2: neither opens the other's door."""
    ticket = toy.begun()
    token, _ = toy.begin()

    assert not looks_like_token(ticket)
    assert toy.call("POST", "/chat/end", {}, ticket)[0] == 401
    assert toy.post({"ticket": token, "text": "note", "send": "1"})[0] == 401


@pytest.mark.parametrize(
    ("fields", "how", "status"),
    [
        ({"start": "1"}, {"origin": "https://evil.example"}, 403),
        ({"start": "1"}, {"origin": "null"}, 403),
        ({"start": "1"}, {"sort": "application/json"}, 415),
        ({"start": "1", "token": "x"}, {}, 400),
        ([("start", "1"), ("start", "2")], {}, 400),
        ([(f"x{n}", "") for n in range(20)], {}, 400),
        ({"ticket": "x", "send": "1"}, {}, 401),
        ({"ticket": "\N{SNOWMAN}", "send": "1"}, {}, 401),
        ({"text": "x" * 70_000}, {}, 413),
    ],
)
def test_odd_forms_are_refused_on_a_page_with_numbers(
    toy: PlainServer, fields: object, how: dict[str, str], status: int
):
    """S3, I6, I9: refused, with who can help."""
    answered, text = toy.post(fields, **how)

    assert answered == status
    if status != 413:  # the server refuses that one before any page of ours
        assert 'href="tel:999"' in text


def test_a_forged_choice_is_refused(toy: PlainServer):
    """I8: the conversation stays where it was."""
    ticket = toy.begun()

    for choice in ("made-up Label", "/restart", ""):
        status, _ = toy.post({"ticket": ticket, "choice": choice})
        assert status == 409


EVERYTHING = (*GREETING, *DANGER, *FOUR, *OFFENCES, *SERVICES, *HANDOFF, *SUMMARY)


def shown(page: Page, messages: object) -> None:
    """Show parts as the page without JavaScript does."""
    shown = Shown(Ticket("t", 1, "x"), "hello", messages)
    text = render(
        environment(FACTS), "plain.html", english(), shown=shown, ticket="x", minutes=10
    )
    page.route(
        "**/plain", lambda route: route.fulfill(body=text, content_type="text/html")
    )


def test_axe_finds_nothing_on_it(page: Page, toy: PlainServer, watch: Watch):
    watch.own.append(toy.origin)
    shown(page, EVERYTHING)
    page.goto(f"{toy.origin}/plain")

    found = []
    for width in (320, 768, 1280):
        page.set_viewport_size({"width": width, "height": 800})
        found += axe(page)
        assert page.evaluate("document.documentElement.scrollWidth") <= width
    page.emulate_media(forced_colors="active")
    found += axe(page)
    page.emulate_media(forced_colors="none")
    page.set_viewport_size({"width": 1280, "height": 720})

    assert found == []


def test_every_choice_is_a_button_and_every_link_goes_where_it_may(
    page: Page, toy: PlainServer, watch: Watch
):
    watch.own.append(toy.origin)
    shown(page, [*EVERYTHING, *HOSTILE])

    page.goto(f"{toy.origin}/plain")

    expect(page.get_by_role("button", name="That does not fit")).to_have_count(2)
    expect(page.get_by_role("link", name="Report stalking")).to_be_visible()
    expect(
        page.locator("img, script, [href^='javascript'], [href^='data']")
    ).to_have_count(0)
