"""Bad input of every kind, over a real port to a served process: section I of the plan."""

import gzip
import html
import json
import time
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from toy.house import body, new_id
from toy.served import TICKET, parts_text
from toy.strange import (
    AT_ONCE,
    JSON,
    PATHS,
    TOY_WORDS,
    Speakers,
    check_json,
    check_words,
    cleaned,
    is_refusal,
    paths,
)

from bot.gate import LARGEST_BODY, LONGEST_TEXT

pytestmark = pytest.mark.first_half

FILE = Path(__file__).parent / "data" / "naughty.json"
NAUGHTY = json.loads(FILE.read_text(encoding="ascii"))


def test_naughty_strings_are_many():
    """I1: no fewer than 500, each another one."""
    assert len(set(NAUGHTY)) == len(NAUGHTY) >= 500


def test_naughty_strings_are_words_and_nothing_else(someone):
    """I1, S8: each comes back letter for letter, runs nothing and breaks nothing."""
    speakers = Speakers(someone)
    wrong = []
    heard = 0
    for text in NAUGHTY:
        kept, _ = cleaned(f"note {text}")
        n, status, answer = speakers.say(f"note {text}")
        heard = 1 if n == 1 else heard + 1
        if status != 200 or parts_text(answer) != [f"{heard}: {kept}"]:
            wrong.append((text, status, answer))

    assert wrong == []


def test_naughty_strings_alone_are_answered_or_kindly_refused(someone):
    """I1: no string on its own, first letter and all, is a command or an error."""
    speakers = Speakers(someone)
    wrong = []
    for text in NAUGHTY[::4]:
        _, code = cleaned(text)
        _, status, answer = speakers.say(text)
        fit = status == 200 if code is None else is_refusal(code, status, answer)
        if not fit and not TOY_WORDS.search(text):
            wrong.append((text, status, answer))

    assert wrong == []


def test_naughty_strings_stand_on_the_plain_page_as_text(someone):
    """I1, S8: what a page without a script shows of them is escaped, every letter."""
    wrong = []
    some = NAUGHTY[::6]
    for at, text in enumerate(some):
        if at % AT_ONCE == 0:
            caller = someone()
            ticket = caller.plain_chat()
        status, page = caller.form({"ticket": ticket, "text": f"note {text}"})
        ticket = html.unescape(TICKET.search(page)[1])
        kept, _ = cleaned(f"note {text}")
        shown = [line for line in kept.splitlines() if line.strip()]
        fits = status == 200 and all(line in html.unescape(page) for line in shown)
        if not fits or "<script" in page or "<img" in page or "<svg" in page:
            wrong.append((text, status))

    assert wrong == []


@pytest.mark.parametrize("path", PATHS)
def test_naughty_strings_are_no_body(someone, path):
    """I1, I6: as a whole body, a string of any kind is refused in the same words."""
    caller = someone()
    token, _ = caller.begin()
    wrong = []
    for text in NAUGHTY[::4]:
        raw = text.encode("utf-8", "surrogatepass")
        status, _, answer = caller.call("POST", path, token=token, raw=raw)
        if not (is_refusal("bad_request", status, answer) or (raw == b"{}")):
            wrong.append((text, status, answer))

    assert wrong == []


SHAPES = {
    "words": "note ",
    "one word": "a",
    "emoji": "\U0001f631",
    "brackets": "[",
}


def of(shape, length):
    return (SHAPES[shape] * length)[:length]


@pytest.mark.parametrize("shape", SHAPES)
def test_a_message_is_as_long_as_it_may_be_or_kindly_refused(someone, served, shape):
    """I2: 0 to 101 MB, in words, one word, emoji and brackets; memory stays flat."""
    caller = someone()
    token, _ = caller.begin()
    before, _ = served.memory_mb()
    sizes = [0, 1, 3999, 4000, 4001, 16_000, 100_000, 1_000_000, 10_000_000]
    codes, slowest = [], 0.0
    n = 1
    for size in sizes:
        started = time.monotonic()
        try:
            status, answer = caller.say(token, n, of(shape, size))
        except ConnectionError:  # shut while we were still sending, as it should be
            status, answer = 413, {"error": "too_large"}
            caller.wire.close()
        slowest = max(slowest, time.monotonic() - started)
        codes.append(answer.get("error", status))
        n += status == 200
    _, most = served.memory_mb()

    large = "too_large" if len(of(shape, 16_000).encode()) * 3 > LARGEST_BODY else None
    middle = large if shape == "emoji" else "too_long"
    assert codes[:5] == ["empty", 200, 200, 200, "too_long"]
    assert codes[5] == middle
    assert codes[6:] == ["too_large"] * 3
    assert most - before < 100
    assert slowest < 2


def test_a_body_of_a_hundred_megabytes_is_refused_unread(someone, served):
    """I2: before the sender has sent it."""
    started = time.monotonic()
    answer = served.exchange(
        f"POST /chat/messages HTTP/1.1\r\nHost: x\r\nOrigin: {served.origin}\r\n"
        "Content-Type: application/json\r\nContent-Length: 105906176\r\n\r\n{".encode()
    )

    assert answer.startswith(b"HTTP/1.1 413")
    assert time.monotonic() - started < 1


ODD_LETTERS = [
    *(
        f"a{chr(code)}b"
        for code in (*range(0x01, 0x09), 0x0B, 0x0C, *range(0x0E, 0x20))
    ),
    *(f"a{chr(code)}b" for code in (0x7F, 0x80, 0x85, 0x9F)),
    *(f"a{chr(code)}b" for code in (*range(0x202A, 0x202F), *range(0x2066, 0x206A))),
]


def test_letters_no_keyboard_types_are_dropped(someone):
    """I3, INP-3: 41 of them, each taken out of the words around it."""
    speakers = Speakers(someone)
    for letters in ODD_LETTERS:
        n, status, answer = speakers.say(f"note {letters}")
        assert (status, parts_text(answer)) == (200, [f"{n}: note ab"]), ascii(letters)


BROKEN = [
    b'"a\\u0000b"',
    b'"\\ud800"',
    b'"a\\udfffb"',
    b'"\\udc00\\ud800"',
    b'"a\x00b"',
    b'"\xff"',
    b'"\xc0\xaf"',
    b'"\xc0\x80"',
    b'"\xe0\x80\xaf"',
    b'"\xed\xa0\x80"',
    b'"\xf4\x90\x80\x80"',
    b'"\xf8\x88\x80\x80\x80"',
    b'"\xe2\x82"',
    b'"a\nb"',
    b'"a\tb"',
    b"'a'",
]


@pytest.mark.parametrize("value", BROKEN, ids=ascii)
@pytest.mark.parametrize("name", ["id", "text", "kind"])
def test_broken_letters_are_refused_wherever_they_stand(someone, name, value):
    """I3, INP-3: NUL, half letters, invalid and overlong UTF-8."""
    caller = someone()
    token, _ = caller.begin()
    parts = {"id": f'"{new_id()}"', "n": "1", "kind": '"text"', "text": '"x"'}
    raw = b", ".join(
        f'"{key}": '.encode() + (value if key == name else text.encode())
        for key, text in parts.items()
    )

    status, _, answer = caller.call(
        "POST", "/chat/messages", token=token, raw=b"{%s}" % raw
    )

    assert is_refusal("bad_request", status, answer)


@pytest.mark.parametrize("coding", ["utf-16", "utf-32", "utf-16-be", "utf-8-sig"])
@pytest.mark.parametrize("path", PATHS)
def test_a_body_in_another_coding_is_refused(someone, path, coding):
    """I3: UTF-16, UTF-32 and a byte order mark."""
    caller = someone()
    token, _ = caller.begin()

    status, _, answer = caller.call("POST", path, token=token, raw="{}".encode(coding))

    assert is_refusal("bad_request", status, answer)


WRONG = ["null", "true", "0", "-1", "1.5", "1e400", "NaN", "[]", "{}", '[{"a":[{}]}]']


def test_a_field_of_a_wrong_kind_is_refused_in_the_same_words(someone):
    """I4: every field, ten kinds; all 40 answers are the same bytes."""
    caller = someone()
    token, _ = caller.begin()
    answers = set()
    for name in ("id", "n", "kind", "text"):
        for value in WRONG:
            given = {key: json.dumps(each) for key, each in body(1, "x").items()}
            raw = ", ".join(
                f'"{key}": {each}' for key, each in {**given, name: value}.items()
            )
            status, _, answer = caller.call(
                "POST", "/chat/messages", token=token, raw=f"{{{raw}}}".encode()
            )
            answers.add((status, answer))

    ((status, answer),) = answers
    assert is_refusal("bad_request", status, answer)


BOMBS = {
    "nested lists": b"[" * 30_000 + b"]" * 30_000,
    "nested objects": b'{"a":' * 10_000 + b"1" + b"}" * 10_000,
    "only opened": b"[" * 65_000,
    "many names": b"{" + b",".join(b'"%d":1' % n for n in range(6000)) + b"}",
    "a long number": b'{"n":' + b"9" * 5000 + b"}",
    "a longer number": b'{"n":1' + b"0" * 60_000 + b"}",
    "a name twice": b'{"id":"a","id":"b"}',
    "many marks": b"\xef\xbb\xbf" * 20_000 + b"{}",
    "many escapes": b'{"a":"' + b"\\u0061" * 10_000 + b'"}',
    "an exponent": b'{"n":1e999999999}',
}


@pytest.mark.parametrize("bomb", BOMBS)
@pytest.mark.parametrize("path", PATHS)
def test_a_json_bomb_does_not_go_off(someone, path, bomb):
    """I5: refused at once, without memory."""
    caller = someone()
    token, _ = caller.begin()
    started = time.monotonic()

    status, _, answer = caller.call("POST", path, token=token, raw=BOMBS[bomb])

    assert is_refusal("bad_request", status, answer)
    assert time.monotonic() - started < 1


BODIES = [
    (b"[]", {}, "bad_request"),
    (b'"x"', {}, "bad_request"),
    (b"", {}, "bad_request"),
    (b"null", {}, "bad_request"),
    (b"text=x", {}, "bad_request"),
    (b"{}{}", {}, "bad_request"),
    (b"{} //", {}, "bad_request"),
    (b"{'a': 1}", {}, "bad_request"),
    (b"text=x", {"Content-Type": "application/x-www-form-urlencoded"}, "content_type"),
    (
        b"--b\r\n\r\n--b--",
        {"Content-Type": "multipart/form-data; boundary=b"},
        "content_type",
    ),
    (b"{}", {"Content-Type": "text/plain"}, "content_type"),
    (b"{}", {"Content-Type": "application/jsonp"}, "content_type"),
    (b"{}", {"Content-Type": None}, "content_type"),
    (
        gzip.compress(bytes(10**8), 9)[:60_000],
        {"Content-Encoding": "gzip"},
        "content_type",
    ),
    (b"{}", {"Content-Encoding": "identity"}, "content_type"),
]


@pytest.mark.parametrize(
    ("raw", "headers", "code"), BODIES, ids=lambda each: repr(each)[:40]
)
@pytest.mark.parametrize("path", PATHS)
def test_a_body_that_is_no_message_of_ours_is_refused(
    someone, path, raw, headers, code
):
    """I6: lists, forms, parts, packed bodies."""
    caller = someone()
    token, _ = caller.begin()

    status, _, answer = caller.call("POST", path, token=token, raw=raw, headers=headers)

    assert is_refusal(code, status, answer)


def test_forty_forged_choices_do_nothing(someone):
    """I8: never offered, from an earlier step, another conversation's, raw payloads."""
    other = someone()
    _, theirs = other.begin()
    caller = someone()
    token, greeting = caller.begin()
    first, second = (each["id"] for each in greeting[0]["choices"])
    _, picked = caller.say(token, 1, "pick")
    forged = [
        *(each["id"] for each in theirs[0]["choices"]),
        *(first, second, first.lower(), first.upper(), first[:-1], first + "A"),
        *("first", "second", "third", "answer", "restart", "session_start", "back"),
        *("0", "1", "-1", "_", "-", "A" * 64, "A" * 65, token[:64], token),
        *("/answer", '/answer{"answer": "first"}', "/restart", "answer{}", "../x"),
        *(f"{first} ", f" {first}", f"{first}\x00", f"{first}\n", f"{first}\u200b"),
        *("\u0430\u0435", "\uff41", "constructor", "__proto__", "", "null", "\u212a"),
    ]
    assert len(forged) >= 40
    codes = {}
    for choice in forged:
        # Each from elsewhere, so that it is the choice that is refused and not the rate.
        thief = someone()
        codes[choice] = thief.say(token, 2, choice=choice)

    third = picked["messages"][0]["types"][0]["choices"][0]["id"]
    status, answer = caller.say(token, 2, choice=third)

    assert {is_refusal("choice", *each) for each in codes.values()} == {True}
    assert (status, parts_text(answer)) == (200, ["You picked third."])


FIELDS = [
    "sender",
    "sender_id",
    "metadata",
    "input_channel",
    "conversation_id",
    "token",
    "slots",
    "intent",
    "__proto__",
    "constructor",
]


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("name", FIELDS)
def test_a_field_too_many_is_refused_on_every_call(someone, path, name):
    """I9, INP-5."""
    caller = someone()
    token, _ = caller.begin()
    value = {**(body(1, "x") if path == "/chat/messages" else {}), name: "x"}

    status, _, answer = caller.call("POST", path, value, token)

    assert is_refusal("bad_request", status, answer)


EASY = settings(
    max_examples=150,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


@EASY
@given(text=st.text(max_size=200))
def test_any_words_are_kept_as_they_are_or_kindly_refused(speakers, text):
    """I11: any Unicode string; 150 here, 5,000 in `make soak`."""
    check_words(speakers, text)


@EASY
@given(value=JSON, path=paths)
def test_any_json_is_refused_in_words(talker, value, path):
    """I11: any JSON at all; 150 here, 5,000 in `make soak`."""
    check_json(talker, value, path)


@pytest.fixture
def speakers(someone):
    """Return somebody who can speak on and on."""
    return Speakers(someone)


@pytest.fixture
def talker(someone):
    """Return a caller and a token."""
    caller = someone()
    return caller, caller.begin()[0]


def head(served, *lines, path="/chat/session", text=b"{}"):
    """Return a request with other lines in its head."""
    usual = [
        f"POST {path} HTTP/1.1",
        f"Origin: {served.origin}",
        "Content-Type: application/json",
        "X-Forwarded-For: 10.250.0.1",
        f"Content-Length: {len(text)}",
    ]
    return "\r\n".join([*usual, *lines, "", ""]).encode("latin-1") + text


ABUSE = {
    "a long header": (["Host: x", "X: " + "a" * 16_000], 413),
    "a long cookie": (["Host: x", "Cookie: " + "a=b; " * 3000], 413),
    "200 headers": (["Host: x", *(f"X{n}: y" for n in range(200))], 400),
    "no host": ([], 400),
    "two hosts": (["Host: x", "Host: y"], 400),
    "no name": (["Host: "], 400),
    "a host that is none": (["Host: a b"], 400),
    "a host with a path": (["Host: x/y"], 400),
    "a host with a user": (["Host: a@b"], 400),
    "a port that is none": (["Host: x:y"], 400),
    "a host of NUL": (["Host: x\x00"], 400),
    "two origins": (["Host: x", "Origin: y"], 400),
    "two tokens": (["Host: x", "Authorization: a", "Authorization: b"], 400),
    "another expectation": (["Host: x", "Expect: 200-ok"], 400),
    "a web socket": (["Host: x", "Upgrade: websocket", "Connection: Upgrade"], 400),
    "another protocol": (["Host: x", "Upgrade: h2c", "HTTP2-Settings: x"], 400),
}


@pytest.mark.parametrize("abuse", ABUSE)
def test_a_header_is_not_abused(served, abuse):
    """I12: 16 KB, 200 of them, none or two where there is one, and odd hosts."""
    lines, status = ABUSE[abuse]

    answer = served.exchange(head(served, *lines))

    assert answer.startswith(b"HTTP/1.1 %d " % status)
    assert answer.count(b"HTTP/1.1 ") == 1


def test_an_address_made_up_behind_a_proxy_is_not_believed(served):
    """I12, INP-7: of what is forwarded, the address our own proxy added counts alone."""
    caller = served.caller(0xFA0001)
    statuses = []
    for number in range(61):
        headers = {"X-Forwarded-For": f"192.0.2.{number}, 10.250.0.9"}
        status, _, _ = caller.call("POST", "/chat/session", {}, headers=headers)
        statuses.append(status)

    assert statuses == [201] * 60 + [429]


def test_longest_is_what_the_plan_says():
    """INP-1, INP-2."""
    assert (LARGEST_BODY, LONGEST_TEXT) == (64 * 1024, 4000)
