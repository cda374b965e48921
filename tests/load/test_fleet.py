"""A fleet of three under load for minutes, with much worse luck than any day brings.

Targets: PEOPLE people, one message every two seconds each; an assistant killed every
half minute for L8, then five whole rolling restarts for F8, then a database that is
stopped, killed and hung for F13 and F14. Oracle: every message answered as kept is kept
once and in order, every other was answered as not kept within 20 s. It speaks to this
machine alone and ends by itself. The toy model answers: this is about keeping, not about
thinking, so its waits say nothing of how fast the real one is.
"""

import itertools
import random
import signal
import threading

import pytest
from fleet import Fleet, Person, counts, hold_to_the_promise

PEOPLE = 20
PAUSE_S = 2.0
KILLS = 6
ROUNDS = 5


@pytest.fixture
def fleet(postgres, tmp_path):
    return Fleet(tmp_path, postgres.database(), 3)


def talking(fleet):
    people = [Person(fleet.proxy, n, PAUSE_S) for n in range(1, PEOPLE + 1)]
    for person in people:
        person.start()
    return people


def judged(fleet, people):
    """Let everyone finish, hold what they heard to the promise, and say the figures."""
    for person in people:
        person.stop()
    kept = [person.kept() for person in people]
    log = fleet.stop()
    print(counts(people))
    assert kept == [person.answers for person in people]
    hold_to_the_promise(people, log)


def pause(seconds):
    """Let people talk for a while: the time is the load, not a wait for something."""
    threading.Event().wait(seconds)


def test_an_assistant_killed_every_half_minute_loses_nothing(fleet):
    """F6, F17, F26, L8: shortened to three minutes, with 20 people instead of 60/s."""
    people, chance = talking(fleet), random.Random(8)

    for worker in itertools.islice(itertools.cycle(fleet.workers), KILLS):
        pause(15 + chance.random())
        worker.end(signal.SIGKILL)
        worker.begin()
        worker.until_ready()

    judged(fleet, people)


def test_five_rolling_restarts_lose_nothing(fleet):
    """F8, OPS-3: each ends by itself with status 0, and none is away with another."""
    people, statuses = talking(fleet), []

    for worker in [*fleet.workers] * ROUNDS:
        statuses.append(worker.end())
        worker.begin()
        worker.until_ready()

    judged(fleet, people)
    assert statuses == [0] * 3 * ROUNDS


def test_a_database_that_stops_dies_or_hangs_loses_nothing(fleet, postgres):
    """F13, F14: people are told that it was not kept, and then it is."""
    people = talking(fleet)

    pause(10)
    postgres.stop()
    pause(5)
    postgres.start()
    pause(10)
    postgres.kill()
    pause(5)
    postgres.start()
    pause(10)
    postgres.hang()
    pause(20)
    postgres.go_on()
    pause(10)

    judged(fleet, people)
