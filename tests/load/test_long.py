"""A long conversation, and a long day: neither costs more at its end than before.

Targets: the two hundredth turn takes at most twice as long as the tenth; in an hour with
ten people memory grows by less than 5 % and nothing else grows, after a quarter of an hour
in which everything has been used once (in short forms: a quarter of the time). When they
have left, the database is as small as before they came.
"""

import statistics
import time

import pytest
from crowd import LONGEST_CHAT, Crowd
from toy.machine import until
from toy.served import Caller

TURNS = 200
WINDOW = 10  # turns that are compared, with the same words
WORDS = (
    "he was outside my work again",
    "and he sent me thirty messages on monday",
    "yes",
    "he made another fake profile of me",
    "my mum saw him drive past twice",
    "what counts as evidence",
    "no",
    "he left flowers on my car",
    "i feel like i cannot go out",
    "show me the short version",
)
WARM_MINUTES = 15
EVERY_S = 10
CHAT_S = LONGEST_CHAT * EVERY_S
GROWTH = 0.05  # an hour
EMPTY_KB = 256  # the tables, and a page or two of journal
GONE_S = 90  # the next sweep, and some time for it


@pytest.fixture
def real(serve):
    real = serve()
    yield real
    real.stop()


def test_the_last_turn_of_a_long_chat_costs_as_much_as_the_tenth(real, told):
    """L5: 200 turns, the same ten things again and again."""
    caller = Caller(real, "192.0.2.1")
    token, _ = caller.begin()
    took_s = []
    for n in range(1, TURNS + 1):
        caller.address = f"192.0.2.{n}"  # or it would be told to breathe
        began = time.monotonic()
        status, answer = caller.say(token, n, WORDS[n % len(WORDS)])
        took_s.append(time.monotonic() - began)
        assert (status, answer["n"]) == (200, n)
    kept = caller.since(token, 0)[1]
    # The ten turns around the tenth, and the last ten.
    early = statistics.median(took_s[WINDOW // 2 : WINDOW * 3 // 2])
    late = statistics.median(took_s[-WINDOW:])
    told(
        tenth_s=round(early, 3),
        last_s=round(late, 3),
        longest_s=round(max(took_s), 3),
    )

    assert kept["n"] == TURNS
    assert late <= 2 * early


def test_an_hour_leaves_nothing_behind(real, lasting, told):
    """L7: ten people for 60 minutes; memory, files, threads and the database stay flat."""
    seconds = lasting(60)
    warm_s = min(60 * WARM_MINUTES, seconds / 4)
    crowd = Crowd(real.door, 10, EVERY_S)
    talking, began, seen = crowd.begin(seconds), time.monotonic(), []
    while not talking.done() and time.monotonic() < began + seconds:
        time.sleep(min(10, seconds / 30))
        if time.monotonic() > began + warm_s:
            seen.append((real.usage(), real.size_kb()))
    heard = talking.result()
    until(lambda: real.size_kb() < EMPTY_KB, within_s=GONE_S)
    first, last = thirds(seen)
    hours = max(1, (seen[-1][0].at - seen[0][0].at) / 3600)
    grown = {name: last[name] / first[name] - 1 for name in first}
    told(
        **heard.figures(),
        **{f"{name}_before": round(value, 1) for name, value in first.items()},
        **{f"{name}_after": round(value, 1) for name, value in last.items()},
        memory_growth_percent_an_hour=round(100 * grown["memory_mb"] / hours, 2),
    )

    assert heard.broken == []
    assert sum(n for status, n in heard.statuses.items() if status >= 400) == 0
    assert grown["memory_mb"] / hours < GROWTH
    assert last["files"] <= first["files"] + 2
    assert last["threads"] <= first["threads"]
    if seconds > 4 * CHAT_S:  # in less time than that the chats themselves grow
        assert last["database_kb"] <= 1.25 * first["database_kb"]


def thirds(seen):
    """Return the middle of each figure in the first and in the last third."""
    third = len(seen) // 3
    return [
        {
            "memory_mb": statistics.median(usage.memory_mb for usage, _ in part),
            "files": statistics.median(usage.files for usage, _ in part),
            "threads": max(usage.threads for usage, _ in part),
            "database_kb": max(size_kb for _, size_kb in part),
        }
        for part in (seen[:third], seen[-third:])
    ]
