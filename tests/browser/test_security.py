"""Nobody's words act on the page, and nobody else's page hears or moves the chat."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import pytest
from playwright.sync_api import Page, expect

from bot import knowledge, pages
from browser.conftest import Watch
from browser.person import Person, frame_of, greeted
from browser.script import EVIL, NASTY
from browser.service import Fault, Service
from browser.site import Site

SHAPES = """
['leave', 'open', '', 0, 1, null, undefined, true, [], [['fc', 'leave']], {},
 new Map([['fc', 'leave']]),
 ...['', 'Leave', 'LEAVE', 'exit', 'close', 'left', 'here', 'toString', '__proto__', null, 1,
     [], {}, ['leave'], { toString: 'leave' }, true].map((fc) => ({ fc })),
 ...['x', 'to', 'exit', 'url', 'token', 'text', 'lang', 'constructor', 'theme', 'reloaded']
   .map((more) => ({ fc: 'leave', [more]: 'https://evil.example' })),
 ...[undefined, null, 1, 'true', {}]
   .map((reloaded) => ({ fc: 'open', reloaded, theme: {} })),
 ...[undefined, null, 1, 'red', ['x'], { accent: 'red' }, { accent: '#12345' },
     { accent: 'url(https://evil.example)' }, { radius: '1px;color:red' },
     { 'accent-dark': 1 }, { danger: '#ffffff' }, { accent: { toString: 1 } }]
   .map((theme) => ({ fc: 'open', reloaded: false, theme })),
 ...['token', 'text', 'say', 'choice', 'messages', 'script', 'html', 'src', 'href', 'eval',
     'type', 'event', 'data']
   .flatMap((key) => ['leave', 'open', '<img src=x onerror=alert(1)>', 'javascript:alert(1)',
     {}, []].map((value) => ({ [key]: value }))),
 ...Array.from({ length: 80 }, (_, at) => ({ fc: 'open', ['k' + at]: at })),
]"""


@pytest.fixture
def site() -> Iterator[Site]:
    running = Site()
    yield running
    running.stop()


@pytest.fixture
def chat(facts: knowledge.Knowledge, site: Site, watch: Watch) -> Iterator[Service]:
    """Return a service that lets the site show its chat."""
    running = Service(pages.rendered(facts, frame_ancestors=[site.base]), (site.base,))
    watch.own += [running.base, site.base]
    yield running
    running.stop()


def embedded(page: Page, site: Site, chat: Service) -> Person:
    site.write(f"<h1>Our page</h1><script src='{chat.base}/embed.js'></script>")
    page.goto(site.base)
    page.get_by_role("button", name="Get advice").click()
    return greeted(Person(page, frame_of(page)))


def test_nothing_that_is_said_acts_on_the_page(alone: Person):
    """S8, WID-3: markup in words, parts and links stays words."""
    alone.say(NASTY)
    alone.say("hostile")

    chat = alone.chat.locator("#fc")
    expect(chat.locator("img, script, iframe, object")).to_have_count(0)
    addresses = chat.locator("a").evaluate_all("links => links.map((a) => a.protocol)")
    assert set(addresses) <= {"https:", "tel:", "sms:", "http:"}
    expect(
        chat.locator("[href^='javascript'], [href^='data'], [src], [onerror]")
    ).to_have_count(0)
    expect(alone.answer).to_contain_text(NASTY)
    expect(alone.chat.locator(".fc-turn--mine").first).to_contain_text(NASTY)


def test_markup_in_an_error_is_words_too(alone: Person, service: Service):
    """S8: and in every field of a failure."""
    told = {"error": NASTY, "say": NASTY, "help": [{"name": NASTY, "href": EVIL}]}
    service.fail("/chat/messages", Fault(status=503, body=told))

    alone.send("hello")

    expect(alone.chat.locator(".js-failed")).to_contain_text(NASTY)
    expect(alone.chat.locator("#fc img")).to_have_count(0)


def test_a_page_that_was_not_named_sees_a_blank_frame(
    page: Page, site: Site, service: Service, watch: Watch
):
    """S9: the browser refuses to show it."""
    watch.own.append(site.base)
    site.write(f"<iframe src='{service.base}/frame' width=400 height=400></iframe>")

    page.goto(site.base)

    frame = frame_of(page)
    expect(frame.locator("#fc")).to_have_count(0)
    assert any("frame-ancestors" in said for said in watch.broken)
    watch.broken.clear()


def test_the_advice_page_cannot_be_framed(served: Mapping[str, pages.Page]):
    """S9: by any page."""
    policy = served["/"].headers["Content-Security-Policy"]

    assert "frame-ancestors 'none'" in policy


def test_the_frame_says_what_it_may_do(served: Mapping[str, pages.Page]):
    """S8, WID-2: the policy, word for word."""
    assert served["/frame"].headers["Content-Security-Policy"] == (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
        "connect-src 'self'; base-uri 'none'; form-action 'none'; "
        "frame-ancestors 'self'; require-trusted-types-for 'script'; trusted-types 'none'"
    )


def test_the_page_around_cannot_read_the_chat(page: Page, site: Site, chat: Service):
    """S11: not its words, title, storage or connection."""
    embedded(page, site, chat)

    seen = page.evaluate(
        """() => {
          const frame = document.querySelector('[data-first-contact]').shadowRoot
            .querySelector('iframe')
          const tried = [() => frame.contentDocument.body.textContent,
            () => frame.contentWindow.document.title,
            () => frame.contentWindow.sessionStorage.length,
            () => frame.contentWindow.fetch('/')]
          return tried.map((look) => { try { return look() } catch { return 'blocked' } })
        }"""
    )

    assert seen == ["blocked"] * 4


def test_two_hundred_hostile_messages_from_the_page_are_nothing(
    page: Page, site: Site, chat: Service
):
    """S10: the chat goes on as it was."""
    person = embedded(page, site, chat)
    person.say("hello")
    before = person.chat.locator("#fc").inner_text()

    sent = page.evaluate(
        f"""() => {{
          const frame = document.querySelector('[data-first-contact]').shadowRoot
            .querySelector('iframe')
          const shapes = {SHAPES}
          for (const shape of shapes) frame.contentWindow.postMessage(shape, '*')
          return shapes.length
        }}"""
    )

    person.say("still here")
    assert sent >= 200
    assert person.chat.locator("#fc").inner_text().startswith(before[:200])
    assert person.chat.evaluate("document.getElementById('fc').style.length") == 0
    expect(person.chat.locator("h1")).to_be_visible()


def test_a_sibling_and_an_opener_are_not_heard(
    page: Page, site: Site, chat: Service, service: Service
):
    """S10: a sibling of an allowed origin says the right words, from the wrong place."""
    site.write(
        "<h1>Our page</h1>"
        f"<script src='{chat.base}/embed.js'></script><iframe id=sibling src='/s'></iframe>"
    )
    site.pages["/s"] = pages.Page(
        b"<!doctype html><title>s</title>", b"", {"Content-Type": "text/html"}
    )
    page.goto(site.base)
    page.get_by_role("button", name="Get advice").click()
    found = page.locator("iframe[title='Advice chat']").element_handle().content_frame()
    person = greeted(Person(page, found))
    sibling = page.frame(url=f"{site.base}/s")

    sibling.evaluate(
        """() => {
          for (const target of [parent, ...Array.from(parent.frames)]) {
            for (const fc of ['leave', 'close', 'left', 'here']) target.postMessage({ fc }, '*')
            target.postMessage({ fc: 'open', reloaded: true, theme: {} }, '*')
          }
        }"""
    )
    with page.expect_popup() as popup:
        page.evaluate(f"window.child = window.open('{chat.base}/frame')")
    other = greeted(Person(popup.value, popup.value))
    page.evaluate("window.child.postMessage({ fc: 'leave' }, '*')")

    other.say("still here")
    person.say("still here")
    expect(other.chat.locator("h1")).to_be_visible()
    expect(person.chat.locator("h1")).to_be_visible()


def test_the_page_hears_nobody_but_the_chat(page: Page, site: Site, chat: Service):
    """S10: the page takes no orders from itself or others."""
    person = embedded(page, site, chat)

    page.evaluate(
        "() => { for (const fc of ['leave', 'close', 'left', 'here']) "
        "window.postMessage({ fc }, '*') }"
    )

    person.say("still here")
    expect(page.locator("iframe")).to_be_visible()
    assert page.url == f"{site.base}/"


def test_session_recorders_are_asked_to_look_away(alone: Person):
    """WID-6: marks that recorders heed, and a box nothing fills in."""
    marks = alone.chat.locator("#fc").evaluate("chat => chat.getAttributeNames()")

    assert {
        "data-private",
        "data-clarity-mask",
        "data-dd-privacy",
        "data-hj-suppress",
    } <= {*marks}
    box = alone.chat.get_by_label("Your message")
    expect(box).to_have_attribute("autocomplete", "off")
    expect(box).to_have_attribute("spellcheck", "false")
    assert box.get_attribute("name") is None
