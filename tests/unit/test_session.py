"""Tokens: whose conversation it is, and for how long."""

import re

import pytest
from toy.keys import KEY, ORIGIN, OTHER_KEY

from bot.session import (
    CLOCK_SKEW_S,
    InvalidSession,
    ServerKey,
    Sessions,
    WeakKey,
    looks_like_token,
    new_key,
)

NOW = 1_800_000_000.0
LIFE_S = 3600


def sessions(*keys):
    return Sessions([ServerKey.from_text(key) for key in keys or (KEY,)], LIFE_S)


def test_a_token_opens_the_conversation_it_was_issued_for():
    token, session = sessions().issue(ORIGIN, NOW)

    assert sessions().open(token, ORIGIN, NOW + 10) == session


def test_two_conversations_share_neither_name_nor_key():
    """SES-1, S1."""
    _, one = sessions().issue(ORIGIN, NOW)
    _, other = sessions().issue(ORIGIN, NOW)

    assert one.conversation_id != other.conversation_id
    assert one.key != other.key


def test_the_stored_name_is_short_plain_and_not_in_the_token():
    """SES-1."""
    token, session = sessions().issue(ORIGIN, NOW)

    assert re.fullmatch(r"[A-Za-z0-9_-]{20,64}", session.conversation_id)
    assert session.conversation_id not in token


def test_no_letter_of_a_token_can_be_changed():
    """S1."""
    token, _ = sessions().issue(ORIGIN, NOW)
    changed = [
        token[:at] + ("A" if token[at] != "A" else "B") + token[at + 1 :]
        for at in range(len(token))
    ]

    for forged in changed:
        with pytest.raises(InvalidSession):
            sessions().open(forged, ORIGIN, NOW)


@pytest.mark.parametrize(
    "token",
    ["", "x", "a" * 124, "é" * 124, "\x00" * 124, "a" * 10_000, "=" * 124, "a b" * 41],
)
def test_what_is_no_token_opens_nothing(token):
    """S1."""
    with pytest.raises(InvalidSession):
        sessions().open(token, ORIGIN, NOW)


def test_a_token_of_another_server_opens_nothing():
    """S1."""
    token, _ = sessions(OTHER_KEY).issue(ORIGIN, NOW)

    with pytest.raises(InvalidSession):
        sessions().open(token, ORIGIN, NOW)


def test_a_token_outlives_the_change_of_keys_once():
    """S4, SES-6: the key before is accepted, older ones are not."""
    token, session = sessions(OTHER_KEY).issue(ORIGIN, NOW)

    assert sessions(KEY, OTHER_KEY).open(token, ORIGIN, NOW) == session
    with pytest.raises(InvalidSession):
        sessions(KEY, new_key()).open(token, ORIGIN, NOW)


@pytest.mark.parametrize("age_s", [LIFE_S + 1, -CLOCK_SKEW_S - 1, 10**9])
def test_a_token_opens_nothing_outside_its_time(age_s):
    """S1, SES-3."""
    token, _ = sessions().issue(ORIGIN, NOW)

    with pytest.raises(InvalidSession):
        sessions().open(token, ORIGIN, NOW + age_s)


@pytest.mark.parametrize(
    "origin",
    [
        "",
        "null",
        "http://127.0.0.1:5006",
        "https://127.0.0.1:5005",
        ORIGIN + ".evil.test",
    ],
)
def test_a_token_is_good_for_the_page_it_was_given_to(origin):
    """S3."""
    token, _ = sessions().issue(ORIGIN, NOW)

    with pytest.raises(InvalidSession):
        sessions().open(token, origin, NOW)


def test_a_reading_call_may_leave_out_where_it_comes_from():
    token, session = sessions().issue(ORIGIN, NOW)

    assert sessions().open(token, None, NOW) == session


@pytest.mark.parametrize(
    "text",
    ["", "   ", "brief", "x" * 64, "abab" * 16, "change-me-" + KEY, "example" + KEY],
)
def test_a_weak_key_is_refused_without_being_told(text):
    """F29."""
    with pytest.raises(WeakKey) as refusal:
        ServerKey.from_text(text)

    assert not text.strip() or text.strip() not in str(refusal.value)


def test_a_new_key_is_strong_enough_and_never_the_same():
    """SES-6."""
    assert ServerKey.from_text(new_key()) != ServerKey.from_text(new_key())


def test_keys_do_not_show_when_printed():
    _, session = sessions().issue(ORIGIN, NOW)

    assert "key" not in repr(session).lower()
    assert "sealing" not in repr(ServerKey.from_text(KEY))


def test_a_token_is_known_wherever_it_turns_up():
    token, _ = sessions().issue(ORIGIN, NOW)

    assert looks_like_token(token)
    assert not looks_like_token(token[:-1])
    assert not looks_like_token("session")
