"""The input gate: what a browser may send, and what it becomes."""

import json
import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.gate import (
    DIVISION_SLASH,
    LONGEST_TEXT,
    Unacceptable,
    clean,
    parse_message,
    parse_nothing,
    parse_opening,
    without_command,
)

ID = "8b9c2c8e-6f0e-4b53-9a55-6d1d0a2f7b11"
GOOD = {"id": ID, "n": 1, "kind": "text", "text": "hello"}


def parsed(**changes):
    return parse_message(json.dumps({**GOOD, **changes}).encode())


def code(body):
    with pytest.raises(Unacceptable) as refusal:
        parse_message(body)
    return refusal.value.code


def test_a_message_is_read_as_it_is():
    message = parsed()

    assert (message.id, message.n, message.text, message.choice) == (
        ID,
        1,
        "hello",
        None,
    )


def test_a_choice_is_read_as_its_id():
    body = {"id": ID.upper(), "n": 2, "kind": "choice", "choice": "aB-_9"}

    message = parse_message(json.dumps(body).encode())

    assert (message.id, message.choice, message.text) == (ID, "aB-_9", "")


WRONG = [None, True, False, 0, -1, 1.5, 10**7, [], {}, [1], [[]], {"a": 1}]


@pytest.mark.parametrize("name", ["id", "n", "kind", "text"])
@pytest.mark.parametrize("value", WRONG, ids=repr)
def test_a_field_of_a_wrong_kind_is_refused(name, value):
    """I4."""
    assert code(json.dumps({**GOOD, name: value}).encode()) == "bad_request"


@pytest.mark.parametrize(
    "name",
    [
        "sender",
        "metadata",
        "input_channel",
        "conversation_id",
        "__proto__",
        "constructor",
    ],
)
def test_a_field_too_many_is_refused(name):
    """I9."""
    assert code(json.dumps({**GOOD, name: "x"}).encode()) == "bad_request"


@pytest.mark.parametrize("name", ["id", "n", "kind", "text"])
def test_a_missing_field_is_refused(name):
    """I4, INP-1."""
    left = {key: value for key, value in GOOD.items() if key != name}

    assert code(json.dumps(left).encode()) == "bad_request"


def test_text_and_choice_do_not_go_together():
    """I9, INP-4."""
    assert code(json.dumps({**GOOD, "choice": "x"}).encode()) == "bad_request"


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"null",
        b"[]",
        b'"text"',
        b"hello",
        b"[" * 60_000,
        b'{"a":' * 10_000,
        b'{"n":' + b"9" * 5000 + b"}",
        b'{"n": NaN}',
        b'{"n": Infinity}',
        b'{"n": 1e400}',
        b'{"id": "x", "id": "y"}',
        b"\xef\xbb\xbf{}",
        b'{"text": "\xff"}',
        b'{"text": "\xc0\xaf"}',
        "{}".encode("utf-16"),
    ],
    ids=lambda body: repr(body[:20]),
)
def test_a_body_that_is_no_message_is_refused(body):
    """I5, I6."""
    assert code(body) == "bad_request"


@pytest.mark.parametrize(
    "text",
    ["\x00", "a\x00b", "\ud800", "a\udfffb"],
    ids=["nul", "nul2", "half", "half2"],
)
def test_nul_and_half_letters_are_refused(text):
    """I3."""
    assert code(json.dumps({**GOOD, "text": text}).encode()) == "bad_request"


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("  hello \n", "hello"),
        ("a\x07b\x1bc\x7f", "abc"),
        ("a\u202eb\u2066c\u2069", "abc"),
        ("two\r\nlines\rthree\tend", "two\nlines\nthree\tend"),
        ("cafe\u0301", "café"),
        ("👩\u200d👧 ok", "👩\u200d👧 ok"),
        ("<script>alert(1)</script>", "<script>alert(1)</script>"),
        ("'; DROP TABLE conversations; --", "'; DROP TABLE conversations; --"),
        ("{{7*7}} ${x} %s", "{{7*7}} ${x} %s"),
        ("null", "null"),
    ],
)
def test_words_stay_as_they_were_typed(text, kept):
    """I1, I3."""
    assert clean(text) == kept


@pytest.mark.parametrize("text", ["", " ", "\n\t ", "\u200b", "\u200d\u2066", "\x07"])
def test_a_message_without_a_visible_letter_is_empty(text):
    """I2, INP-2."""
    with pytest.raises(Unacceptable) as refusal:
        clean(text)

    assert refusal.value.code == "empty"


@pytest.mark.parametrize("letter", ["a", "é", "👩", "[", "字"])
def test_the_longest_message_is_counted_in_letters(letter):
    """I2."""
    assert len(clean(letter * LONGEST_TEXT)) == LONGEST_TEXT
    with pytest.raises(Unacceptable) as refusal:
        clean(letter * (LONGEST_TEXT + 1))
    assert refusal.value.code == "too_long"


def test_a_message_too_long_still_lets_danger_be_heard():
    """I2, TRN-6."""
    with pytest.raises(Unacceptable) as refusal:
        clean("help " * 2000)

    assert refusal.value.text.startswith("help help")


@pytest.mark.parametrize(
    "text",
    [
        "/restart",
        "/session_start",
        "/back",
        '/answer{"answer": "yes"}',
        "/intent@1.0",
        "\uff0frestart",
        "\u200b/restart",
        "\u2060\u200d/restart",
        "//restart",
    ],
)
def test_a_text_never_starts_a_command(text):
    """I7."""
    words = without_command(text)

    assert words.lstrip("\u200b\u2060\u200d")[0] == DIVISION_SLASH
    assert len(words) == len(text)


@pytest.mark.parametrize("text", ["and/or", "he said /restart", "1/2", ""])
def test_a_slash_inside_words_stays(text):
    """I7: and nothing else is changed."""
    assert without_command(text) == text


def test_an_opening_says_nothing_or_that_the_tab_keeps_the_token():
    """I9, INP-1."""
    assert parse_opening(b"{}") == ""
    assert parse_opening(b'{"keep": "tab"}') == "tab"
    for body in (b"", b"[]", b'{"keep": "disk"}', b'{"keep": "tab", "x": 1}'):
        with pytest.raises(Unacceptable):
            parse_opening(body)


def test_an_end_says_nothing():
    """I9, INP-1."""
    parse_nothing(b"{}")
    with pytest.raises(Unacceptable):
        parse_nothing(b'{"why": "x"}')


@given(st.binary(max_size=400))
def test_any_bytes_are_a_message_or_refused(body):
    """I11."""
    code = None
    try:
        parse_message(body)
    except Unacceptable as refusal:
        code = refusal.code

    assert code in (None, "bad_request", "empty", "too_long", "choice")


@settings(deadline=None)
@given(st.text(max_size=300))
def test_any_text_comes_out_clean_and_stays_so(text):
    """I11."""
    try:
        words = clean(text)
    except Unacceptable:
        return

    assert clean(words) == words
    assert unicodedata.is_normalized("NFC", words)
    assert not without_command(words).strip().startswith(("/", "\uff0f"))
