"""Leaving: at once, from anywhere, in any state, and with nothing left behind."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from browser.person import ELSEWHERE, NewContext, Person, greeted, opened
from browser.service import Fault, Service

CANARY = "zebra marmalade"


def away(page: Page, service: Service) -> None:
    """Check that the person has left, and that coming back shows nothing."""
    page.wait_for_url(f"{ELSEWHERE}**")
    assert service.all_ended()
    page.go_back()
    assert CANARY not in page.content()
    assert service.base not in page.url


def idle(person: Person, service: Service) -> None:
    person.say(CANARY)


def typing(person: Person, service: Service) -> None:
    person.write(CANARY)


def waiting(person: Person, service: Service) -> None:
    service.fail("/chat/messages", Fault(wait_s=30))
    person.send(CANARY)
    expect(person.chat.locator(".fc-wait")).to_be_visible()


def failed(person: Person, service: Service) -> None:
    service.fail("/chat/messages", Fault(status=500))
    person.send(CANARY)
    expect(person.chat.locator(".js-failed")).to_be_visible()


def asked_to_delete(person: Person, service: Service) -> None:
    person.say(CANARY)
    person.press("Delete everything")


def reading_numbers(person: Person, service: Service) -> None:
    person.say(CANARY)
    person.chat.get_by_text("Help now", exact=True).click()


STATES = [idle, typing, waiting, failed, asked_to_delete, reading_numbers]
State = Callable[[Person, Service], None]


@pytest.mark.parametrize("state", STATES, ids=lambda state: state.__name__)
def test_the_button_leaves_in_every_state(
    person: Person, service: Service, state: State
):
    """P8: whatever is going on, it leaves and the conversation is over."""
    state(person, service)

    person.chat.get_by_role("link", name="Leave this page").click()

    away(person.page, service)


@pytest.mark.parametrize(
    "state", [typing, waiting, failed], ids=lambda state: state.__name__
)
def test_the_keys_leave_too(person: Person, service: Service, state: State):
    """P8, P9: three presses leave while typing, waiting and after a failure."""
    state(person, service)
    person.chat.get_by_label("Your message").focus()

    for _ in range(3):
        person.page.keyboard.press("Shift")

    away(person.page, service)


def test_escape_twice_leaves_from_the_frame_and_from_the_page(
    person: Person, service: Service
):
    """P9: the other pair of keys leaves too."""
    person.say(CANARY)
    person.page.keyboard.press("Escape")
    expect(person.chat.locator(".js-keys")).to_have_text(
        "Press Escape one more time to leave this page."
    )

    person.page.keyboard.press("Escape")

    away(person.page, service)


def test_the_page_around_leaves_too(person: Person, service: Service):
    """P9: the keys work with the focus outside the frame."""
    person.say(CANARY)
    person.page.get_by_role("heading", name="Advice about stalking").click()

    for _ in range(3):
        person.page.keyboard.press("Shift")

    away(person.page, service)


def test_the_pages_own_link_leaves_and_erases(person: Person, service: Service):
    """P8: the website's own way out ends the conversation."""
    person.say(CANARY)

    person.page.locator("a.leave").click()

    away(person.page, service)


def test_the_screen_is_covered_in_the_same_moment(alone: Person):
    """P8, WID-5: it is hidden before the press is over."""
    alone.say(CANARY)

    display, title, words = alone.chat.evaluate(
        "() => { document.querySelector('.js-leave').click(); return "
        "[getComputedStyle(document.documentElement).display, document.title, "
        "document.body.textContent] }"
    )

    alone.page.wait_for_url(ELSEWHERE)
    assert (display, title) == ("none", "Loading")
    assert CANARY not in words


def test_the_page_around_is_covered_in_the_same_moment(person: Person):
    """P8: and so is the page that holds the frame."""
    person.say(CANARY)

    covered = person.page.evaluate(
        "() => { document.querySelector('a.leave').click(); return "
        "[getComputedStyle(document.documentElement).display, document.title] }"
    )

    person.page.wait_for_url(ELSEWHERE)
    assert covered == ["none", "Loading"]


def test_leaving_in_the_frame_covers_the_page_before_another_comes(
    new_context: NewContext, service: Service
):
    """P8: a press in the frame hides the whole page first."""
    covered: list[str] = []
    page = new_context().new_page()
    page.expose_function("covered", lambda title: covered.append(title))
    person = opened(page, service.base)
    page.evaluate(
        "() => new MutationObserver(() => window.covered(document.title))"
        ".observe(document.documentElement, { attributeFilter: ['style'] })"
    )

    person.chat.get_by_role("link", name="Leave this page").click()

    page.wait_for_url(f"{ELSEWHERE}**")
    assert covered[0] == "Loading"


def test_an_open_dialog_of_the_page_is_covered_too(person: Person):
    """P8: nothing of the page stays on top."""
    shown = person.page.evaluate(
        """() => {
          const dialog = document.createElement('dialog')
          document.body.append(dialog)
          dialog.showModal()
          const before = dialog.checkVisibility()
          for (const type of ['keydown', 'keyup', 'keydown', 'keyup', 'keydown', 'keyup']) {
            document.dispatchEvent(new KeyboardEvent(type, { key: 'Shift' }))
          }
          return [before, dialog.checkVisibility()]
        }"""
    )

    person.page.wait_for_url(ELSEWHERE)
    assert shown == [True, False]


def test_it_leaves_when_offline_and_the_service_never_hears(
    new_context: NewContext, service: Service
):
    """P8: without a connection it leaves all the same."""
    context = new_context()
    person = opened(context.new_page(), service.base)
    person.say(CANARY)
    context.set_offline(True)

    person.chat.get_by_role("link", name="Leave this page").click()

    person.page.wait_for_url(f"{ELSEWHERE}**")
    assert service.calls_of("/chat/end") == []
    context.set_offline(False)
    person.page.go_back()
    assert CANARY not in person.page.content()


def test_it_leaves_before_any_script_has_come(page: Page, service: Service):
    """P8: a plain link is enough."""
    page.route("**/*.mjs", lambda route: None)
    page.goto(f"{service.base}/frame", wait_until="commit")

    page.get_by_role("link", name="Leave this page").click()

    page.wait_for_url(f"{ELSEWHERE}**")


def test_it_leaves_from_a_frame_whose_script_has_not_come(page: Page, service: Service):
    """P8: in the frame as well."""
    page.route("**/frame.mjs", lambda route: None)
    page.goto(service.base)
    page.get_by_role("button", name="Get advice").click()

    page.frame_locator("iframe").get_by_role("link", name="Leave this page").click()

    page.wait_for_url(f"{ELSEWHERE}**")


def test_it_never_waits_for_a_slow_service(person: Person, service: Service):
    """P8: a service that hangs for 30 s holds nobody up."""
    person.say(CANARY)
    service.fail("/chat/end", Fault(wait_s=30))

    person.chat.get_by_role("link", name="Leave this page").click()

    person.page.wait_for_url(f"{ELSEWHERE}**")
    ended = service.calls_of("/chat/end")
    assert [call.headers["content-type"] for call in ended] == ["application/json"]


@pytest.mark.parametrize(
    ("width", "height"),
    [(640, 400), (320, 180), (390, 844), (844, 390)],
    ids=["200 %", "400 %", "phone", "phone on its side"],
)
def test_the_way_out_is_in_sight_and_works_at_any_size(
    new_context: NewContext, service: Service, width: int, height: int
):
    """P8: magnified, on a phone and on its side."""
    page = new_context(viewport={"width": width, "height": height}).new_page()
    person = opened(page, service.base)
    person.say(CANARY)

    leave = person.chat.get_by_role("link", name="Leave this page")
    expect(leave).to_be_in_viewport(ratio=1)
    leave.click()

    away(page, service)


def shift_alone(page: Page) -> None:
    page.keyboard.press("Shift")


@pytest.mark.parametrize("focus", ["frame", "page"])
def test_capitals_are_not_a_wish_to_leave(person: Person, service: Service, focus: str):
    """P9: typing with Shift does not count."""
    if focus == "page":
        person.page.get_by_role("heading", name="Advice about stalking").click()
    else:
        person.chat.get_by_label("Your message").focus()

    for letter in "HELP ME NOW":
        person.page.keyboard.press(f"Shift+{letter}")
    for letter in "abc":
        shift_alone(person.page)
        person.page.keyboard.press(letter)

    expect(person.chat.locator("h1")).to_be_visible()
    assert len(service.open) == 1


def test_sticky_keys_do_not_leave(alone: Person):
    """P9: Shift that sticks for one letter does not count."""
    alone.chat.get_by_label("Your message").focus()

    for letter in "ABC":
        alone.page.keyboard.down("Shift")
        alone.page.keyboard.press(letter)
        alone.page.keyboard.up("Shift")

    expect(alone.chat.get_by_label("Your message")).to_have_value("ABC")


def test_a_key_held_down_counts_once(alone: Person):
    """P9: a key that repeats is one press."""
    for _ in range(6):
        alone.page.keyboard.down("Shift")
    alone.page.keyboard.up("Shift")

    expect(alone.chat.locator(".js-keys")).to_have_text(
        "Press Shift two more times to leave this page."
    )


def test_a_click_with_shift_held_is_not_counted(alone: Person):
    """P9: Shift with the mouse does not count."""
    for _ in range(3):
        alone.page.keyboard.down("Shift")
        alone.chat.locator("h1").click()
        alone.page.keyboard.up("Shift")

    expect(alone.chat.locator("h1")).to_be_visible()


def test_other_shortcuts_are_not_counted(alone: Person):
    """P9: Shift within another shortcut does not count."""
    for _ in range(4):
        alone.page.keyboard.down("Control")
        shift_alone(alone.page)
        alone.page.keyboard.up("Control")

    expect(alone.chat.locator("h1")).to_be_visible()


def test_presses_too_far_apart_do_not_leave(new_context: NewContext, service: Service):
    """P9: slower than five seconds is no wish to leave."""
    page = new_context().new_page()
    page.clock.install()
    page.goto(f"{service.base}/frame")
    person = greeted(Person(page, page))

    for _ in range(4):
        shift_alone(page)
        page.clock.fast_forward(5001)
        page.keyboard.press("Escape")
        page.clock.fast_forward(2001)

    expect(person.chat.locator("h1")).to_be_visible()
    expect(person.spoken).to_have_text("You are still on this page.")


def test_presses_are_counted_out_loud(alone: Person):
    shift_alone(alone.page)
    expect(alone.spoken).to_have_text("Press Shift two more times to leave this page.")

    shift_alone(alone.page)
    expect(alone.spoken).to_have_text("Press Shift one more time to leave this page.")
