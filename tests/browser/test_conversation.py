"""A whole conversation, by hand and by ear."""

from __future__ import annotations

from playwright.sync_api import Page, expect

from browser.person import NewContext, Person, greeted
from browser.script import NASTY
from browser.service import Fault, Service


def test_a_whole_conversation_with_the_mouse(person: Person, service: Service):
    person.choose("Tell you what has been happening")
    person.say("he was outside my work again")
    person.choose("Yes, more than once")
    person.say("four")
    person.answer.get_by_role("button", name="That fits").first.click()
    expect(person.answer).to_contain_text("I have kept that")
    person.say("summary")

    assert service.heard == [
        "tell",
        "he was outside my work again",
        "yes",
        "four",
        "fixated_agree",
        "summary",
    ]


def test_a_whole_conversation_with_the_keyboard_alone(page: Page, service: Service):
    page.goto(service.base)
    launch = page.get_by_role("button", name="Get advice")
    while not launch.evaluate(
        "button => button.getRootNode().activeElement === button"
    ):
        page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    frame = page.frame_locator("iframe")
    expect(frame.locator("h1")).to_be_focused()
    expect(frame.get_by_role("button", name="Report now")).to_be_visible()

    page.keyboard.press("F6")
    page.keyboard.type("danger")
    page.keyboard.press("Enter")
    safe = frame.get_by_role("button", name="Yes, safe for now")
    expect(safe).to_be_visible()
    page.keyboard.press("F6")
    while not safe.evaluate("button => button === document.activeElement"):
        page.keyboard.press("Tab")
    page.keyboard.press("Enter")

    expect(frame.locator(".fc-turn--theirs").last).to_contain_text("Thank you")
    assert service.heard == ["danger", "safe_now"]


def test_leaving_comes_first_and_is_said_before_anything_is_told(alone: Person):
    alone.page.keyboard.press("Tab")

    expect(alone.chat.get_by_role("link", name="Leave this page")).to_be_focused()
    notice = alone.chat.locator(".js-start")
    expect(notice).to_be_in_viewport()
    expect(notice).to_contain_text("It does not clear your browser history")
    expect(notice).to_contain_text("If you write nothing for 30 minutes")


def test_the_way_out_and_its_limits_are_heard_before_anything_is_told(alone: Person):
    """WID-5: what is said aloud at the start is what is read at the start."""
    expect(alone.spoken).to_contain_text("In danger now? Call 999")
    expect(alone.spoken).to_contain_text("You can also press Shift three times")
    expect(alone.spoken).to_contain_text("It does not clear your browser history")
    expect(alone.spoken).to_contain_text("You can choose: Tell you what has been")


def test_what_was_written_is_shown_before_it_is_answered(
    alone: Person, service: Service
):
    service.fail("/chat/messages", Fault(wait_s=30))

    alone.send("he was outside my work")

    expect(alone.chat.locator(".fc-turn--mine")).to_have_text(
        "You saidhe was outside my work"
    )
    expect(alone.chat.get_by_label("Your message")).to_have_value("")


def test_one_reply_is_announced_once_and_politely(alone: Person):
    alone.chat.evaluate(
        """() => {
          window.heard = []
          const say = document.querySelector('.js-say')
          new MutationObserver(() => say.textContent && window.heard.push(say.textContent))
            .observe(say, { childList: true, characterData: true, subtree: true })
        }"""
    )

    alone.say("hello")
    expect(alone.spoken).to_contain_text("It is not your fault")

    heard = alone.chat.evaluate("window.heard")
    assert len(heard) == 1
    assert "You can choose: Yes, more than once; One time so far;" in heard[0]


def test_only_one_region_speaks_and_history_is_not_among_it(alone: Person):
    alone.say("hello")

    live = alone.chat.evaluate(
        """[...document.querySelectorAll(
            '[aria-live], [role=status], [role=alert], [role=log]')]
          .filter((el) => el.getAttribute('aria-live') !== 'off')
          .map((el) => el.getAttribute('role'))"""
    )
    assert live == ["status"]
    expect(alone.spoken).to_have_attribute("role", "status")


def test_an_announcement_is_gone_when_somebody_reads_on(
    new_context: NewContext, service: Service
):
    page = new_context().new_page()
    page.clock.install()
    page.goto(f"{service.base}/frame")
    person = greeted(Person(page, page))
    person.say("hello")
    expect(person.spoken).not_to_be_empty()

    page.clock.fast_forward(11000)

    expect(person.spoken).to_be_empty()


def test_a_reply_has_its_place_in_the_tree_of_a_screen_reader(alone: Person):
    alone.say("hello")

    expect(alone.answer).to_match_aria_snapshot(
        """
        - heading "Answer" [level=2]
        - paragraph: I am sorry this is happening. It is not your fault.
        - paragraph: Has something like this happened more than once?
        - list "Has something like this happened more than once?":
          - listitem:
            - button "Yes, more than once"
          - listitem:
            - button "One time so far"
          - listitem:
            - button "I do not know"
          - listitem:
            - button "Skip this"
        """
    )


def test_choices_stay_readable_after_use_and_can_be_pressed_no_more(alone: Person):
    alone.choose("Find support")

    first = alone.chat.locator(".fc-turn--theirs").first
    expect(first.get_by_role("button")).to_have_count(0)
    expect(first).to_contain_text("Tell you what has been happening")
    expect(first).to_contain_text("Find support (chosen)")


def test_focus_stays_near_a_choice_that_was_pressed(alone: Person):
    choice = alone.chat.get_by_role("button", name="Find support")
    choice.focus()

    alone.page.keyboard.press("Enter")

    expect(alone.chat.locator(".fc-turn--mine")).to_be_focused()
    expect(alone.answer).to_contain_text("National Stalking Helpline")
    alone.page.keyboard.press("Tab")
    expect(alone.answer.get_by_role("link").first).to_be_focused()


def test_focus_stays_in_the_box_while_somebody_types(alone: Person):
    alone.say("hello")

    expect(alone.chat.get_by_label("Your message")).to_be_focused()


def test_f6_goes_between_the_messages_and_the_box(alone: Person):
    alone.say("hello")

    alone.page.keyboard.press("F6")
    expect(alone.answer).to_be_focused()
    alone.page.keyboard.press("F6")
    expect(alone.chat.get_by_label("Your message")).to_be_focused()


def test_the_skip_link_goes_to_the_box(alone: Person):
    alone.chat.get_by_role("link", name="Go to the message box").focus()
    alone.page.keyboard.press("Enter")

    expect(alone.chat.get_by_label("Your message")).to_be_focused()


def test_danger_stays_in_sight_to_the_end(alone: Person):
    alone.say("danger")

    card = alone.answer.locator(".fc-danger")
    expect(card).to_be_in_viewport()
    first = card.get_by_role("link").first
    expect(first).to_have_text("999")
    expect(first).to_be_in_viewport(ratio=1)
    expect(first).to_have_attribute("href", "tel:999")
    alone.say("hello")
    expect(alone.chat.locator(".js-now")).to_be_in_viewport()
    expect(alone.chat.locator(".js-now")).to_contain_text("In danger now? Call 999")


def test_the_four_types_come_with_the_persons_own_words(alone: Person):
    alone.say("four")

    marked = alone.answer.locator("mark").all_inner_texts()
    assert marked == ["he was outside my work", "he sat in his car opposite my house"]
    repeated = alone.answer.locator(".fc-type").nth(1)
    expect(repeated).to_contain_text("You told me about more than one time")
    expect(repeated).to_contain_text("You agreed with this")
    expect(alone.answer).to_contain_text("Obsession (You did not agree with this.)")
    group = alone.answer.get_by_role("list", name="Fixated")
    expect(group.get_by_role("button")).to_have_text(["That fits", "That does not fit"])


def test_the_law_is_told_when_it_is_asked_for(alone: Person):
    alone.say("offences")

    expect(alone.answer).to_contain_text("I cannot tell you what will happen")
    section = alone.answer.get_by_text("section 2A")
    expect(section).to_be_hidden()
    alone.answer.get_by_text("Stalking", exact=True).click()
    expect(section).to_be_visible()
    expect(
        alone.answer.get_by_text("Checked on 22 November 2026").first
    ).to_be_visible()


def test_services_say_if_they_are_open_and_what_a_call_leaves_behind(alone: Person):
    alone.say("services")

    expect(alone.answer).to_contain_text("Closed now. Opens Monday at 09:30.")
    expect(alone.answer).to_contain_text("Open now")
    expect(alone.answer).to_contain_text("Check opening times")
    expect(alone.answer).to_contain_text("A call will show in your call list")
    link = alone.answer.get_by_role("link", name="08 08 16 89 111")
    expect(link).to_have_attribute("href", "tel:08081689111")


def test_both_doors_are_there_and_police_have_not_been_told(alone: Person):
    alone.say("report")

    report = alone.answer.get_by_role("link", name="Report stalking")
    expect(report).to_have_attribute("rel", "noopener noreferrer")
    expect(report).to_have_attribute("target", "_blank")
    expect(alone.answer.get_by_role("heading", name="Get support")).to_be_visible()
    expect(alone.answer).to_contain_text("Police have not been told")
    expect(alone.answer).to_contain_text("This link has not been checked yet")


def test_the_summary_has_the_persons_own_words_back(alone: Person):
    alone.say("my ex Darren was outside my work again")
    alone.say("summary")

    expect(alone.answer).to_contain_text("1. Darren was outside my work again")


def test_words_that_came_back_are_plain_text_and_nothing_else(alone: Person):
    """S8: a name that is markup stays words; one that looks like a token is itself."""
    alone.say(f"Darren [name-1] {NASTY}")
    alone.say("named")

    expect(alone.answer).to_contain_text(f"By Darren, {NASTY} and [name-1].")
    expect(alone.answer.locator("img")).to_have_count(0)
    expect(alone.spoken).to_contain_text("By Darren")


def test_a_choice_that_was_pressed_shows_the_persons_own_words(
    alone: Person, service: Service
):
    alone.say("my ex Darren")
    alone.say("named")

    alone.choose("Remove: “Darren”")

    mine = alone.chat.locator(".fc-turn--mine").last
    expect(mine).to_contain_text("Remove: “Darren”")
    assert service.heard[-1] == "one"


def test_tokens_that_nothing_is_known_of_are_explained_once(alone: Person):
    alone.say("named")
    alone.say("named")

    expect(alone.answer).to_contain_text("By [name-1]")
    notes = alone.chat.get_by_text("Words in brackets, like [name-1]")
    expect(notes).to_have_count(1)


def test_own_words_are_forgotten_with_the_chat(alone: Person):
    alone.say("my ex Darren")
    alone.press("Delete everything")
    alone.press("Yes, delete it now")
    alone.press("Start a new chat")
    greeted(alone)

    alone.say("summary")

    expect(alone.answer).to_contain_text("1. [name-1] was outside my work again")
    expect(alone.chat.locator("body")).not_to_contain_text("Darren")


def test_a_kind_nobody_knows_is_said_in_plain_words(alone: Person):
    alone.say("new kind")

    expect(alone.answer).to_contain_text("A part that nobody knows yet.")


def test_the_box_grows_with_a_long_account(alone: Person):
    box = alone.chat.get_by_label("Your message")
    short = box.bounding_box()

    box.fill("and then it happened again\n" * 6)

    tall = box.bounding_box()
    assert short is not None
    assert tall is not None
    assert tall["height"] > short["height"] * 2


def test_it_counts_down_near_the_end(alone: Person):
    """I2: what is left is told in time."""
    count = alone.chat.locator(".js-count")
    alone.write("a" * 3499)
    expect(count).to_be_hidden()

    for typed, says in (
        ("a" * 3500, "You can type 500 more letters."),
        ("😀" * 3999, "You can type 1 more letter."),
        ("a" * 4000, "You can type 0 more letters."),
    ):
        alone.write(typed)
        expect(count).to_have_text(says)


def test_too_long_an_account_is_kept_and_not_sent(alone: Person, service: Service):
    """I2: nothing is cut off and nothing lost."""
    alone.write("a" * 4012)
    alone.press("Send")

    expect(alone.chat.locator(".js-count")).to_contain_text("12 letters too long")
    expect(alone.chat.get_by_label("Your message")).to_have_value("a" * 4012)
    assert service.heard == []


def test_shift_and_enter_starts_a_line_and_enter_sends(alone: Person, service: Service):
    alone.chat.get_by_label("Your message").focus()
    alone.page.keyboard.type("one")
    alone.page.keyboard.press("Shift+Enter")
    alone.page.keyboard.type("two")
    alone.page.keyboard.press("Enter")

    expect(alone.answer).to_contain_text("It is not your fault")
    assert service.heard == ["one\ntwo"]


def test_what_is_half_written_stays_when_the_chat_is_put_away(person: Person):
    person.write("he was")
    person.press("Close the chat. It stays open in the background.")
    expect(person.page.get_by_role("button", name="Get advice")).to_be_focused()

    person.page.keyboard.press("Enter")

    expect(person.chat.get_by_label("Your message")).to_have_value("he was")


def test_help_numbers_need_no_service(person: Person, service: Service):
    """TRN-6: the numbers are in the page."""
    service.stop()

    person.chat.get_by_text("Help now", exact=True).click()

    help_now = person.chat.locator(".js-help")
    for name in ("999", "101", "116 123"):
        expect(help_now.get_by_role("link", name=name, exact=True)).to_be_visible()
    expect(help_now).to_contain_text("press 55")
    expect(help_now).to_contain_text("18000")
