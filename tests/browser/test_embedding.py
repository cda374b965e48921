"""The documented line, on somebody else's page, with everything it can be told."""

from __future__ import annotations

import gzip
import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from bot import knowledge, pages
from browser.conftest import Watch
from browser.person import ELSEWHERE, Person, frame_of, greeted
from browser.service import Service
from browser.site import BODY, Site

DOCUMENT = (Path(__file__).parents[2] / "docs" / "embedding.md").read_text(
    encoding="utf-8"
)
EXAMPLE = "https://chat.example.org"
WIDGET = pages.WIDGET
CHAT = (
    "/frame",
    "/chat.css",
    "/frame.mjs",
    "/chat.mjs",
    "/line.mjs",
    "/parts.mjs",
    "/takeaway.mjs",
    "/leave.mjs",
)


def documented(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)\n```", DOCUMENT, re.DOTALL)


LINE, _, CHECKED_LINE, WITH_SETTINGS, OWN_LINK, IN_PAGE = documented("html")
[THEME] = documented("css")
POLICY, IN_PAGE_POLICY = documented("text")


@pytest.fixture
def site() -> Iterator[Site]:
    running = Site()
    yield running
    running.stop()


@pytest.fixture
def chat(facts: knowledge.Knowledge, site: Site, watch: Watch) -> Iterator[Service]:
    """Return a service that names the site, as the document asks."""
    running = Service(pages.rendered(facts, frame_ancestors=[site.base]), (site.base,))
    watch.own += [running.base, site.base]
    yield running
    running.stop()


def shown(page: Page, site: Site, chat: Service, html: str, **headers: str) -> Page:
    html = BODY + html.replace(EXAMPLE, chat.base)
    site.write(html, {name.replace("_", "-"): value for name, value in headers.items()})
    page.goto(site.base)
    return page


def open_chat(page: Page, label: str = "Get advice") -> Person:
    page.get_by_role("button", name=label).click()
    return greeted(Person(page, frame_of(page)))


def test_the_documented_line_is_all_it_takes(page: Page, site: Site, chat: Service):
    """P11: the documented line works, and nobody else is asked for anything."""
    shown(page, site, chat, LINE)

    person = open_chat(page)
    person.say("hello")
    person.press("Close the chat. It stays open in the background.")

    expect(page.get_by_role("button", name="Get advice")).to_be_focused()
    assert chat.heard == ["hello"]


def test_nothing_of_the_chat_is_asked_for_before_the_page_is_idle(
    page: Page, site: Site, chat: Service
):
    """P11: one file, and nothing of anybody else's."""
    page.route("**/never-comes.png", lambda route: None)
    site.write(
        BODY + "<img alt='' src=/never-comes.png>" + LINE.replace(EXAMPLE, chat.base)
    )
    page.goto(site.base, wait_until="commit")

    expect(page.get_by_role("button", name="Get advice")).to_be_visible()
    assert [call.path for call in chat.calls] == ["/embed.js"]
    page.unroute_all(behavior="ignoreErrors")


def test_no_conversation_begins_before_the_chat_is_opened(
    page: Page, site: Site, chat: Service
):
    shown(page, site, chat, LINE)

    page.wait_for_selector("iframe", state="attached")
    frame_of(page).wait_for_load_state()

    assert chat.open == {}


@pytest.mark.parametrize("place", ["alone", "on a page"])
def test_a_chat_that_is_waited_for_asks_while_its_script_is_on_its_way(
    page: Page, site: Site, chat: Service, place: str
):
    line = LINE.replace(EXAMPLE, chat.base).replace(" async", " data-open")
    site.write(BODY + line)
    page.route("**/chat.mjs", lambda route: None)

    with page.expect_request("**/chat/session"):
        address = f"{chat.base}/frame" if place == "alone" else site.base
        page.goto(address, wait_until="commit")

    page.unroute_all(behavior="ignoreErrors")


def test_the_line_works_under_the_documented_policy(
    page: Page, site: Site, chat: Service
):
    policy = f"default-src 'none'; {POLICY.replace(EXAMPLE, chat.base)}"
    shown(page, site, chat, LINE, Content_Security_Policy=policy)

    open_chat(page).say("hello")

    radius = page.get_by_title("Advice chat").evaluate(
        "frame => getComputedStyle(frame.parentElement).borderRadius"
    )
    assert radius == "12px"


def test_the_checked_line_runs_the_file_and_no_other(
    page: Page, site: Site, chat: Service, watch: Watch
):
    """WID-2: a changed loader does not run."""
    value = pages.integrity(chat.pages["/embed.js"])
    line = CHECKED_LINE.replace("sha384-…", value)
    shown(page, site, chat, line)
    expect(page.get_by_role("button", name="Get advice")).to_be_visible()

    shown(page, site, chat, line.replace(value, "sha384-" + "A" * 64))

    expect(page.get_by_role("heading", name="Our page")).to_be_visible()
    expect(page.locator("[data-first-contact]")).to_have_count(0)
    watch.broken.clear()


def test_position_and_label_are_as_set(page: Page, site: Site, chat: Service):
    shown(page, site, chat, WITH_SETTINGS)

    box = page.get_by_role("button", name="Advice", exact=True).bounding_box()

    assert box is not None
    assert box["x"] == 16


def test_it_opens_with_the_page_when_told_to(page: Page, site: Site, chat: Service):
    shown(page, site, chat, LINE.replace(" async", " data-open"))

    greeted(Person(page, frame_of(page)))


def test_a_language_nobody_has_checked_is_english(
    page: Page, site: Site, chat: Service
):
    shown(page, site, chat, LINE.replace(" async", " data-lang=cy async"))

    person = open_chat(page)

    expect(person.chat.locator("html")).to_have_attribute("lang", "en-GB")
    assert any(call.path == "/frame?lang=cy" for call in chat.calls)


def test_a_language_somebody_has_checked_is_used(
    facts: knowledge.Knowledge, tmp_path: Path
):
    for file in WIDGET.rglob("*"):
        if file.is_file():
            copy = tmp_path / file.relative_to(WIDGET)
            copy.parent.mkdir(exist_ok=True)
            copy.write_bytes(file.read_bytes())
    words = {"lang": "xx", "dir": "rtl", "checked": True, "words": {"send": "Dnes"}}
    (tmp_path / "words" / "xx.json").write_text(json.dumps(words))

    frame = pages.rendered(facts, folder=tmp_path)["/frame?lang=xx"].body.decode()

    assert '<html lang="xx" dir="rtl">' in frame
    assert ">Dnes</button>" in frame
    assert "Leave this page" in frame


def test_leaving_goes_where_the_page_says(page: Page, site: Site, chat: Service):
    shown(page, site, chat, LINE.replace(" async", f" data-exit={ELSEWHERE}/map async"))

    open_chat(page).chat.get_by_role("link", name="Leave this page").click()

    page.wait_for_url(f"{ELSEWHERE}/map")
    assert chat.all_ended()


@pytest.mark.parametrize("address", ["javascript:alert(1)", "//x"])
def test_leaving_goes_to_web_pages_alone(
    page: Page, site: Site, chat: Service, address: str
):
    shown(page, site, chat, LINE.replace(" async", f" data-exit='{address}' async"))

    open_chat(page).chat.get_by_role("link", name="Leave this page").click()

    page.wait_for_url(ELSEWHERE)


def test_a_link_of_the_page_leaves_too(page: Page, site: Site, chat: Service):
    shown(page, site, chat, LINE + OWN_LINK)
    open_chat(page).say("hello")

    page.locator("body > a").click()

    page.wait_for_url(ELSEWHERE)
    assert chat.all_ended()


def test_the_pages_colours_are_used(page: Page, site: Site, chat: Service):
    shown(page, site, chat, f"<style>{THEME}</style>{LINE}")

    button = page.get_by_role("button", name="Get advice")
    expect(button).to_have_css("background-color", "rgb(91, 44, 131)")
    person = open_chat(page)
    send = person.chat.get_by_role("button", name="Send")
    expect(send).to_have_css("background-color", "rgb(91, 44, 131)")
    expect(send).to_have_css("border-radius", "2px")


@pytest.mark.parametrize("colour", ["#99bbff", "url(https://evil.example)"])
def test_colours_that_cannot_be_read_are_not_used(
    page: Page, site: Site, chat: Service, colour: str
):
    shown(page, site, chat, f"<style>:root {{ --fc-accent: {colour} }}</style>{LINE}")

    button = page.get_by_role("button", name="Get advice")
    expect(button).to_have_css("background-color", "rgb(31, 78, 121)")


def test_the_chat_can_be_a_part_of_the_page(page: Page, site: Site, chat: Service):
    line = LINE.replace(" async", " data-mode=page data-target='#here' async")
    page_styles = "<style>html { font-size: 62.5% } * { color: red !important }</style>"
    shown(page, site, chat, f"{page_styles}<div id=here></div>{line}")
    page.get_by_role("button", name="Get advice").click()
    person = greeted(Person(page, page))

    person.say("my ex Darren was outside my work again")
    person.say("summary")

    expect(person.answer).to_contain_text("1. Darren was outside my work again")
    expect(person.answer.locator("p").first).to_have_css("font-size", "17px")
    expect(person.answer.locator("p").first).to_have_css("color", "rgb(22, 32, 43)")
    expect(person.answer.locator("p").first).to_have_css("padding-top", "0px")
    expect(page.locator(".fc-send")).to_have_css("min-height", "44px")
    expect(page.locator("#here [data-first-contact]")).to_have_count(1)
    assert page.frames == [page.main_frame]
    page.get_by_role("link", name="Leave this page").click()
    page.wait_for_url(ELSEWHERE)
    assert chat.all_ended()


def test_in_the_page_it_works_under_its_documented_policy(
    page: Page, site: Site, chat: Service
):
    policy = f"default-src 'none'; {IN_PAGE_POLICY.replace(EXAMPLE, chat.base)}"
    shown(page, site, chat, IN_PAGE, Content_Security_Policy=policy)
    page.get_by_role("button", name="Get advice").click()
    person = greeted(Person(page, page))

    person.say("hello")

    expect(page.locator("#chat .fc")).to_have_css("font-size", "17px")


def test_in_the_page_the_chat_waits_in_reserve_too(
    page: Page, site: Site, chat: Service
):
    shown(page, site, chat, IN_PAGE)

    page.wait_for_selector(".js-log", state="attached")

    expect(page.locator(".js-log")).to_be_hidden()
    assert chat.open == {}


def test_in_the_page_keys_leave_from_the_box_and_from_the_page(
    page: Page, site: Site, chat: Service
):
    line = LINE.replace(" async", " data-mode=page async")
    for place in ("textarea", "h1 >> nth=0"):
        shown(page, site, chat, line)
        page.get_by_role("button", name="Get advice").click()
        greeted(Person(page, page)).say("hello")
        page.locator(place).click()

        for _ in range(3):
            page.keyboard.press("Shift")

        page.wait_for_url(ELSEWHERE)
        assert chat.all_ended()


def test_in_the_page_it_can_be_put_away_and_opened_again(
    page: Page, site: Site, chat: Service
):
    shown(page, site, chat, LINE.replace(" async", " data-mode=page async"))
    page.get_by_role("button", name="Get advice").click()
    person = greeted(Person(page, page))
    person.write("he was")
    person.press("Close the chat. It stays open in the background.")

    page.get_by_role("button", name="Get advice").click()

    expect(page.get_by_label("Your message")).to_have_value("he was")
    assert len(chat.open) == 1


def test_the_tab_mode_asks_for_its_shorter_life(page: Page, site: Site, chat: Service):
    shown(page, site, chat, LINE.replace(" async", " data-keep=tab async"))

    open_chat(page)

    [call] = chat.calls_of("/chat/session")
    assert call.body == {"keep": "tab"}


def test_the_line_twice_is_one_button(page: Page, site: Site, chat: Service):
    shown(page, site, chat, LINE + LINE)

    expect(page.get_by_role("button", name="Get advice")).to_have_count(1)


def sizes(served: Mapping[str, pages.Page], paths: tuple[str, ...]) -> int:
    return sum(len(served[path].gzipped) for path in paths)


def test_the_loader_is_small(served: Mapping[str, pages.Page]):
    assert sizes(served, ("/embed.js",)) <= 4 * 1024


def test_the_chat_is_small(served: Mapping[str, pages.Page]):
    everything = (*CHAT, "/embed.js", "/page.mjs", "/icon.svg")

    assert sizes(served, CHAT) <= 25 * 1024
    assert sizes(served, everything) <= 35 * 1024
    assert len(gzip.decompress(served["/chat.mjs"].gzipped)) == len(
        served["/chat.mjs"].body
    )


def test_every_setting_is_documented():
    code = (WIDGET / "embed.js").read_text(encoding="utf-8")
    used = set(re.findall(r"\bgiven\.(\w+)", code)) | set(
        re.findall(r"const \{ (\w+), (\w+) \} = given", code)[0]
    )

    assert used == set(re.findall(r"^\| `data-(\w+)`", DOCUMENT, re.MULTILINE))


def test_every_word_is_in_the_language_file_and_used():
    words = json.loads((WIDGET / "words" / "en.json").read_text(encoding="utf-8"))[
        "words"
    ]
    files = (
        "plain.html",
        "frame.html",
        "index.html",
        "chat.mjs",
        "parts.mjs",
        "takeaway.mjs",
        "frame.mjs",
    )
    code = "\n".join((WIDGET / name).read_text(encoding="utf-8") for name in files)
    used = set(re.findall(r"\bwords\.(\w+)", code)) | set(re.findall(r"'(\w+)'", code))
    patterns = (
        "failed_",
        "left_one",
        "over",
        "left",
        "late",
        "launch",
        "close",
        "title",
    )

    assert [word for word in used & set(words) if not words[word]] == []
    assert [w for w in words if w not in used and not w.startswith(patterns)] == []
    assert set(re.findall(r"(?<!\$)\bwords\.(\w+)\b(?!\()", code)) - set(words) == set()


def test_the_loader_speaks_as_the_language_file_does():
    words = json.loads((WIDGET / "words" / "en.json").read_text(encoding="utf-8"))[
        "words"
    ]
    code = (WIDGET / "embed.js").read_text(encoding="utf-8")
    table = code[code.index("const WORDS = {") : code.index("const WAYS")]
    said = dict(re.findall(r"(\w+): '([^']+)'", table))
    names = {
        "label": "launch",
        "Shift2": "leave_two_more",
        "Shift1": "leave_one_more",
        "Escape1": "leave_escape",
    }

    assert said == {name: words[names.get(name, name)] for name in said}


def test_the_other_languages_have_the_same_words_and_say_if_they_are_checked():
    english, *others = (
        json.loads(path.read_text(encoding="utf-8"))
        for path in [WIDGET / "words" / "en.json", *(WIDGET / "words").glob("cy.json")]
    )

    for other in others:
        assert list(other["words"]) == list(english["words"])
        assert other["checked"] is False


def test_the_loader_leaves_to_where_a_force_does():
    code = (WIDGET / "embed.js").read_text(encoding="utf-8")

    assert f"const EXIT = '{knowledge.Force.exit_url}'" in code
