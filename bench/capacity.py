"""How many assistants a force needs: queues simulated with measured service times.

`make capacity` prints it. Nothing is measured here: the times stand at the top, with
where they come from, and a day's people come as chance has them.
"""

from __future__ import annotations

import heapq
import random
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

PER_DAY = (1_000, 10_000, 100_000, 1_000_000)
WAIT_S, BUSY = 1.0, 0.7  # what is well enough: p95 of a wait, and of a core
MOST = 64
KEPT_KB = 12.1  # a conversation with ten answers, as its row was measured
WRITES = 2  # rows a turn: the snapshot and the answer


@dataclass(frozen=True)
class Times:
    """Seconds of one core, as `make bench` found them on two shared cores.

    Attributes:
        talk: of the process that talks, for one message or greeting, with HTTP.
        read: of the reader, whenever it begins with what waits.
        read_each: of the reader, for each message of these.
        together: how many it reads in one go at most.
    """

    talk: float = 0.017
    read: float = 0.006
    read_each: float = 0.006
    together: int = 16


@dataclass(frozen=True)
class Day:
    """How people come.

    Attributes:
        conversations: a day.
        busiest: the share of them that begins in the busiest hour.
        turns: messages of one conversation.
        typed: the share of these that are words, which are read; the rest are choices.
        pause_s: between an answer and the next message, in the mean.
        idle_s: how long a conversation is kept that nobody ended.
    """

    conversations: int
    busiest: float = 0.1
    turns: int = 12
    typed: float = 0.6
    pause_s: float = 25.0
    idle_s: float = 1800.0

    @property
    def per_s(self) -> float:
        """Conversations that begin in a second of the busiest hour."""
        return self.conversations * self.busiest / 3600

    @property
    def open_at_once(self) -> int:
        """Conversations that are kept at one time in the busiest hour."""
        return round(self.per_s * (self.turns * self.pause_s + self.idle_s))


@dataclass(frozen=True)
class Load:
    """What becomes of one assistant that gets its share of the busiest hour.

    Attributes:
        waits: seconds from each message to its answer, in order of size.
        talks, reads: how much of the time its two processes are busy, 0 to 1.
        a_second: messages and greetings it answers in a second.
    """

    waits: Sequence[float]
    talks: float
    reads: float
    a_second: float

    def at(self, share: float) -> float:
        """Return the wait that this share of the messages does not exceed."""
        return self.waits[min(int(share * len(self.waits)), len(self.waits) - 1)]


def simulated(day: Day, assistants: int, times: Times, chance: random.Random) -> Load:
    """Let people talk to one of several assistants for the busiest quarter of an hour.

    Args:
        day: how people come; each assistant gets an equal share of them.
        assistants: how many there are.
        times: what an answer takes.
        chance: decides when people come, how long they pause and what they type.
    """
    lasts_s = 900.0
    desk = _Desk(times, chance)
    calls = _calls(day, assistants, lasts_s, chance)
    for at, is_typed in calls:
        desk.until(at)
        desk.take(at, is_typed)
    desk.until(float("inf"))
    seconds = max(lasts_s, desk.now)
    waits = sorted(desk.waits) or [0.0]
    return Load(
        waits, desk.talked / seconds, desk.read / seconds, len(desk.waits) / seconds
    )


def _calls(
    day: Day, assistants: int, lasts_s: float, chance: random.Random
) -> Iterator[tuple[float, bool]]:
    """Yield when calls come, in order, and whether they hold words to be read.

    People are already talking when it begins, so that the beginning is like the rest.
    """
    rate = day.per_s / assistants
    calls: list[tuple[float, bool]] = []
    before = day.turns * day.pause_s
    at = -before
    while (at := at + chance.expovariate(rate)) < lasts_s:
        when = at
        calls.append((when, False))  # the greeting
        for _ in range(day.turns):
            when += chance.expovariate(1 / day.pause_s)
            calls.append((when, chance.random() < day.typed))
    return iter(sorted(call for call in calls if 0 <= call[0] < lasts_s))


class _Desk:
    """One assistant: a reader that takes what waits, then a line to who talks."""

    def __init__(self, times: Times, chance: random.Random) -> None:
        self._times, self._chance = times, chance
        self.now = self.talked = self.read = 0.0
        self.waits: list[float] = []
        self._unread: deque[float] = deque()
        self._reading_until = self._talking_until = 0.0
        self._events: list[tuple[float, int, tuple[float, ...]]] = []
        self._order = 0

    def take(self, at: float, is_typed: bool) -> None:
        """Take a call that comes now."""
        if is_typed:
            self._unread.append(at)
            self._read_on(at)
        else:
            self._talk(at, at)

    def until(self, at: float) -> None:
        """Go on to a time."""
        while self._events and self._events[0][0] <= at:
            when, _, begun = heapq.heappop(self._events)
            self.now = max(self.now, when)
            for each in begun:
                self._talk(when, each)
            self._read_on(when)

    def _read_on(self, now: float) -> None:
        if not self._unread or self._reading_until > now:
            return
        count = min(len(self._unread), self._times.together)
        batch = tuple(self._unread.popleft() for _ in range(count))
        took = self._varied(self._times.read + self._times.read_each * count)
        self.read += took
        self._reading_until = now + took
        self._order += 1
        heapq.heappush(self._events, (self._reading_until, self._order, batch))

    def _talk(self, now: float, begun: float) -> None:
        took = self._varied(self._times.talk)
        self.talked += took
        self._talking_until = max(self._talking_until, now) + took
        self.now = max(self.now, self._talking_until)
        self.waits.append(self._talking_until - begun)

    def _varied(self, mean: float) -> float:
        """Return a time that varies as they do: half of it is always there."""
        return mean * (0.5 + self._chance.expovariate(2.0))


@dataclass(frozen=True)
class Need:
    """What a day of people needs.

    Attributes:
        day: the day.
        assistants: the fewest that keep waits and cores as wanted.
        load: of one of them.
        cores: busy in the busiest hour, of all of them.
        core_hours: of the whole day.
        writes: rows the database writes in a second of the busiest hour.
        kept_mb: what it keeps at one time.
    """

    day: Day
    assistants: int
    load: Load
    cores: float
    core_hours: float
    writes: float
    kept_mb: float


def needed(day: Day, times: Times, seed: int = 1) -> Need:
    """Return the fewest assistants with which people wait little; two at least.

    Raises:
        ValueError: not even the most that are tried are enough.
    """
    for assistants in range(2, MOST + 1):
        chance = random.Random(seed)  # noqa: S311 - draws people, not secrets
        load = simulated(day, assistants, times, chance)
        if load.at(0.95) <= WAIT_S and max(load.talks, load.reads) <= BUSY:
            break
    else:
        raise ValueError(f"{MOST} assistants are not enough")
    one = times.talk * (day.turns + 1)
    one += (times.read + times.read_each) * day.turns * day.typed
    answered = day.per_s * (day.turns + 1)
    return Need(
        day,
        assistants,
        load,
        (load.talks + load.reads) * assistants,
        one * day.conversations / 3600,
        answered * WRITES,
        day.open_at_once * KEPT_KB / 1024,
    )


def table(needs: Sequence[Need]) -> str:
    """Return what is needed, a line a day, as Markdown."""
    head = (
        "| conversations a day | answers a second, busiest hour | assistants | cores busy "
        "| p95 wait, s | core hours a day | rows written a second | open at once | kept, MB |"
    )
    lines = [head, "| --- " * 9 + "|"]
    for need in needs:
        answers = need.day.per_s * (need.day.turns + 1)
        lines.append(
            f"| {need.day.conversations:,} | {answers:.1f} | {need.assistants} | "
            f"{need.cores:.1f} | {need.load.at(0.95):.2f} | {need.core_hours:.1f} | "
            f"{need.writes:.0f} | {need.day.open_at_once:,} | {need.kept_mb:,.0f} |"
        )
    return "\n".join(lines)


def main() -> None:
    """Print the table, and the same for a machine half as fast."""
    times = Times()
    print(table([needed(Day(count), times) for count in PER_DAY]))
    slow = replace(
        times,
        talk=times.talk * 2,
        read=times.read * 2,
        read_each=times.read_each * 2,
    )
    print("\nOn cores half as fast:\n")
    print(table([needed(Day(count), slow) for count in PER_DAY]))


if __name__ == "__main__":
    main()
