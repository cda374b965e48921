"""The crowd, in a process of its own that measures what it uses itself.

It reads one job as JSON from standard input and writes what it saw as JSON. A job is a
crowd for some seconds, so many conversations in all, or one long conversation.
"""

from __future__ import annotations

import asyncio
import json
import math
import resource
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import count
from typing import Any

from bench import people
from bench.machine import cpu_s
from bench.talking import Heard, client, connect, hold, talk_with


@dataclass(frozen=True)
class Job:
    """What to do.

    Attributes:
        kind: "ours" or "stock".
        bases: addresses of the services; person i talks to one of them.
        people: how many talk at once.
        ramp_s: over how long they arrive; nothing of that is counted.
        seconds: how long is counted.
        conversations: with a number: hold so many, and count them all.
        messages: of a conversation.
        long: with a number: one conversation of so many messages.
        first: number of the first conversation; each comes from its own address.
        pids: processes whose time on the processor is noted.
    """

    kind: str
    bases: Sequence[str]
    people: int = 1
    ramp_s: float = 0.0
    seconds: float = 0.0
    conversations: int = 0
    messages: int = 5
    long: int = 0
    first: int = 0
    pids: Sequence[int] = ()


@dataclass
class Span:
    """A stretch of time, with the processor's time used in it."""

    wall_s: float = 0.0
    own_cpu_s: float = 0.0
    served_cpu_s: float = 0.0


@dataclass
class Crowd:
    """People who talk at once, each beginning anew when a conversation is over."""

    job: Job
    heard: Heard = field(default_factory=Heard)
    _over: bool = False

    async def run(self) -> tuple[Span, float, float]:
        """Let them talk, and return the span counted with its begin and end."""
        numbers = count(self.job.first)
        async with client() as http:

            async def person(i: int) -> None:
                await asyncio.sleep(self.job.ramp_s * i / self.job.people)
                base = self._base(i)
                for k in count():
                    number = next(numbers)
                    enough = 0 < self.job.conversations <= number - self.job.first
                    if self._over or enough:
                        return
                    where = people.address(number)
                    talk = talk_with(self.job.kind, http, base, where, self.heard)
                    said = people.conversation(i, k)[: self.job.messages]
                    await hold(talk, said, self.heard, lambda: self._over)

            bases = [self._base(i) for i in range(self.job.people)]
            await asyncio.gather(*(connect(http, self.job.kind, b) for b in bases))
            everyone = [asyncio.create_task(person(i)) for i in range(self.job.people)]
            await asyncio.sleep(self.job.ramp_s)
            begun, before = time.monotonic(), self._used()
            if self.job.conversations:
                await asyncio.gather(*everyone)
            else:
                await asyncio.sleep(self.job.seconds)
            self._over = True
            ended, after = time.monotonic(), self._used()
            await asyncio.gather(*everyone)
        own, served = (late - early for early, late in zip(before, after, strict=True))
        return Span(ended - begun, own, served), begun, ended

    def _base(self, person: int) -> str:
        return self.job.bases[person % len(self.job.bases)]

    def _used(self) -> tuple[float, float]:
        used = resource.getrusage(resource.RUSAGE_SELF)
        return used.ru_utime + used.ru_stime, cpu_s(self.job.pids)


async def one_long(job: Job, heard: Heard) -> None:
    """Hold one conversation of many messages."""
    async with client() as http:
        where = people.address(job.first)
        talk = talk_with(job.kind, http, job.bases[0], where, heard)
        await hold(talk, people.going_on(job.long), heard)


async def done(job: Job) -> dict[str, Any]:
    """Do a job, and return what was seen."""
    crowd = Crowd(job)
    heard, span, begun, ended = crowd.heard, Span(), -math.inf, math.inf
    if job.long:
        await one_long(job, heard)
    else:
        span, begun, ended = await crowd.run()
    # Whoever asks towards the end is waited for, or only quick answers would count.
    took, greeted = (
        [round(late - early, 5) for early, late in waits if begun <= early <= ended]
        for waits in (heard.turns, heard.greetings)
    )
    return {
        "took_s": took,
        "greeted_s": greeted,
        "answered": sum(begun <= late <= ended for _, late in heard.turns),
        "wall_s": span.wall_s,
        "generator_cpu_s": span.own_cpu_s,
        "served_cpu_s": span.served_cpu_s,
        "failures": dict(heard.failures),
        "empty": heard.empty,
        "waited": heard.waited,
    }


def main() -> None:
    """Do the job on standard input."""
    told: dict[str, Any] = json.load(sys.stdin)
    json.dump(asyncio.run(done(Job(**told))), sys.stdout)


if __name__ == "__main__":
    main()
