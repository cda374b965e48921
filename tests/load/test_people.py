"""People talk to the trained assistant: a few, many, more than it can take.

Targets: ten people p50 under 0.3 s and p95 under 1 s, fifty p95 under 1.5 s and p99 under
3 s, both without one refusal; a hundred p95 under 3 s, and whoever is too many is told;
after three times too much, ten people are answered as before within a minute. One process
on SQLite; the crowd is on the same machine, and its share is among the figures.
"""

import time

import pytest
from crowd import Crowd

STEP_PEOPLE = 25  # five more a second
STEP_S = 30.0
MOST_PEOPLE = 400
KNEE_P95_S = 3.0
TOO_MUCH = 3
CALM_S = 60.0


@pytest.fixture(scope="module")
def real(serve):
    return serve()


def held(told, real, crowd, seconds):
    """Let a crowd talk, hold what it heard to the promise, and return the figures."""
    before = real.usage()
    heard = crowd.talk(seconds)
    after = real.usage()
    figures = {
        "people": crowd.people,
        **heard.figures(),
        "assistant_cpu_percent": after.cpu_percent(before),
        "assistant_mb": round(after.memory_mb),
    }
    told(**figures)
    assert heard.broken == []
    return figures


def test_ten_people_wait_for_nothing(real, lasting, told):
    """L1: a message every 10 s each, for 5 minutes."""
    found = held(told, real, Crowd(real.door, 10, 10), lasting(5))

    assert found["refused"] == 0
    assert found["p50_s"] < 0.3
    assert found["p95_s"] < 1


def test_fifty_people_wait_for_next_to_nothing(real, lasting, told):
    """L2: a message every 5 s each, ten a second, for 10 minutes."""
    found = held(told, real, Crowd(real.door, 50, 5), lasting(10))

    assert found["refused"] == 0
    assert found["p95_s"] < 1.5
    assert found["p99_s"] < 3


def test_a_hundred_people_are_answered_or_told(real, lasting, told):
    """L3: a message every 5 s each, twenty a second, for 10 minutes."""
    found = held(told, real, Crowd(real.door, 100, 5), lasting(10))

    assert found["p95_s"] < 3


def test_three_times_too_much_is_shed_and_soon_forgotten(real, lasting, told):
    """L4: 5 minutes of three times what it can take; then ten people as in L1."""
    knee = found_knee(real, min(STEP_S, lasting(5)))
    many = Crowd(real.door, TOO_MUCH * knee, 5)
    before, talking = real.usage(), many.begin(lasting(5))
    until, live_s = time.monotonic() + lasting(5), 0.0
    while time.monotonic() < until:
        live_s = max(live_s, real.answers("/live"))
        time.sleep(1)
    calm = Crowd(real.door, 10, 10).begin(2 * CALM_S)
    crowd, after = talking.result(), calm.result()
    usage = real.usage()
    much = {"people": many.people, "knee_people": knee, "live_s": round(live_s, 2)}
    told("much", **much, **crowd.figures())
    found = after.figures(since=until + CALM_S)
    told("after", **found, assistant_cpu_percent=usage.cpu_percent(before))

    assert crowd.broken == after.broken == []
    assert found["p50_s"] < 0.3
    assert found["p95_s"] < 1


def found_knee(real, step_s):
    """Return how many people it can take: one step before they wait or are refused."""
    for people in range(STEP_PEOPLE, MOST_PEOPLE + 1, STEP_PEOPLE):
        heard = Crowd(real.door, people, 5).talk(step_s)
        found = heard.figures()
        print(f"    {people} people: {found}", flush=True)
        assert heard.broken == []
        if found["refused"] or found["p95_s"] > KNEE_P95_S:
            return max(people - STEP_PEOPLE, STEP_PEOPLE)
    return MOST_PEOPLE
