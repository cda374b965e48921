"""Everybody can use it: axe on every state, and what axe cannot see."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from browser.person import Person, axe, frame_of, greeted
from browser.service import Fault, Service, error

SIZES = [(320, 568), (768, 1024), (1280, 800)]
MORE_THAN_IS_SEEN = "el => el.scrollWidth > el.clientWidth + 1"
WIDER_THAN_THE_WINDOW = "() => document.documentElement.scrollWidth > window.innerWidth"
TARGETS = """() => [...document.querySelectorAll(
  'button, summary, textarea, .js-leave, .fc-way, .fc-numbers a')]
  .filter((el) => el.checkVisibility() && !el.closest('.fc-facts'))
  .map((el) => [el.textContent.trim() || el.className, el.getBoundingClientRect()])
  .filter(([, box]) => box.height < 44 || box.width < 24)
  .map(([name, box]) => `${name}: ${box.width} x ${box.height}`)"""


def greeting(person: Person, service: Service) -> None:
    expect(person.answer).to_be_visible()


def every_part(person: Person, service: Service) -> None:
    for words in ("danger", "four", "offences", "services", "report", "summary"):
        person.say(words)
    for closed in person.chat.locator(".fc-turns summary").all():
        closed.click()


def the_numbers(person: Person, service: Service) -> None:
    person.chat.get_by_text("Help now", exact=True).click()


def waiting(person: Person, service: Service) -> None:
    service.fail("/chat/messages", Fault(wait_s=60))
    person.send("hello")
    expect(person.chat.locator(".fc-wait")).to_be_visible()


def failed(person: Person, service: Service) -> None:
    body = error("not_kept", "Sorry, that message was not saved.")
    service.fail("/chat/messages", Fault(status=503, body=body))
    person.send("hello")
    expect(person.chat.locator(".js-failed")).to_be_visible()


def ended(person: Person, service: Service) -> None:
    service.open.clear()
    person.send("hello")
    expect(person.chat.locator(".js-notice")).to_be_visible()


def too_long(person: Person, service: Service) -> None:
    person.write("a " * 2100)
    person.page.keyboard.press("Shift")
    expect(person.chat.locator(".js-keys")).to_be_visible()


STATES = [greeting, every_part, the_numbers, waiting, failed, ended, too_long]
State = Callable[[Person, Service], None]
every_state = pytest.mark.parametrize("state", STATES, ids=lambda state: state.__name__)


@pytest.fixture
def page(page: Page):
    """Return the shared page, put back to how the next test expects it."""
    yield page
    page.emulate_media(
        color_scheme="light", forced_colors="none", reduced_motion="no-preference"
    )
    page.set_viewport_size({"width": 1280, "height": 720})


def too_wide(person: Person) -> list[str]:
    names = ("html", ".fc", ".js-log", ".fc-top", ".js-form")
    return [n for n in names if person.chat.locator(n).evaluate(MORE_THAN_IS_SEEN)]


@every_state
def test_axe_finds_nothing(alone: Person, service: Service, state: State):
    state(alone, service)

    found = []
    for width, height in SIZES:
        alone.page.set_viewport_size({"width": width, "height": height})
        found += axe(alone.chat)
    alone.page.emulate_media(color_scheme="dark")
    found += axe(alone.chat)
    alone.page.emulate_media(forced_colors="active")
    found += axe(alone.chat)

    assert found == []


@every_state
def test_it_fits_and_can_be_pressed_small_magnified_and_in_large_letters(
    alone: Person, service: Service, state: State
):
    state(alone, service)
    leave = alone.chat.get_by_role("link", name="Leave this page")

    for width, height, letters in [(320, 568, 100), (320, 180, 100), (440, 700, 200)]:
        alone.page.set_viewport_size({"width": width, "height": height})
        alone.chat.evaluate(f"document.documentElement.style.fontSize = '{letters}%'")
        assert too_wide(alone) == []
        expect(leave).to_be_in_viewport(ratio=1)
        assert alone.chat.evaluate(TARGETS) == []


@pytest.mark.parametrize(("width", "height"), [(390, 844), (320, 180)])
def test_focus_is_never_hidden(
    alone: Person, service: Service, width: int, height: int
):
    every_part(alone, service)
    alone.page.set_viewport_size({"width": width, "height": height})
    alone.chat.locator("h1").focus()

    hidden = []
    for _ in range(60):
        alone.page.keyboard.press("Tab")
        seen = alone.chat.evaluate(
            """() => {
              const el = document.activeElement
              if (el === document.body) return 'end'
              const box = el.getBoundingClientRect()
              const x = Math.min(Math.max(box.x + box.width / 2, 1), innerWidth - 2)
              const middle = box.y + Math.min(box.height / 2, 20)
              const y = Math.min(Math.max(middle, 1), innerHeight - 2)
              const top = document.elementFromPoint(x, y)
              return el.contains(top) || top?.contains(el) ? '' : el.outerHTML.slice(0, 80)
            }"""
        )
        if seen == "end":
            break
        hidden += [seen] if seen else []

    assert hidden == []


def test_the_numbers_give_way_when_focus_moves_on(alone: Person, service: Service):
    the_numbers(alone, service)

    alone.chat.get_by_label("Your message").focus()

    expect(alone.chat.locator(".fc-help-inside")).to_be_hidden()


def test_nothing_moves_for_those_who_ask_for_that(alone: Person, service: Service):
    alone.page.emulate_media(reduced_motion="reduce")

    waiting(alone, service)

    dot = alone.chat.locator(".fc-dots i").first
    expect(dot).to_have_css("animation-name", "none")


def test_large_letters_leave_room_to_read(alone: Person, service: Service):
    alone.page.set_viewport_size({"width": 440, "height": 700})
    alone.chat.evaluate("document.documentElement.style.fontSize = '200%'")

    alone.say("danger")

    number = alone.answer.get_by_role("link", name="999", exact=True)
    expect(number).to_be_in_viewport(ratio=1)
    top = alone.chat.locator(".fc-top").bounding_box()
    card = alone.answer.locator(".fc-danger").bounding_box()
    assert top is not None
    assert card is not None
    assert top["y"] + top["height"] <= card["y"]


def test_a_number_is_never_turned_round(alone: Person, service: Service):
    alone.chat.evaluate("document.documentElement.dir = 'rtl'")

    alone.say("services")

    number = alone.answer.get_by_role("link", name="0808 802 0300")
    expect(number).to_have_css("direction", "ltr")
    expect(number).to_have_css("unicode-bidi", "isolate")


def test_it_can_be_read_from_right_to_left(alone: Person, service: Service):
    alone.chat.evaluate("document.documentElement.dir = 'rtl'")
    every_part(alone, service)
    alone.page.set_viewport_size({"width": 390, "height": 844})

    assert too_wide(alone) == []
    leave = alone.chat.get_by_role("link", name="Leave this page").bounding_box()
    assert leave is not None
    assert leave["x"] < 100


def test_the_advice_page_is_as_good(page: Page, service: Service):
    page.goto(service.base)
    page.get_by_text("If you cannot speak").first.click()

    found = []
    for width, height in SIZES:
        page.set_viewport_size({"width": width, "height": height})
        found += axe(page)
        assert not page.evaluate(WIDER_THAN_THE_WINDOW)
    page.emulate_media(color_scheme="dark")
    found += axe(page)
    page.emulate_media(forced_colors="active")
    found += axe(page)

    assert found == []


def test_the_advice_page_helps_when_the_chat_is_down(page: Page, service: Service):
    page.route("**/embed.js", lambda route: route.abort())
    page.goto(service.base)

    expect(page.get_by_role("link", name="999", exact=True).first).to_be_visible()
    expect(page.get_by_role("link", name="101", exact=True).first).to_be_visible()
    expect(page.get_by_role("heading", name="Fixated")).to_be_visible()
    expect(
        page.get_by_role("heading", name="National Stalking Helpline")
    ).to_be_visible()
    page.locator("a.leave").click()
    page.wait_for_url("https://www.bbc.co.uk/weather")


def test_the_first_stop_on_the_advice_page_is_the_way_out(page: Page, service: Service):
    page.goto(service.base)

    page.keyboard.press("Tab")
    expect(page.locator("a.skip").first).to_be_focused()
    page.keyboard.press("Enter")

    page.wait_for_url("https://www.bbc.co.uk/weather")


def test_the_launcher_says_if_the_chat_is_open(page: Page, service: Service):
    page.goto(service.base)
    launch = page.get_by_role("button", name="Get advice")
    expect(launch).to_have_attribute("aria-expanded", "false")

    launch.click()

    frame = page.frame_locator("iframe")
    expect(frame.locator("h1")).to_be_focused()
    greeted(Person(page, frame_of(page)))
    assert axe(page) == []
