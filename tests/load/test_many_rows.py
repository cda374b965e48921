"""A hundred thousand conversations in the database: over, or still within their time.

What is ended is erased at once, so a database full of finished conversations is one whose
sweep has stood still: it must be empty again within a minute of the start, while people
talk. A hundred thousand that are idle and still within their time are the most that the
database ever holds: beside them fifty people wait as long as on an empty one, p95 within
20 %. The rows are copies of those of ten real conversations, under other names.
"""

import contextlib
import random
import sqlite3
import time

import pytest
from crowd import Crowd, sentence
from toy.machine import until
from toy.served import Caller

ROWS = 100_000
SAMPLES = 10
MESSAGES = 10
SWEEP_S = 60.0
SLOWER = 1.2
IDLE_S = 1800
PATIENCE_S = 600.0
COPIES = """
WITH RECURSIVE copies(at) AS (SELECT 1 UNION ALL SELECT at + 1 FROM copies WHERE at < ?)
"""
CONVERSATIONS = f"""INSERT INTO conversations {COPIES}
SELECT 'copy-' || at || '-' || substr(id, 1, 32), version, last_n, ?, ?, idle_s, snapshot
FROM conversations CROSS JOIN copies WHERE id NOT LIKE 'copy-%'
"""
TURNS = f"""INSERT INTO turns {COPIES}
SELECT 'copy-' || at || '-' || substr(conversation_id, 1, 32), n, tag, answer
FROM turns CROSS JOIN copies WHERE conversation_id NOT LIKE 'copy-%'
"""
CONVERSATIONS_LEFT = "SELECT count(*) FROM conversations WHERE id LIKE 'copy-%'"
TURNS_LEFT = "SELECT count(*) FROM turns WHERE conversation_id LIKE 'copy-%'"


@pytest.fixture
def real(serve):
    """An assistant in whose database ten conversations of ten messages were left."""
    real, chance = serve(MAX_SESSIONS="1000000"), random.Random(6)
    for number in range(SAMPLES):
        caller = Caller(real, f"192.0.2.{number}")
        token, _ = caller.begin()
        for n in range(1, MESSAGES + 1):
            caller.address = f"198.51.{number}.{n}"  # or it would be told to breathe
            assert caller.say(token, n, sentence(chance))[0] == 200
    real.stop()
    yield real
    real.stop()


def filled(real, seen_at):
    """Put copies of what is there beside it; return the size of a copy in kilobytes."""
    before_kb, many = real.size_kb(), ROWS // SAMPLES
    with contextlib.closing(sqlite3.connect(real.database)) as database, database:
        database.execute(CONVERSATIONS, [many, seen_at, seen_at])
        database.execute(TURNS, [many])
    assert rows(real, CONVERSATIONS_LEFT) == ROWS
    return (real.size_kb() - before_kb) / ROWS


def rows(real, query):
    with contextlib.closing(sqlite3.connect(real.database)) as database:
        ((count,),) = database.execute(query)
    return count


def test_a_hundred_thousand_that_are_over_are_erased_within_a_minute(real, told):
    """L6, PRV-1: their answers with them, while ten people talk."""
    size_kb = filled(real, int(time.time()) - 2 * IDLE_S)
    real.start()
    began, crowd = time.monotonic(), Crowd(real.door, 10, 10)
    talking = crowd.begin(SWEEP_S)
    until(lambda: rows(real, CONVERSATIONS_LEFT) == 0, within_s=PATIENCE_S)
    took_s = time.monotonic() - began
    heard = talking.result()
    told(swept_s=round(took_s, 1), row_kb=round(size_kb, 1), **heard.figures())

    assert heard.broken == []
    assert rows(real, TURNS_LEFT) == 0
    assert took_s <= SWEEP_S


def test_a_hundred_thousand_that_are_idle_slow_nobody_down(real, lasting, told):
    """L6: fifty people, ten messages a second, for 10 minutes, without them and with."""
    found = {}
    for beside in ("nothing", "a hundred thousand"):
        if beside != "nothing":
            real.stop()
            filled(real, int(time.time()))
        real.start()
        before = real.usage()
        heard = Crowd(real.door, 50, 5).talk(lasting(10))
        found[beside] = heard.figures()
        cpu = real.usage().cpu_percent(before)
        told(f"beside {beside}", **found[beside], assistant_cpu_percent=cpu)
        assert heard.broken == []

    assert rows(real, CONVERSATIONS_LEFT) == ROWS
    assert found["a hundred thousand"]["p95_s"] <= SLOWER * found["nothing"]["p95_s"]
