"""When things go wrong: words are kept, it is said plainly, one press tries again."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from browser.badline import BadLine
from browser.conftest import Watch
from browser.person import NewContext, Person, greeted
from browser.script import DANGER
from browser.service import Fault, Service, error

WORDS = "he was outside my work"


@pytest.fixture
def timed(new_context: NewContext, service: Service) -> Person:
    """Return somebody alone with the chat, whose clock can be put forward."""
    page = new_context().new_page()
    page.clock.install()
    page.goto(f"{service.base}/frame")
    return greeted(Person(page, page))


@pytest.fixture
def line(service: Service, watch: Watch) -> Iterator[BadLine]:
    carrying = BadLine(service.port)
    watch.own.append(carrying.base)
    yield carrying
    carrying.stop()


def not_sent(person: Person) -> None:
    expect(person.chat.locator(".js-failed")).to_contain_text("Not sent.")
    expect(person.chat.locator(".fc-turn--mine").last).to_contain_text(WORDS)


def test_a_slow_answer_is_said_to_be_on_its_way_once(timed: Person, service: Service):
    """F19, WID-7: after three seconds it says that it is still working."""
    service.fail("/chat/messages", Fault(wait_s=60))
    timed.send(WORDS)
    expect(timed.chat.locator(".fc-wait")).to_contain_text("Working on an answer")

    timed.page.clock.fast_forward(3000)

    expect(timed.chat.locator(".fc-wait")).to_contain_text("Still working on an answer")
    expect(timed.spoken).to_contain_text("Still working on an answer")
    timed.page.clock.fast_forward(12000)
    expect(timed.spoken).to_be_empty()


def test_after_twenty_seconds_it_says_so_and_sends_again_with_one_press(
    timed: Person, service: Service
):
    """F20, WID-7: no answer is a plain failure, and the words can be sent again."""
    service.fail("/chat/messages", Fault(wait_s=60))
    timed.send(WORDS)
    expect(timed.chat.locator(".fc-wait")).to_be_visible()

    timed.page.clock.fast_forward(20000)

    not_sent(timed)
    expect(timed.chat.locator(".js-failed")).to_contain_text("That took too long")
    timed.press("Try again")
    expect(timed.chat.locator(".fc-turn--theirs")).to_have_count(2)
    expect(timed.chat.locator(".js-failed")).to_have_count(0)
    first, second = (call.body for call in service.calls_of("/chat/messages"))
    assert first == second
    assert service.heard == [WORDS]


@pytest.mark.parametrize(
    "fault",
    [
        Fault(status=500, body="<h1>Error</h1>"),
        Fault(status=200, body={"n": 1, "messages": []}),
        Fault(status=200, body="[]"),
        Fault(status=502),
        Fault(cut=True),
    ],
    ids=[
        "a page",
        "no parts",
        "another shape",
        "nothing",
        "cut off after it was heard",
    ],
)
def test_whatever_fails_the_words_stay_and_arrive_once(
    alone: Person, service: Service, fault: Fault
):
    """F20, WID-7: cut, refused or broken, nothing is lost and nothing comes twice."""
    service.fail("/chat/messages", fault)
    alone.send(WORDS)
    not_sent(alone)

    alone.press("Try again")

    expect(alone.chat.locator(".fc-turn--theirs")).to_have_count(2)
    assert service.heard == [WORDS]


def test_danger_is_answered_even_when_the_turn_fails(alone: Person, service: Service):
    """F5: the card for danger is shown with the failure."""
    body = {**error("not_kept", "Sorry, that was not saved."), "messages": DANGER[:1]}
    service.fail("/chat/messages", Fault(status=503, body=body))

    alone.send("he is outside now")

    expect(alone.chat.locator(".fc-danger")).to_be_visible()
    expect(alone.chat.locator(".js-now")).to_be_visible()
    failed = alone.chat.locator(".js-failed")
    expect(failed).to_contain_text("Sorry, that was not saved.")
    expect(failed.get_by_role("link", name="999")).to_be_visible()


def test_a_fast_typist_is_not_told_to_wait(alone: Person, service: Service):
    """INP-6: somebody who types fast is waited for, not cut off."""
    slow_down = Fault(
        status=429, body=error("rate", "Wait."), headers={"Retry-After": "1"}
    )
    service.fail("/chat/messages", slow_down)

    alone.send(WORDS)

    expect(alone.chat.locator(".fc-turn--theirs")).to_have_count(2)
    expect(alone.chat.locator(".js-failed")).to_have_count(0)
    assert service.heard == [WORDS]


def test_a_turn_that_was_not_kept_is_said_at_once_and_not_repeated(
    alone: Person, service: Service
):
    body = error("not_kept", "Sorry, that message was not saved.")
    service.fail("/chat/messages", Fault(503, body, {"Retry-After": "1"}))

    alone.send(WORDS)

    not_sent(alone)
    assert len(service.calls_of("/chat/messages")) == 1


def test_a_service_that_starts_again_is_waited_for(alone: Person, service: Service):
    body = error("stopping", "This service is starting again.")
    service.fail("/chat/messages", Fault(503, body, {"Retry-After": "1"}))

    alone.send(WORDS)

    expect(alone.chat.locator(".fc-turn--theirs")).to_have_count(2)
    assert service.heard == [WORDS]


def test_many_messages_at_once_arrive_in_order_and_once(
    alone: Person, service: Service
):
    """F23, F24: eight messages at once arrive in order, each of them once."""
    told = [f"thing {number}" for number in range(8)]

    for words in told:
        alone.send(words)

    expect(alone.chat.locator(".fc-turn--theirs")).to_have_count(9)
    assert service.heard == told
    numbers = [call.body["n"] for call in service.calls_of("/chat/messages")]
    assert numbers == list(range(1, 9))


def test_a_new_message_takes_one_that_was_lost_along(alone: Person, service: Service):
    service.fail("/chat/messages", Fault(cut=True))
    alone.send("first")
    expect(alone.chat.locator(".js-failed")).to_be_visible()

    alone.send("second")

    expect(alone.chat.locator(".fc-turn--theirs")).to_have_count(3)
    assert service.heard == ["first", "second"]


def test_a_message_that_fails_over_there_does_not_hold_up_the_next(
    alone: Person, service: Service
):
    service.fail("/chat/messages", Fault(status=500), Fault(), Fault(status=500))
    alone.send("first")
    alone.send("second")
    expect(alone.chat.locator(".fc-turn--theirs")).to_have_count(2)

    alone.press("Try again")
    expect(alone.chat.locator(".js-failed")).to_have_count(1)
    alone.press("Try again")

    expect(alone.chat.locator(".fc-turn--theirs")).to_have_count(3)
    assert service.heard == ["second", "first"]


@pytest.mark.parametrize("seconds", [5, 60, 600])
def test_a_message_is_sent_once_when_the_connection_is_back(
    timed: Person, service: Service, seconds: int
):
    """F21: offline the words stay on the screen; back online they go out once."""
    person, context = timed, timed.page.context
    context.set_offline(True)
    person.send(WORDS)
    not_sent(person)
    expect(person.chat.locator(".js-failed")).to_contain_text("You are offline")
    person.page.clock.fast_forward(seconds * 1000)
    not_sent(person)

    context.set_offline(False)

    expect(person.chat.locator(".fc-turn--theirs")).to_have_count(2)
    assert service.heard == [WORDS]


def test_turns_complete_on_a_slow_line_that_loses_packets(
    page: Page, service: Service, line: BadLine
):
    """F19: 300 ms late, 20 kbit/s and one packet in twenty lost; it says it works."""
    page.goto(f"{line.base}/frame")
    person = greeted(Person(page, page))
    line.is_bad = True

    person.send(WORDS)
    expect(person.chat.locator(".fc-wait")).to_contain_text("Still working")
    expect(person.chat.locator(".fc-turn--theirs")).to_have_count(2)
    for more in ("and again", "and again today"):
        person.say(more)

    expect(person.chat.locator(".js-failed")).to_have_count(0)
    assert service.heard == [WORDS, "and again", "and again today"]


def test_a_double_click_presses_once(alone: Person, service: Service):
    """F22: one press is one message."""
    alone.chat.get_by_role("button", name="Find support").dblclick()
    expect(alone.chat.locator(".fc-turn--theirs")).to_have_count(2)
    alone.write(WORDS)
    alone.chat.get_by_role("button", name="Send").dblclick()
    expect(alone.chat.locator(".fc-turn--theirs")).to_have_count(3)

    assert service.heard == ["services", WORDS]


def test_an_ended_chat_gives_the_words_back_and_starts_again(
    alone: Person, service: Service
):
    service.open.clear()
    alone.send(WORDS)
    expect(alone.chat.locator(".js-notice")).to_contain_text("This chat has ended")
    expect(alone.chat.get_by_label("Your message")).to_have_value(WORDS)

    alone.press("Start a new chat")

    expect(alone.chat.locator(".fc-turn--theirs")).to_have_count(1)
    expect(alone.chat.get_by_label("Your message")).to_have_value(WORDS)
    alone.press("Send")
    expect(alone.chat.locator(".fc-turn--theirs")).to_have_count(2)
    assert service.heard == [WORDS]


def test_everything_that_was_not_sent_comes_back_in_order(
    alone: Person, service: Service
):
    service.fail("/chat/messages", Fault(cut=True))
    alone.send("first")
    expect(alone.chat.locator(".js-failed")).to_be_visible()
    service.open.clear()

    alone.send("second")

    expect(alone.chat.locator(".js-notice")).to_contain_text("This chat has ended")
    expect(alone.chat.get_by_label("Your message")).to_have_value("first\n\nsecond")
    expect(alone.chat.locator(".js-failed")).to_have_count(0)


def test_words_that_are_refused_come_back_with_the_reason(
    alone: Person, service: Service
):
    refusal = error("too_long", "That message is too long. Please send it in parts.")
    service.fail("/chat/messages", Fault(status=422, body=refusal))

    alone.send(WORDS)

    expect(alone.chat.locator(".js-failed")).to_contain_text("Please send it in parts")
    expect(alone.chat.get_by_label("Your message")).to_have_value(WORDS)
    alone.press("Send")
    expect(alone.chat.locator(".fc-turn--theirs")).to_have_count(2)


def test_a_choice_from_an_earlier_step_is_explained(alone: Person, service: Service):
    stale = error("choice", "That choice is from an earlier step.")
    service.fail("/chat/messages", Fault(status=409, body=stale))

    alone.press("Find support")

    expect(alone.chat.locator(".js-failed")).to_contain_text("from an earlier step")
    alone.say(WORDS)
    assert service.heard == [WORDS]


def test_numbers_that_have_slipped_are_put_right(alone: Person, service: Service):
    alone.say("one")
    for chat in service.open.values():
        chat["n"] = 5

    alone.say("two")

    assert service.heard == ["one", "two"]


def test_a_service_that_is_down_leaves_the_numbers_and_a_way_to_try_again(
    page: Page, service: Service
):
    busy = error("full", "A lot of people are here right now.")
    service.fail("/chat/session", Fault(status=503, body=busy), Fault(cut=True))
    page.goto(f"{service.base}/frame")
    person = Person(page, page)
    notice = person.chat.locator(".js-notice")
    expect(notice).to_contain_text("A lot of people are here right now.")
    expect(notice.get_by_role("link", name="999")).to_be_visible()

    person.press("Try again")
    expect(notice).to_contain_text("The chat cannot open right now")
    person.press("Try again")

    greeted(person)
    expect(notice).to_be_hidden()


def test_what_is_written_before_the_chat_is_open_waits_for_it(
    page: Page, service: Service
):
    service.fail("/chat/session", Fault(status=500))
    page.goto(f"{service.base}/frame")
    person = Person(page, page)
    person.send(WORDS)

    person.press("Try again")

    expect(person.chat.locator(".fc-turn--theirs")).to_have_count(2)
    assert service.heard == [WORDS]


def test_a_page_says_when_the_chat_has_not_come(
    new_context: NewContext, service: Service
):
    page = new_context().new_page()
    page.clock.install()
    page.route("**/frame.mjs", lambda route: None)
    page.goto(service.base)
    page.get_by_role("button", name="Get advice").click()

    page.clock.fast_forward(8000)

    expect(
        page.get_by_text("The numbers on this page work without it.")
    ).to_be_visible()
    page.unroute_all(behavior="ignoreErrors")


def test_silence_is_warned_about_and_can_be_ended(timed: Person, service: Service):
    timed.page.clock.fast_forward((service.idle_s - 120) * 1000)
    notice = timed.chat.locator(".js-notice")
    expect(notice).to_contain_text("This chat will be deleted in 2 minutes")

    timed.press("Keep it open")

    expect(notice).to_be_hidden()
    timed.page.clock.fast_forward((service.idle_s - 121) * 1000)
    expect(notice).to_be_hidden()
    timed.say(WORDS)


def test_after_too_long_a_silence_nothing_is_left_on_the_screen(
    timed: Person, service: Service
):
    timed.say(WORDS)
    timed.page.clock.fast_forward((service.idle_s - 120) * 1000)
    expect(timed.chat.locator(".js-notice")).to_contain_text("in 2 minutes")

    timed.page.clock.fast_forward(120_000)

    expect(timed.chat.locator(".js-notice")).to_contain_text(
        "nothing was written for a while"
    )
    expect(timed.chat.locator("body")).not_to_contain_text(WORDS)
