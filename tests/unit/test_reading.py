"""Messages are read together, elsewhere; what cannot be read fails alone and plainly."""

import asyncio
import os
import signal
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest
from toy.house import Chat, run, started
from toy.machine import until

from bot.behaviours import Danger, Reading
from bot.danger import Heard
from bot.reader_process import ProcessReader
from bot.reading import LONGEST, MOST, ReadingDesk, ReadingFailed, Seen
from bot.refusals import Refused

TESTS = Path(__file__).parents[1]
COMMAND = [sys.executable, "-m", "toy.reading"]


class Slow:
    """Reads when it is let, and notes what it was given together."""

    is_ready = True

    def __init__(self):
        self.batches, self.go = [], asyncio.Event()

    async def read(self, batch):
        self.batches.append([each.text for each in batch])
        await self.go.wait()
        if any(each.text == "break" for each in batch):
            raise ReadingFailed("broken")
        return [Seen(Reading(each.text), Heard()) for each in batch]

    def stop(self):
        pass


async def asked(desk, *texts):
    """Ask for each, in order; return the tasks that wait for the answers."""
    tasks = [asyncio.create_task(desk.read(text)) for text in texts]
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    return tasks


def process(monkeypatch, *more, **given):
    path = os.pathsep.join([str(TESTS), str(TESTS.parent)])
    monkeypatch.setenv("PYTHONPATH", path)
    return closing_of(ProcessReader(Path("none"), [*COMMAND, *more], **given))


def closing_of(reader):
    reader.close = reader.stop
    return closing(reader)


def test_what_was_seen_goes_through_json_unchanged():
    seen = Seen(
        Reading("greet", 0.5, danger=(Danger.CRISIS,)),
        Heard((Danger.CRISIS,), ("sign",)),
        ((0, 4),),
        ((5, 9), (11, 12)),
    )

    assert Seen.from_dict(seen.to_dict()) == seen


def test_those_that_come_while_one_is_read_are_read_together():
    async def rush():
        slow = Slow()
        desk = ReadingDesk(slow)
        first = await asked(desk, "one")
        rest = await asked(desk, "two", "three", "four")
        slow.go.set()
        seen = await asyncio.gather(*first, *rest)
        return slow.batches, [each.reading.intent for each in seen]

    batches, intents = run(rush())

    assert batches == [["one"], ["two", "three", "four"]]
    assert intents == ["one", "two", "three", "four"]


def test_a_long_message_makes_no_other_wait_for_it():
    long = "x" * (LONGEST - 3)

    async def rush():
        slow = Slow()
        desk = ReadingDesk(slow)
        tasks = await asked(desk, "first")
        tasks += await asked(desk, "short", long, *["s"] * (MOST + 3))
        slow.go.set()
        await asyncio.gather(*tasks)
        return [len(batch) for batch in slow.batches], slow.batches

    sizes, batches = run(rush())

    assert batches[:2] == [["first"], ["short"]]
    assert batches[2] == [long, "s", "s", "s"]
    assert sizes[3:] == [MOST]


def test_one_that_cannot_be_read_fails_alone():
    async def rush():
        slow = Slow()
        desk = ReadingDesk(slow)
        tasks = await asked(desk, "one", "two", "break", "four")
        slow.go.set()
        return await asyncio.gather(*tasks, return_exceptions=True)

    one, two, broken, four = run(rush())

    assert isinstance(broken, ReadingFailed)
    assert [each.reading.intent for each in (one, two, four)] == ["one", "two", "four"]


def test_what_nobody_waits_for_is_not_read():
    async def rush():
        slow = Slow()
        desk = ReadingDesk(slow)
        tasks = await asked(desk, "one")
        tasks += await asked(desk, "two", "three")
        tasks[1].cancel()
        slow.go.set()
        await asyncio.gather(*tasks, return_exceptions=True)
        return slow.batches

    assert run(rush()) == [["one"], ["three"]]


def test_whoever_waits_is_told_when_it_stops():
    async def rush():
        desk = ReadingDesk(Slow())
        tasks = await asked(desk, "one", "two")
        desk.stop()
        return await asyncio.gather(*tasks, return_exceptions=True)

    assert all(isinstance(each, ReadingFailed) for each in run(rush()))


def test_a_process_reads_and_is_given_none_of_our_settings(monkeypatch):
    monkeypatch.setenv("FIRST_CONTACT_SESSION_KEY", "a secret")

    with process(monkeypatch) as reader:
        seen = run(ReadingDesk(reader).read("hello"))
        ready = reader.is_ready

    count, pid, settings = seen.reading.intent.split()
    assert (count, settings, seen.persons) == ("1", "0", ((0, 1),))
    assert int(pid) != os.getpid()
    assert ready
    assert not reader.is_ready


def test_a_process_that_was_killed_is_started_again(monkeypatch):
    async def talk(reader):
        desk = ReadingDesk(reader)
        first = (await desk.read("hello")).reading.intent.split()[1]
        os.kill(int(first), signal.SIGKILL)
        return first, (await desk.read("hello")).reading.intent.split()[1]

    with process(monkeypatch) as reader:
        first, second = run(talk(reader))

    assert first != second


def test_a_process_that_was_killed_is_ready_again_before_it_is_asked(monkeypatch):
    with process(monkeypatch) as reader:
        until(lambda: reader.is_ready)
        os.kill(reader.pid, signal.SIGKILL)
        until(lambda: not reader.is_ready)

        assert until(lambda: reader.is_ready)


@pytest.mark.parametrize("word", ["die", "break"])
def test_a_message_that_breaks_the_process_takes_no_other_with_it(monkeypatch, word):
    async def talk(reader):
        desk = ReadingDesk(reader)
        tasks = await asked(desk, "one", "two", word, "four")
        return await asyncio.gather(*tasks, return_exceptions=True)

    with process(monkeypatch) as reader:
        answers = run(talk(reader))

    failed = [isinstance(each, ReadingFailed) for each in answers]
    assert failed == [False, False, True, False]


def test_a_message_that_hangs_the_process_is_given_up(monkeypatch):
    async def talk(reader):
        desk = ReadingDesk(reader)
        with pytest.raises(ReadingFailed):
            await desk.read("hang")
        return await desk.read("hello")

    with process(monkeypatch, read_s=0.5) as reader:
        assert run(talk(reader)).persons


def test_a_model_that_cannot_be_read_is_said(monkeypatch):
    with process(monkeypatch, "broken") as reader:
        with pytest.raises(ReadingFailed, match="UnreadableModel"):
            run(ReadingDesk(reader).read("hello"))
        assert not reader.is_ready


def test_it_ends_with_the_process_that_started_it(monkeypatch):
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(TESTS), str(TESTS.parent)]))
    code = (
        "import os, sys; from pathlib import Path; "
        "from bot.reader_process import ProcessReader; "
        f"reader = ProcessReader(Path('x'), {COMMAND!r}); "
        "print(reader.pid, flush=True); os.kill(os.getpid(), 9)"
    )
    parent = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False
    )
    pid = int(parent.stdout)

    assert gone_within(pid, 10)


def gone_within(pid, seconds):
    """Wait for a process that is nobody's child of ours to end."""
    waited = subprocess.run(
        ["timeout", str(seconds), "tail", f"--pid={pid}", "-f", "/dev/null"],
        check=False,
    )
    return waited.returncode == 0


class Reads:
    """Reads as it is told to."""

    def __init__(self):
        self.is_ready, self.fails = True, False

    async def read(self, batch):
        if self.fails:
            raise ReadingFailed("ended")
        return [Seen(Reading("note"), Heard()) for _ in batch]

    def stop(self):
        self.is_ready = False


def test_a_message_that_is_not_read_is_a_plain_failure_with_danger_heard(tmp_path):
    """F5: danger is heard by patterns when the reading is broken."""

    async def talk():
        reader = Reads()
        async with started(tmp_path, reader=reader) as toy:
            chat = Chat(toy)
            await chat.begin()
            reader.fails = True
            with pytest.raises(Refused) as refused:
                await chat.say("help he is outside")
            reader.fails = False
            return refused.value, await chat.say("note one")

    refused, answer = run(talk())

    assert refused.code == "not_kept"
    assert [part["kind"] for part in refused.messages] == ["danger"]
    assert answer


def test_it_is_not_ready_while_nothing_can_be_read(tmp_path):
    """OPS-1: no message is let in that could not be answered."""

    async def look():
        reader = Reads()
        async with started(tmp_path, reader=reader) as toy:
            before = await toy.is_ready()
            reader.is_ready = False
            toy._known_until = 0.0
            return before, await toy.is_ready()

    assert run(look()) == (True, False)
