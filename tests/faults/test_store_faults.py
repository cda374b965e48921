"""The database, its disk, its file and the clock failing under people who talk."""

import random
import resource
import signal
import sqlite3
import threading
import time

import pytest
from toy.keys import KEY, OTHER_KEY
from toy.machine import until
from toy.oracle import Oracle, files_of, repeat, say, together

FAILURE_S = 5.0
HURRY_S = 1.0  # what a promise in seconds may be exceeded by on a busy machine
EXPIRED = 20_000
NOWHERE = "10.0.0.1"


@pytest.fixture
def service(serving):
    return serving().start()


def file_of(service):
    return service.folder / "conversations.db"


def rows(service, query, *values):
    """Return what the database says, asked from outside."""
    with sqlite3.connect(file_of(service), isolation_level=None) as database:
        return database.execute(query, values).fetchall()


def codes(service):
    return {event.get("code") for event in service.events("store.failed")}


@pytest.mark.parametrize("kill", range(5))
def test_a_process_killed_in_the_middle_of_a_turn_leaves_no_half_turn(service, kill):
    """F6: killed at a random point, what was said is kept once and the chat goes on."""
    oracle = Oracle(service)
    people = oracle.crowd(3)
    together(people, say)
    talking = threading.Thread(target=together, args=[people, say])
    talking.start()
    time.sleep(random.uniform(0, 0.15))
    service.end(signal.SIGKILL)
    talking.join()
    service.start()
    together(people, repeat)
    after = together(people, say)

    assert all(tried.kept and tried.took_s < FAILURE_S for tried in after)
    oracle.judge(files_of(service.folder))


@pytest.mark.parametrize("locked_s", [1, 4, 7])
def test_a_locked_database_keeps_nobody_waiting_for_long(service, locked_s):
    """F9: who has to wait too long is told within 5 s that it is not kept."""
    oracle = Oracle(service)
    people = oracle.crowd(10)
    lock = sqlite3.connect(
        file_of(service), isolation_level=None, check_same_thread=False
    )
    lock.execute("BEGIN EXCLUSIVE")
    released = threading.Timer(locked_s, lock.close)
    released.start()
    tries = together(people, say)
    released.join()
    together(people, repeat)

    assert max(tried.took_s for tried in tries) < FAILURE_S + HURRY_S
    if locked_s == 1:
        assert all(tried.kept for tried in tries)
    if locked_s == 7:
        assert not any(tried.kept for tried in tries)
    oracle.judge(files_of(service.folder))


def test_a_full_disk_fails_plainly_and_is_forgotten_once_there_is_room(service):
    """F10: earlier answers stay readable; it works again without a restart."""
    oracle = Oracle(service)
    people = oracle.crowd(5)
    together(people, say)
    unlimited = resource.prlimit(service.pid, resource.RLIMIT_FSIZE)
    resource.prlimit(service.pid, resource.RLIMIT_FSIZE, (4096, unlimited[1]))
    full = together(people, say)
    still = [len(person.kept()) for person in people]
    ready = service.asked("/ready"), service.asked("/live")
    resource.prlimit(service.pid, resource.RLIMIT_FSIZE, unlimited)
    began = time.monotonic()
    together(people, repeat)
    took_s = time.monotonic() - began

    assert not any(tried.kept for tried in full)
    assert max(tried.took_s for tried in full) < FAILURE_S + HURRY_S
    assert still == [1] * 5
    assert ready == (503, 200)
    assert took_s < FAILURE_S + HURRY_S
    oracle.judge(files_of(service.folder))


def make_readable(file):
    file.chmod(0o644)
    return lambda: file.chmod(0o600)


def make_read_only(file):
    file.chmod(0o400)
    return lambda: file.chmod(0o600)


def take_away(file):
    aside = file.with_suffix(".aside")
    file.rename(aside)
    return lambda: aside.rename(file)


def exchange(file):
    back = take_away(file)
    file.touch(mode=0o600)
    return back


@pytest.mark.parametrize(
    ("spoil", "code"),
    [
        (make_readable, "file_shared"),
        (make_read_only, "file_read_only"),
        (take_away, "file_missing"),
        (exchange, "file_replaced"),
    ],
)
def test_a_file_that_may_not_be_used_stops_the_answers_until_it_is_mended(
    service, spoil, code
):
    """F11: nothing is kept in a file that is gone or that others can read."""
    oracle = Oracle(service)
    person = oracle.person()
    person.say()
    mend = spoil(file_of(service))
    tried = person.say()
    ready = service.asked("/ready")
    mend()
    again = repeat(person)

    assert not tried.kept
    assert tried.took_s < FAILURE_S
    assert ready == 503
    assert codes(service) == {code}
    assert again[-1].kept
    oracle.judge(files_of(service.folder))


@pytest.mark.parametrize(
    ("mode", "said"), [(0o644, "can be read by others"), (0o400, "cannot be written")]
)
def test_a_file_with_the_wrong_mode_stops_the_start(serving, mode, said):
    """F11: an operator is told in a sentence what to do."""
    service = serving()
    file_of(service).touch()
    file_of(service).chmod(mode)
    status = service.begin().wait()

    assert status == 1
    assert said in service.written()
    assert f"run: chmod 600 {file_of(service)}" in service.written()


@pytest.mark.parametrize(
    "damaged",
    ["substr(snapshot, 1, 40)", "x''", "'words'", "7", "'{\"events\": []}'"],
    ids=["cut", "empty", "text", "number", "json"],
)
def test_a_damaged_row_fails_its_own_conversation_alone(service, damaged):
    """F12: everybody else goes on, and so does the process."""
    oracle = Oracle(service)
    unlucky, other = oracle.person(), oracle.person()
    unlucky.say()
    other.say()
    query = "SELECT id FROM conversations ORDER BY created_at, rowid LIMIT 1"
    ((name,),) = rows(service, query)
    rows(service, f"UPDATE conversations SET snapshot = {damaged} WHERE id = ?", name)
    service.end()
    service.start()  # nothing is in memory
    tried = unlucky.say()

    assert not tried.kept
    assert tried.plain
    assert tried.answer["error"] == "not_kept"
    assert other.say().kept
    assert service.asked("/ready") == 200
    oracle.people.remove(unlucky)
    oracle.judge(files_of(service.folder))


def test_a_damaged_answer_is_not_shown_and_not_made_up(service):
    """F12: an answer that was altered is a failure, never another answer."""
    person = Oracle(service).person()
    person.say()
    rows(service, "UPDATE turns SET answer = x'00' WHERE n = 1")

    status, answer = service.call(
        "GET", "/chat/messages?after=0", token=person.token, address=NOWHERE
    )
    again = person.attempt(person.said[0])

    assert (status, answer["error"]) == (503, "not_kept")
    assert not again.kept
    assert person.say().kept


def test_a_clock_that_is_set_while_people_talk_changes_nothing(serving, tmp_path):
    """F18: two hours on, one hour back, a day back: the conversation is as it was."""
    clock = tmp_path / "clock"
    clock.write_text("0")
    service = serving(clock=clock).start()
    oracle = Oracle(service)
    person = oracle.person()
    for offset_s in (0, 7200, -3600, -86_400):
        clock.write_text(str(offset_s))
        assert person.say().kept
        service.call("GET", "/ready")

    oracle.judge(files_of(service.folder))
    assert service.events("conversations.erased") == []


@pytest.mark.parametrize(
    ("offset_s", "status", "alarms"),
    [
        (0, 200, set()),
        (280, 200, set()),
        (-280, 200, set()),
        (7200, 401, {"late"}),
        (-3600, 401, {"future"}),
        (-86_400, 401, {"future"}),
    ],
)
def test_a_start_with_a_wrong_clock_never_makes_a_token_live_longer(
    serving, tmp_path, offset_s, status, alarms
):
    """F18: five minutes are forgiven; beyond that a token is refused and it is told."""
    clock = tmp_path / "clock"
    clock.write_text("0")
    service = serving(clock=clock).start()
    person = Oracle(service).person()
    person.say()
    service.end()
    clock.write_text(str(offset_s))
    service.start()
    tried = person.say()

    assert tried.status == status
    assert {each["code"] for each in service.events("conversations.overdue")} == alarms


def expire(service, count, ago_s):
    """Put conversations into the database that should have gone some time ago."""
    then = int(time.time()) - 1800 - ago_s
    with sqlite3.connect(file_of(service)) as database:
        database.executemany(
            "INSERT INTO conversations VALUES (?, 1, 0, ?, ?, 1800, x'00')",
            [(f"expired-{at}", then, then) for at in range(count)],
        )
        database.executemany(
            "INSERT INTO turns VALUES (?, 0, 'tag', x'00')",
            [(f"expired-{at}",) for at in range(count)],
        )


def left(service):
    """Return how much is left of what has expired."""
    ((count,),) = rows(
        service,
        "SELECT (SELECT count(*) FROM conversations WHERE id LIKE 'expired-%')"
        " + (SELECT count(*) FROM turns WHERE conversation_id LIKE 'expired-%')",
    )
    return count


def test_after_an_hour_without_a_sweep_everything_is_erased_and_told(service):
    """P4, PRV-1: a sweep that is killed goes on at the next start, and an alarm says
    that it was late."""
    oracle = Oracle(service)
    person = oracle.person()
    person.say()
    service.end()
    expire(service, EXPIRED, ago_s=3600)
    service.begin()
    until(lambda: left(service) < 2 * EXPIRED)
    service.end(signal.SIGKILL)
    between = left(service)
    service.start()
    until(lambda: left(service) == 0, within_s=120)

    alarms = service.events("conversations.overdue")
    assert 0 < between < 2 * EXPIRED
    assert [(a["level"], a["code"], a["count"]) for a in alarms] == [
        ("error", "late", EXPIRED),
        ("error", "late", between // 2),
    ]
    assert person.say().kept
    oracle.judge(files_of(service.folder))


def test_purging_by_hand_erases_what_is_over(service):
    """P4: `bot purge` does what the sweep does, also while the service is stopped."""
    oracle = Oracle(service)
    person = oracle.person()
    person.say()
    service.end()
    expire(service, 10, ago_s=86_400)
    status = service.begin("purge", "--data-dir", str(service.folder)).wait()
    purged = service.written()
    service.start()

    assert status == 0
    assert "Erased 10; 1 still within their time." in purged
    assert {a["code"] for a in service.events("conversations.overdue")} == {
        "late",
        "day",
    }
    assert person.say().kept


def test_the_server_key_can_be_changed_without_ending_a_conversation(service):
    """S4, SES-6: the key before still opens what it sealed; the one before that not."""
    oracle = Oracle(service)
    person = oracle.person()
    person.say()
    service.end()
    service.env |= {"SESSION_KEY": OTHER_KEY, "SESSION_KEY_PREVIOUS": KEY}
    service.start()
    rotated = person.say()
    young = oracle.person()
    young.say()
    oracle.judge(files_of(service.folder))
    service.end()
    del service.env["SESSION_KEY_PREVIOUS"]
    service.start()

    assert rotated.kept
    assert person.say().status == 401
    assert young.say().kept


def test_the_folder_that_is_gone_is_said_at_the_start(serving):
    """F11: a database in a folder that does not exist stops the start."""
    service = serving()
    service.env["DATABASE_URL"] = f"sqlite:///{service.folder}/none/kept.db"

    assert service.begin().wait() == 1
    assert "cannot be made: No such file or directory" in service.written()


def test_who_leaves_while_the_database_is_locked_is_gone_all_the_same(service):
    """P3, F9: leaving ends the conversation even when it cannot be erased yet."""
    person = Oracle(service).person()
    person.say()
    lock = sqlite3.connect(file_of(service), isolation_level=None)
    lock.execute("BEGIN EXCLUSIVE")
    how = {"token": person.token, "address": person.address}
    left_at = service.call("POST", "/chat/end", {}, **how)[0]
    lock.close()

    assert left_at == 503
    assert person.say().status == 401
