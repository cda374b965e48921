"""Limits: generous, by conversation and by address, and forgotten soon."""

import ipaddress

import pytest

from bot.limits import (
    DAY_S,
    MOST_NAMES,
    AddressKeys,
    Limit,
    Limits,
    Rates,
    TooFast,
)

PROXIES = (ipaddress.ip_network("10.0.0.0/8"), ipaddress.ip_network("fd00::/8"))


class Clock:
    """A clock that stands until it is moved."""

    def __init__(self):
        self.now = 1000.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


def count(rates, name="one"):
    """Return how many are allowed at once."""
    allowed = 0
    try:
        while True:
            rates.allow(name)
            allowed += 1
    except TooFast:
        return allowed


def test_five_messages_at_once_and_one_a_second_after(clock):
    """INP-6."""
    rates = Rates(Limits().messages, clock)

    at_once = count(rates)
    clock.now += 5
    later = count(rates)

    assert (at_once, later) == (5, 5)


def test_thirty_messages_a_minute(clock):
    """INP-6."""
    rates = Rates(Limits().messages, clock)
    allowed = 0
    for _ in range(11):
        allowed += count(rates)
        clock.now += 5

    assert allowed == 30


def test_one_conversation_takes_nothing_from_another(clock):
    """S5, INP-6."""
    rates = Rates((Limit(1, 60.0),), clock)

    assert (count(rates, "one"), count(rates, "other")) == (1, 1)


def test_who_is_too_fast_learns_when_to_go_on(clock):
    """INP-6."""
    rates = Rates((Limit(2, 10.0),), clock)
    count(rates)
    clock.now += 3.5

    with pytest.raises(TooFast) as fast:
        rates.allow("one")
    clock.now += fast.value.retry_after_s
    rates.allow("one")

    assert fast.value.retry_after_s == 7


def test_counters_are_forgotten_when_no_limit_looks_back_so_far(clock):
    """INP-7: also those of a name that goes on being seen."""
    rates = Rates((Limit(5, 60.0), Limit(3, 600.0)), clock)
    rates.allow("one")
    rates.allow("other")
    clock.now += 599
    rates.forget()
    rates.allow("one")
    before = count(rates, "one")
    clock.now += 1
    rates.forget()

    assert before == 1
    assert {name: list(times) for name, times in rates._seen.items()} == {
        "one": [clock.now - 1] * 2
    }


def test_an_address_is_a_name_without_the_address(clock):
    """INP-7."""
    keys = AddressKeys((), clock)

    name = keys.name("192.0.2.7", [])

    assert name == keys.name("192.0.2.7", [])
    assert name != keys.name("192.0.2.8", [])
    assert name != AddressKeys((), clock).name("192.0.2.7", [])
    assert "." not in name


def test_tomorrow_the_name_is_another(clock):
    """INP-7."""
    keys = AddressKeys((), clock)
    name = keys.name("192.0.2.7", [])
    clock.now += DAY_S + 1

    assert keys.name("192.0.2.7", []) != name


def test_one_household_is_one_address_in_the_new_protocol(clock):
    """INP-7."""
    keys = AddressKeys((), clock)

    one = keys.name("2001:db8:1:2::7", [])

    assert one == keys.name("2001:db8:1:2:ffff::8", [])
    assert one != keys.name("2001:db8:1:3::7", [])


@pytest.mark.parametrize(
    ("peer", "forwarded", "caller"),
    [
        ("192.0.2.7", ["198.51.100.1"], "192.0.2.7"),
        ("10.0.0.1", ["198.51.100.1"], "198.51.100.1"),
        ("10.0.0.1", ["203.0.113.9, 198.51.100.1"], "198.51.100.1"),
        ("10.0.0.1", ["203.0.113.9", "198.51.100.1"], "198.51.100.1"),
        ("10.0.0.1", ["203.0.113.9, 10.0.0.2"], "203.0.113.9"),
        ("10.0.0.1", ["nonsense"], "10.0.0.1"),
        ("10.0.0.1", [], "10.0.0.1"),
        ("::ffff:10.0.0.1", ["198.51.100.1"], "198.51.100.1"),
    ],
)
def test_a_proxy_is_believed_only_if_it_is_ours(clock, peer, forwarded, caller):
    """I12, INP-7."""
    keys = AddressKeys(PROXIES, clock)

    assert keys.name(peer, forwarded) == keys.name(caller, [])


def test_ever_so_many_addresses_fill_no_memory(clock):
    """S6, INP-7: the one not seen for longest is forgotten first."""
    rates = Rates((Limit(1, 600.0),), clock)
    for number in range(MOST_NAMES + 10):
        rates.allow(str(number))

    assert len(rates._seen) == MOST_NAMES
    assert (count(rates, "0"), count(rates, str(MOST_NAMES))) == (1, 0)
