"""The benchmark counts, compares and says what it was made to; no time is judged."""

import asyncio
import contextlib
import ipaddress
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from aiohttp import web

from bench import measures, people, report, size, stages, stock
from bench.generator import Job, done
from bench.machine import cpu_s, family, free_port, memory
from bench.services import Bench, BenchError, Service, environment

CELL = {
    "took_s": [0.1, 0.2, 0.3, 0.4],
    "answered": 5,
    "wall_s": 2.0,
    "generator_cpu_s": 0.2,
    "served_cpu_s": 1.8,
    "failures": {"503 busy": 1},
    "empty": 1,
    "greeted_s": [],
    "waited": 3,
}


def level(people=50, per_s=100.0, median_ms=400.0, p95_ms=100.0, **given):
    seen = measures.pooled(people, [CELL])
    shown = {**vars(seen), "per_s": per_s, "median_ms": median_ms, "p95_ms": p95_ms}
    return {**shown, **given}


def figures(**given):
    def held(mb):
        return {"rss_mb": mb, "pss_mb": mb}

    def kept(ready, after):
        told = {"ready": held(ready), "after": held(after), "failures": {}}
        return {**told, "conversations": 100, "answered": 200, "wanted": 200}

    whole = {
        "quick": True,
        "date": "2026-11-23 03:00 UTC",
        "machine": {"cores": 2, "python": "3.11.2", "load": 0.1},
        "speed": {
            "ours": [level(10), level(50, per_s=100.0, median_ms=400.0)],
            "stock": [level(10), level(50, per_s=20.0, median_ms=2000.0)],
        },
        "memory": {"ours": kept(400, 500), "stock": kept(800, 900)},
        "start": {"ours": [9.0, 7.0], "stock": [20.0, 15.0]},
        "exchanges": {
            "ours": {"1": 20.0, "10": 20.0, "300": 22.0},
            "stock": {"1": 20.0, "10": 25.0, "300": 900.0},
        },
        "two": {
            "one": level(),
            "two": level(per_s=190.0),
            "times": 1.9,
            "allowed": 1.95,
            "cores": 2,
        },
        "stages": {
            "turns": 200,
            "mean_ms": 30.0,
            "median_ms": 28.0,
            "parts": [["encoder", 20.0, 2 / 3], ["rest", 10.0, 1 / 3]],
        },
        "size": {
            kind: {"packages": 9, "packages_mb": 2.0, "model_mb": 1.0, "whole_mb": 4.0}
            for kind in ("ours", "stock")
        },
        "training": {"ours": None, "stock": 60.0},
    }
    return {**whole, **given}


def reached(**given):
    return {v.target: v.reached for v in measures.verdicts(figures(**given))}


class Door:
    """A small service that speaks both contracts and answers as it is told."""

    def __init__(self, *statuses, say="hello", full=0):
        self.statuses, self.say, self.full = list(statuses), say, full
        self.heard, self.addresses = [], []

    async def session(self, request):
        self.addresses.append(request.headers["X-Forwarded-For"])
        if self.full:
            self.full -= 1
            return web.json_response({"error": "full"}, status=503)
        return web.json_response({"token": "t", "messages": []}, status=201)

    async def message(self, request):
        self.heard.append(await request.json())
        status = self.statuses.pop(0) if self.statuses else 200
        if status != 200:
            return web.json_response({"error": "not_kept"}, status=status)
        parts = [{"kind": "text", "text": self.say}] if self.say else []
        stock = request.path.startswith("/webhooks")
        return web.json_response(parts if stock else {"n": 1, "messages": parts})

    def did(self, **given):
        """Return what the generator saw when it did a job here."""

        async def work():
            app = web.Application()
            app.router.add_post("/chat/session", self.session)
            app.router.add_post("/chat/messages", self.message)
            app.router.add_post("/webhooks/rest/webhook", self.message)
            runner = web.AppRunner(app)
            await runner.setup()
            port = free_port()
            await web.TCPSite(runner, "127.0.0.1", port).start()
            try:
                kind = given.pop("kind", "ours")
                return await done(Job(kind, [f"http://127.0.0.1:{port}"], **given))
            finally:
                await runner.cleanup()

        return asyncio.run(work())


def test_a_percentile_is_a_value_that_so_many_do_not_exceed():
    values = [float(n) for n in range(1, 101)]
    assert measures.percentile(values, 0.5) == 50
    assert measures.percentile(values[::-1], 0.95) == 95
    assert measures.percentile(values, 0.99) == 99
    assert measures.percentile([7.0], 0.99) == 7
    with pytest.raises(ValueError, match="no values"):
        measures.percentile([], 0.5)


def test_rounds_are_pooled_before_anything_is_made_of_them():
    other = {
        **CELL,
        "took_s": [1.0, 1.0],
        "greeted_s": [2.0],
        "answered": 2,
        "failures": {"503 busy": 2, "500 ": 1},
    }
    seen = measures.pooled(10, [CELL, other])
    assert (seen.turns, seen.per_s) == (7, 1.75)
    assert (seen.median_ms, seen.p99_ms) == (400, 2000)
    assert seen.failures == {"503 busy": 3, "500 ": 1}
    assert (seen.empty, seen.waited) == (2, 6)
    assert (seen.greetings, seen.greeting_ms) == (1, 2000)
    assert (seen.generator, seen.served) == pytest.approx((0.1, 0.9))


def test_an_exchange_costs_what_the_five_around_it_cost():
    told = [[float(n) for n in range(1, 21)], [float(n) for n in range(1, 21)]]
    assert measures.cost_at(10, told) == 10
    assert measures.cost_at(1, told) == 3
    odd = [told[0], told[1], [99.0] * 20]
    assert measures.cost_at(10, odd) == 10


def test_a_ratio_says_how_many_times_better_ours_is():
    assert measures.ratio(100, 20, more_is_better=True) == 5
    assert measures.ratio(100, 20, more_is_better=False) == 0.2
    assert measures.ratio(None, 20, more_is_better=True) is None
    assert measures.ratio(100, 0, more_is_better=False) is None


def test_every_target_of_a_good_run_is_reached():
    assert len(reached()) == 9
    assert all(reached().values())


@pytest.mark.parametrize(
    ("worse", "target"),
    [
        ("speed", "turns a second at 50 people"),
        ("speed", "median at 50 people"),
        ("speed", "p95 with 10 people"),
        ("memory", "memory at start"),
        ("memory", "memory after many talks"),
        ("start", "first start of the run"),
        ("start", "second start of the run"),
        ("exchanges", "exchange 300"),
    ],
)
def test_a_target_that_is_missed_is_said_to_be(worse, target):
    slow = {
        "speed": {
            "ours": [level(10, p95_ms=150.0), level(50, per_s=59.0, median_ms=700.0)],
            "stock": [level(10), level(50, per_s=20.0, median_ms=2000.0)],
        },
        "memory": {
            "ours": figures()["memory"]["stock"],
            "stock": figures()["memory"]["stock"],
        },
        "start": {"ours": [11.0, 8.0], "stock": [20.0, 15.0]},
        "exchanges": {
            "ours": {"10": 20.0, "300": 27.0},
            "stock": {"10": 25.0, "300": 900.0},
        },
    }
    missed = {t for t, so in reached(**{worse: slow[worse]}).items() if so is False}
    assert any(each.startswith(target) for each in missed)


def test_what_was_not_measured_is_no_target_reached():
    found = measures.verdicts({"quick": True})
    assert [v.reached for v in found] == [None] * 9
    assert all("not measured" in str(v) for v in found)


@pytest.mark.parametrize(
    ("times", "room", "so"),
    [(1.85, 1.9, True), (1.7, 1.9, False), (1.7, 1.75, None), (1.8, 1.75, True)],
)
def test_two_processes_are_judged_by_what_the_cores_allow(times, room, so):
    two = {**figures()["two"], "times": times, "allowed": room}
    verdict = measures.verdicts(figures(two=two))[-1]
    assert verdict.reached is so
    assert ("cannot be said" in verdict.figures) is (room < 1.8)


def test_cores_have_room_for_what_a_turn_leaves_of_them():
    seen = measures.pooled(50, [CELL])  # 0.9 of a core, and 0.1 for the generator
    assert measures.allowed_by(2, seen) == pytest.approx(2.0)


def test_the_file_holds_every_figure_with_ratios_and_verdicts(tmp_path):
    report.write(figures(), tmp_path)
    text = (tmp_path / "bench.json").read_text("utf-8")
    assert "NaN" not in text
    told = json.loads(text)
    assert set(figures()) | {"ratios", "verdicts"} == set(told)
    assert told["ratios"]["turns a second, 50 at once"] == 5
    assert told["ratios"]["turn at exchange 300, ms"] == pytest.approx(900 / 22)
    assert told["ratios"]["training, s"] is None
    assert {"target", "reached", "figures"} == set(told["verdicts"][0])


def test_the_page_shows_tables_and_plots_and_fetches_nothing(tmp_path):
    report.write(figures(), tmp_path)
    page = (tmp_path / "bench.html").read_text("utf-8")
    assert page.count("<svg") == 4
    assert "http" not in page
    assert "encoder" in page
    assert "A QUICK RUN" in page


def test_what_is_printed_names_failures_and_marks_a_quick_run():
    said = report.text(figures())
    assert "A QUICK RUN" in said
    assert "503 busy" in said
    assert "answers without a word" in said
    assert "not measured" in said
    assert "A QUICK RUN" not in report.text(figures(quick=False))


def test_a_machine_that_was_busy_is_said_to_have_been():
    busy = {"machine": {"cores": 2, "python": "3.11.2", "load": 1.1}}
    assert "SOMETHING ELSE RAN" in report.text(figures(**busy))
    assert "SOMETHING ELSE RAN" not in report.text(figures())


def test_a_part_of_the_run_is_reported_by_itself(tmp_path):
    only = {"quick": False, "start": {"ours": [9.0], "stock": [20.0]}}
    report.write(only, tmp_path)
    rows = report.ratios(only)
    assert rows[0] == ["first start of the run to ready, s", "9.0", "20.0", "2.22"]
    assert rows[1][1:] == ["not measured"] * 3


def test_people_say_five_things_and_tell_what_happened_in_10_to_60_words():
    for said in people.CONVERSATIONS:
        assert len(said) == 5
    told = [len(said[1].split()) for said in people.CONVERSATIONS]
    assert min(told) <= 10
    assert max(told) <= 60
    assert sum(n >= 10 for n in told) >= 9


def test_people_take_turns_with_every_conversation():
    mine = {people.conversation(3, k) for k in range(len(people.CONVERSATIONS))}
    assert len(mine) == len(people.CONVERSATIONS)
    assert people.conversation(1, 4) == people.conversation(1, 4)


def test_whoever_goes_on_says_the_same_five_things_anywhere():
    said = people.going_on(305)
    assert len(said) == 305
    assert sorted(said[7:12]) == sorted(said[297:302]) == sorted(people.ENDLESS)


def test_each_conversation_comes_from_an_address_of_its_own():
    numbers = [*range(300), 65_535, 65_536, 200_000]
    found = {people.address(n) for n in numbers}
    assert len(found) == len(numbers)
    assert all(ipaddress.ip_address(each).is_private for each in found)


def test_conversations_are_held_to_their_end_and_counted():
    door = Door()
    seen = door.did(people=3, conversations=7, messages=2)
    assert (len(seen["took_s"]), len(seen["greeted_s"])) == (14, 7)
    assert seen["failures"] == {}
    assert [m["n"] for m in door.heard].count(2) == 7
    assert len(set(door.addresses)) == 7
    assert len({m["id"] for m in door.heard}) == 14


def test_an_answer_that_fails_is_counted_and_no_turn():
    seen = Door(200, 500, 200, 429).did(people=1, conversations=4, messages=2)
    assert seen["failures"] == {"500 not_kept": 1, "429 not_kept": 1}
    assert len(seen["took_s"]) == 2 + 4 - 2 + 2


def test_an_answer_without_a_word_is_counted():
    assert Door(say="").did(conversations=2, messages=2)["empty"] == 4
    assert Door(say="").did(kind="stock", conversations=2, messages=2)["empty"] == 4
    assert Door().did(kind="stock", conversations=2, messages=2)["empty"] == 0


def test_who_finds_the_door_full_comes_again():
    seen = Door(full=1).did(conversations=1, messages=1)
    assert (seen["waited"], len(seen["greeted_s"]), len(seen["took_s"])) == (1, 1, 1)
    assert seen["greeted_s"][0] >= 0.5  # the wait at the door is a part of it


def test_nobody_there_is_a_failure_and_not_an_error():
    base = f"http://127.0.0.1:{free_port()}"
    seen = asyncio.run(done(Job("ours", [base], conversations=2)))
    assert seen["failures"] == {"ClientConnectorError": 2}
    assert seen["took_s"] == []


def test_a_crowd_ends_when_its_time_is_over_and_every_answer_is_in():
    door = Door()
    seen = door.did(people=2, seconds=0.2, messages=5)
    assert 0 < len(seen["took_s"]) <= len(door.heard)
    assert seen["failures"] == {}


def test_one_long_conversation_is_one_conversation():
    door = Door()
    seen = door.did(long=12)
    assert [m["n"] for m in door.heard] == list(range(1, 13))
    assert (len(seen["took_s"]), len(seen["greeted_s"])) == (12, 1)


def test_parts_have_their_own_time_alone_and_add_up_to_the_whole():
    times = iter([0.0, 1.0, 2.0, 5.0, 7.0, 10.0])
    watch = stages.Watch(clock=lambda: next(times))
    watch.begin()
    watch.begin()
    watch.begin()
    watch.end("inner")
    watch.end("outer")
    watch.close(answered=True)
    assert watch.turns == [{"inner": 3.0, "outer": 3.0, stages.REST: 4.0}]
    assert not watch.running


def test_what_another_process_did_is_not_the_time_of_whoever_waits_for_it():
    times = iter([0.0, 1.0, 9.0, 10.0])
    watch = stages.Watch(clock=lambda: next(times))
    watch.begin()
    watch.begin()
    watch.add({"encoder": 4.0, "parse": 1.0})
    watch.end("the way")
    watch.close(answered=True)
    (turn,) = watch.turns
    assert turn == {"encoder": 4.0, "parse": 1.0, "the way": 3.0, stages.REST: 2.0}


@pytest.mark.parametrize("later", [True, False])
def test_a_watched_function_does_what_it_did(later):
    watch = stages.Watch()

    async def answer(given):
        return inner(given) if given else None

    def inner(given):
        return given * 2

    inner = stages._watched(inner, "encoder", watch)
    turn = stages._turn(answer if later else inner, watch)
    assert (asyncio.run(turn(4)) if later else turn(4)) == 8
    (parts,) = watch.turns
    assert set(parts) == {stages.REST, "encoder"}
    assert not watch.running


def test_a_turn_that_failed_is_not_among_the_turns():
    watch = stages.Watch()
    watch.begin()
    watch.close(answered=False)
    assert watch.turns == []


def test_the_shares_of_a_turn_add_up():
    turns = [{"encoder": 0.01, stages.REST: 0.02}, {"encoder": 0.03}]
    parts = stages.shares(turns, 0.05)
    assert sum(ms for _, ms, _ in parts) == pytest.approx(50)
    assert sum(share for _, _, share in parts) == pytest.approx(1)
    named = {name: ms for name, ms, _ in parts}
    assert named["encoder"] == pytest.approx(20)
    assert named[stages.OUTSIDE] == pytest.approx(20)


def test_every_function_that_a_turn_is_taken_apart_by_is_there():
    assert stages.missing() == []


def test_a_process_and_its_children_are_counted_together():
    code = "import subprocess, sys; subprocess.run(['cat'], stdin=sys.stdin)"
    command = [sys.executable, "-c", code]
    with subprocess.Popen(command, stdin=subprocess.PIPE) as parent:
        try:
            while len(family(parent.pid)) < 2:
                assert parent.poll() is None
            together = memory(parent.pid)
            assert together.rss_mb > together.pss_mb > 0
        finally:
            parent.stdin.close()
    assert family(os.getpid())[0] == os.getpid()
    assert cpu_s([os.getpid()]) > 0


def test_a_service_that_ends_at_once_is_named_with_its_last_words(tmp_path):
    (tmp_path / "rest.yml").write_text("rest:\n")
    bench = Bench(tmp_path, tmp_path)
    command = [sys.executable, "-c", "raise SystemExit('the port is taken')"]
    with (
        pytest.raises(BenchError, match="stock did not start: the port is taken"),
        bench._running("stock", command, free_port(), {}, tmp_path),
    ):
        pass


def test_a_run_that_is_told_to_end_leaves_no_service_behind(tmp_path):
    code = """
import signal, sys
from pathlib import Path
from bench.__main__ import _ended
from bench.services import Bench
signal.signal(signal.SIGTERM, _ended)
here = Path(sys.argv[1])
service = [sys.executable, "-c", "import time; time.sleep(60)"]
with Bench(here, here)._running("stock", service, 1, {}, here):
    pass
"""
    command = [sys.executable, "-c", code, str(tmp_path)]
    with subprocess.Popen(command, cwd=stock.ROOT) as run:
        while len(family(run.pid)) < 2:
            assert run.poll() is None
        service = family(run.pid)[1]
        run.terminate()
        assert run.wait(30) == 143
    assert not Path(f"/proc/{service}").exists()


def test_a_generator_that_fails_ends_the_run(tmp_path):
    bench = Bench(tmp_path, tmp_path)
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=-1) as process:
        service = Service("ours", "http://127.0.0.1:1", process, tmp_path / "log")
        with pytest.raises(BenchError, match="the generator failed"):
            bench.job([service], people="many")
        with contextlib.suppress(BrokenPipeError):
            process.stdin.close()


def test_settings_of_a_real_service_do_not_reach_the_measured_ones(monkeypatch):
    monkeypatch.setenv("FIRST_CONTACT_DATABASE_URL", "postgresql://elsewhere")
    assert "FIRST_CONTACT_DATABASE_URL" not in environment({})
    assert environment({"FIRST_CONTACT_HOST": "x"})["FIRST_CONTACT_HOST"] == "x"


def test_the_starter_bot_is_kept_while_the_packages_are_the_same(tmp_path):
    folder = tmp_path / "stock"
    (folder / "models").mkdir(parents=True)
    (folder / "models" / "1.tar.gz").touch()
    told = {"environment": stock._environment_made_of(), "trained_s": 61.5}
    (folder / "made.json").write_text(json.dumps(told))
    said = []
    assert stock.made(said.append, tmp_path) == stock.Stock(folder, 61.5)
    assert said == []


@pytest.mark.parametrize("told", ["", "[]", '{"trained_s": 3}'])
def test_a_starter_bot_that_was_not_finished_is_made_again(tmp_path, told):
    (tmp_path / "models").mkdir()
    (tmp_path / "models" / "1.tar.gz").touch()
    (tmp_path / "made.json").write_text(told)
    assert stock._kept(tmp_path) is None


def test_sizes_count_what_a_package_needs_and_what_a_lock_names(tmp_path):
    lock = tmp_path / "lock"
    lock.write_text("Some_Package==1.0 \\\n    --hash=sha256:0\nother==2\n")
    assert size.locked(lock) == {"some-package", "other"}
    assert {"pytest", "pluggy"} <= size.needed_by("pytest")
    assert size.megabytes_of(["pytest"]) > 0
    (tmp_path / "data").write_bytes(bytes(1024**2))
    assert size.megabytes_in(tmp_path / "data", Path(lock)) == pytest.approx(
        1, abs=0.01
    )
