"""Two assistants, PostgreSQL and nginx: killed, restarted and rolled under load."""

import signal

from fleet import Fleet, Person, counts, hold_to_the_promise

PEOPLE = 8
PAUSE_S = 1.0


def test_nothing_is_lost_while_assistants_are_killed_and_rolled(postgres, tmp_path):
    """F6, F8, F17, STO-7, OPS-3, OPS-4: in a fleet of two, each message is kept once."""
    fleet = Fleet(tmp_path, postgres.database(), 2)
    people = [Person(fleet.proxy, n, PAUSE_S) for n in range(1, PEOPLE + 1)]
    for person in people:
        person.start()
    first, second = fleet.workers

    until_each_has(people, 2)
    first.end(signal.SIGKILL)  # as a memory limit does
    until_each_has(people, 4)
    first.begin()
    first.until_ready()
    left = second.end()
    until_each_has(people, 6)
    second.begin()
    second.until_ready()
    until_each_has(people, 8)
    for person in people:
        person.stop()
    kept = [person.kept() for person in people]
    log = fleet.stop()

    print(counts(people))
    assert left == 0
    assert kept == [person.answers for person in people]
    hold_to_the_promise(people, log)


def until_each_has(people, count):
    """Wait until everyone has been answered so many times more or less than all."""
    for person in people:
        while len(person.answers) < count:
            assert person.is_alive(), person.broken
            person.join(0.05)
