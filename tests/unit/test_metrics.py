"""Metrics: nothing that is shown follows a person."""

import random
import urllib.request

import pytest
from toy.house import Chat, run, started
from toy.machine import free_port

from bot.metrics import FAMILIES, FEWEST, STEPS_S, WINDOW_S, Metrics
from bot.scraping import exposed


class Clock:
    def __init__(self):
        self.now = 0.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def metrics(clock):
    return Metrics(WINDOW_S, clock)


def crowd(metrics, people=10, seconds=0.2, seen=(), name="person"):
    for n in range(people):
        metrics.turn(f"{name} {n * 7919}", seconds, seen)


def close(metrics, clock):
    clock.now += WINDOW_S
    return metrics.released()


def test_an_open_window_shows_nothing(metrics, clock):
    """LOG-3."""
    before = metrics.released()
    crowd(metrics, 40, seen=[("danger_cards", "immediate")])
    metrics.live(40)
    clock.now += WINDOW_S - 1

    assert metrics.released() == before
    assert close(metrics, clock).counts == {
        ("turns", ""): 40,
        ("danger_cards", "immediate"): 40,
    }


def test_one_person_is_not_seen_however_much_they_say(metrics, clock):
    """LOG-3: five messages of one person are one person."""
    before = metrics.released()
    for _ in range(50):
        metrics.turn("one", 0.2, [("danger_cards", "immediate")])
        metrics.failure("one", "not_kept")

    after = close(metrics, clock)
    assert (after.counts, after.durations) == (before.counts, before.durations)


def test_a_small_cell_beside_a_large_one_is_hidden_for_good(metrics, clock):
    for _ in range(6):
        crowd(metrics, 40)
        crowd(metrics, FEWEST - 1, seen=[("types", "fixated")])
        assert ("types", "fixated") not in close(metrics, clock).counts


def test_all_but_a_few_would_tell_of_the_few(metrics, clock):
    crowd(metrics, 40, seen=[("not_understood", "")])
    crowd(metrics, 2, name="other")

    assert close(metrics, clock).counts == {("turns", ""): 42}


def test_nobody_is_told_apart_from_four_others_by_how_long_it_took(metrics, clock):
    chance = random.Random(7)
    for _ in range(30):
        before = metrics.released().durations
        took = [chance.choice((0.05, 0.2, 0.4, 0.9, 3.0, 14.0)) for _ in range(25)]
        for n, seconds in enumerate(took):
            metrics.turn(f"{n * 7919} {seconds}", seconds, ())
        after = close(metrics, clock).durations
        moved = {step: after.get(step, 0) - before.get(step, 0) for step in STEPS_S}

        assert all(count == 0 or count >= FEWEST for count in moved.values())
        assert sum(moved.values()) in (0, 25)
        # Rounded up, never down.
        for step in STEPS_S:
            shown = sum(count for at, count in moved.items() if at <= step)
            assert shown <= sum(seconds <= step for seconds in took)


def test_the_next_person_does_not_move_what_is_open(metrics, clock):
    shown = []
    for live in range(11):
        metrics.live(live)
        shown.append(close(metrics, clock).live)

    assert shown == [0] * 5 + [5] * 5 + [10]


def test_a_label_nobody_named_is_other(metrics, clock):
    """P1: no words can become a label."""
    crowd(metrics, 20, seen=[("types", "CANARY in a sentence")])
    for n in range(20):
        metrics.failure(str(n * 7919), "CANARY")

    released = close(metrics, clock)
    assert "CANARY" not in str(released)
    assert released.counts["types", "other"] == 20
    assert released.counts["failures", "other"] == 20


def test_what_was_counted_before_a_quiet_hour_is_released_once(metrics, clock):
    crowd(metrics, 20)
    clock.now += 4.5 * WINDOW_S
    first = metrics.released()
    crowd(metrics, 20)
    clock.now += 0.5 * WINDOW_S
    second = metrics.released()

    assert (first.counts["turns", ""], first.windows) == (20, 4)
    assert (second.counts["turns", ""], second.windows) == (40, 5)


def test_a_turn_that_is_kept_is_counted_by_what_was_in_it(tmp_path):
    counted = []

    class Listening(Metrics):
        def turn(self, who, seconds, seen):
            counted.append(sorted(seen))

    async def work():
        async with started(tmp_path, metrics=Listening()) as toy:
            chat = Chat(toy)
            await chat.begin()
            await chat.say("hello")
            await chat.say("warn")
            with pytest.raises(Exception, match="not_kept"):
                await chat.say("fail")

    run(work())
    assert counted == [[], [("danger_cards", "immediate")]]


def test_prometheus_reads_what_was_released_and_nothing_else(metrics, clock):
    """P1, LOG-3."""
    port = free_port()

    def scrape():
        address = f"http://127.0.0.1:{port}/metrics"
        with urllib.request.urlopen(address) as answer:
            return answer.read().decode()

    with exposed(metrics, port):
        empty = scrape()
        crowd(metrics, 40, seen=[("types", "fixated"), ("danger_cards", "crisis")])
        crowd(metrics, 1, seconds=3.0, name="slow")
        unchanged = scrape()
        clock.now += WINDOW_S
        lines = scrape().splitlines()

    assert empty == unchanged
    assert 'first_contact_types_total{type="fixated"}' not in empty
    assert not [line for line in lines if line.startswith(("process_", "python_"))]
    assert "first_contact_turns_total 41.0" in lines
    # Forty of forty-one: the one that had none would be told.
    assert not [line for line in lines if line.startswith("first_contact_types_total{")]
    assert 'first_contact_turn_duration_seconds_bucket{le="0.25"} 0.0' in lines
    assert 'first_contact_turn_duration_seconds_bucket{le="5.0"} 41.0' in lines
    named = {line.split()[2] for line in lines if line.startswith("# HELP")}
    assert {f"first_contact_{name}_total" for name in FAMILIES} <= named
