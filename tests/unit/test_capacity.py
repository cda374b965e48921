"""The queues behave as queueing theory says where it has an answer."""

import random

import pytest

from bench.capacity import Day, Times, needed, simulated, table

LONELY = Times(talk=0.01, read=0.02, read_each=0.01)


def run(day, assistants=1, times=LONELY):
    return simulated(day, assistants, times, random.Random(3))


def test_nobody_waits_for_others_when_hardly_anybody_comes():
    load = run(Day(200, typed=0.0))

    assert load.at(0.5) == pytest.approx(LONELY.talk, rel=0.3)
    assert load.talks < 0.01


def test_words_are_read_before_they_are_answered():
    load = run(Day(200, typed=1.0))

    assert load.at(0.5) > LONELY.read + LONELY.talk / 2
    assert load.reads > load.talks


@pytest.mark.parametrize("conversations", [5_000, 20_000])
def test_how_busy_it_is_follows_from_how_many_come(conversations):
    day = Day(conversations, typed=0.0)

    load = run(day)

    expected = day.per_s * (day.turns + 1)
    assert load.a_second == pytest.approx(expected, rel=0.1)
    assert load.talks == pytest.approx(expected * LONELY.talk, rel=0.1)


def test_too_many_people_wait_longer_and_longer():
    enough, too_many = run(Day(50_000)), run(Day(400_000))

    assert too_many.at(0.95) > 10 * enough.at(0.95)


def test_reading_together_serves_more_than_one_by_one():
    day = Day(120_000, typed=1.0)
    alone = Times(talk=0.001, read=0.02, read_each=0.002, together=1)
    together = Times(talk=0.001, read=0.02, read_each=0.002, together=16)

    assert run(day, times=together).at(0.95) < run(day, times=alone).at(0.95) / 5


def test_more_people_need_more_assistants_and_never_fewer_than_two():
    few, many = (needed(Day(count), Times()) for count in (100, 300_000))

    assert few.assistants == 2
    assert many.assistants > 2
    assert many.load.at(0.95) <= 1.0
    assert many.core_hours == pytest.approx(3000 * few.core_hours)


def test_what_no_number_of_assistants_can_do_is_said():
    with pytest.raises(ValueError, match="not enough"):
        needed(Day(10_000), Times(talk=20.0))


def test_the_table_has_a_line_a_day():
    lines = table([needed(Day(100), Times())]).splitlines()

    assert len(lines) == 3
    assert {line.count("|") for line in lines} == {10}
