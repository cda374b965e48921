"""A crowd of people who talk to an assistant as people do, however slowly it answers.

Each wants to say something every so many seconds, and how long they wait counts from the
moment they want to, not from when there is room for it. What they say are sentences of
the development split, each with a word that is nowhere else; now and then they press a
choice. One loop in one thread speaks for all of them, and says how much of a core it took.

What they hear is held to the promise: answered and kept once and in order, or told within
20 s that it was not, in words; and nobody hears a word of somebody else's.
"""

import asyncio
import random
import re
import resource
import secrets
import string
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

import aiohttp
import numpy as np
import yaml
from toy.house import body, new_id

ROOT = Path(__file__).parents[1]
PROMISE_S = 20.0
PATIENCE_S = 90.0
LONGEST_CHAT = 20
COME_A_SECOND = 10
PRESSED = 0.3  # of the messages that could be a choice
TOLD_EVERY_S = 30.0
MARK = "zemcanary"
CANARY = re.compile(MARK + "[a-z]{12}")
REFUSALS = (409, 429, 503)
# Said or pressed, these erase what was answered before, and nothing could be compared.
FORGETTING = ("forget", "start again", "start over", "delete")


@cache
def sentences():
    """Return what people say: a story for every question or word about the talk."""
    told = {}
    for file in sorted((ROOT / "tests/nlu/development").glob("*.yml")):
        found = yaml.load(file.read_text(encoding="utf-8"), yaml.CSafeLoader)["nlu"]
        told[file.stem] = [
            example["text"].strip()
            for intent in found
            for example in intent["examples"]
            if intent["intent"] != "start_again"
        ]
    stories = told.pop("account")
    others = [text for texts in told.values() for text in texts]
    return [
        [text for text in texts if not forgets(text)] for texts in (stories, others)
    ]


def forgets(text):
    return any(word in text.lower() for word in FORGETTING)


def sentence(chance):
    """Return a sentence of the development split."""
    return chance.choice(chance.choice(sentences()))


def note(chance):
    """Return words that the toy assistant repeats."""
    return "note"


@dataclass(frozen=True)
class Door:
    """Where the assistant is spoken to, and as coming from which page."""

    port: int
    origin: str = ""

    @property
    def address(self):
        return f"http://127.0.0.1:{self.port}"

    def headers(self, person, token=None):
        headers = {"Origin": self.origin or self.address, "X-Forwarded-For": person}
        if token:
            headers["Authorization"] = f"Bearer {token}"
        return headers


@dataclass
class Heard:
    """What a crowd heard.

    Attributes:
        waits: of each message that was kept: when it was due, how long until it was.
        greetings: how long each new conversation took to begin.
        statuses: how often which answer came, to messages and to beginnings.
        late: how often somebody was still waiting when they wanted to say the next.
        slowest_s: the longest time until any answer.
        broken: every promise that was not held.
        chats: how many conversations were compared with what is kept.
    """

    waits: list = field(default_factory=list)
    greetings: list = field(default_factory=list)
    statuses: Counter = field(default_factory=Counter)
    late: int = 0
    slowest_s: float = 0.0
    broken: list = field(default_factory=list)
    chats: int = 0
    cpu_s: float = 0.0
    took_s: float = 0.0

    def figures(self, since=0.0):
        """Return it in numbers, of messages that were due since some moment."""
        took = [took_s for due, took_s in self.waits if due >= since]
        refused = sum(n for status, n in self.statuses.items() if status >= 400)
        return {
            "kept": len(took),
            "a_second": round(len(self.waits) / self.took_s, 1),
            "refused": refused,
            **percentiles(took),
            "greeting_p95_s": percentiles(self.greetings)["p95_s"],
            "slowest_answer_s": round(self.slowest_s, 2),
            "late": self.late,
            "conversations": self.chats,
            "crowd_cpu_percent": round(100 * self.cpu_s / self.took_s),
        }


def percentiles(took_s):
    """Return the middle, the 95th and the 99th percentile, and the longest."""
    if not took_s:
        return dict.fromkeys(("p50_s", "p95_s", "p99_s", "longest_s"))
    middle, most, nearly_all = np.percentile(took_s, (50, 95, 99))
    found = {"p50_s": middle, "p95_s": most, "p99_s": nearly_all}
    found["longest_s"] = max(took_s)
    return {name: round(float(value), 3) for name, value in found.items()}


class Crowd:
    """Many people who come over a few seconds and talk for a while."""

    _addresses = iter(range(1, 1 << 24))

    def __init__(self, door, people, every_s, words=sentence, seed=1):
        self.door, self.people, self.every_s = door, people, every_s
        self.words, self.chance = words, random.Random(seed)
        self.heard = Heard()

    def talk(self, seconds):
        """Talk for so many seconds, and return what was heard."""
        return self.begin(seconds).result()

    def begin(self, seconds):
        """Talk for so many seconds in a thread; return what will have been heard."""
        threads = ThreadPoolExecutor(1, "crowd")
        talking = threads.submit(lambda: asyncio.run(self._all(seconds)))
        threads.shutdown(wait=False)
        return talking

    def address(self):
        """Return an address that nobody has had."""
        number = next(self._addresses)
        return f"10.{number >> 16}.{number >> 8 & 255}.{number & 255}"

    async def _all(self, seconds):
        began, cpu_s = time.monotonic(), _cpu_s()
        until = began + seconds
        line = aiohttp.TCPConnector(limit=0, keepalive_timeout=10)
        patience = aiohttp.ClientTimeout(total=PROMISE_S)
        async with aiohttp.ClientSession(connector=line, timeout=patience) as web:
            telling = asyncio.create_task(self._tell(began, seconds))
            talks = [self._talk(web, n, until) for n in range(self.people)]
            await asyncio.gather(*talks)
            telling.cancel()
        self.heard.took_s = time.monotonic() - began
        self.heard.cpu_s = _cpu_s() - cpu_s
        return self.heard

    async def _talk(self, web, number, until):
        # Evenly, and not too many at once: coming is another thing than talking.
        come_s = max(self.every_s, self.people / COME_A_SECOND)
        due = time.monotonic() + come_s * (number + 0.5) / self.people
        person = Person(self, web)
        while due < until:
            await asyncio.sleep(due - time.monotonic())
            if await person.say(due, until):
                self.heard.waits.append((due, time.monotonic() - due))
            due += self.every_s
            while due + self.every_s < time.monotonic():
                due += self.every_s
                self.heard.late += 1
        await person.part()

    async def _tell(self, began, seconds):
        """Say now and then how it goes."""
        while True:
            await asyncio.sleep(TOLD_EVERY_S)
            now = time.monotonic()
            latest = [took for due, took in self.heard.waits if due > now - 60]
            print(
                f"    {now - began:.0f} of {seconds:.0f} s, {self.people} people:"
                f" {len(self.heard.waits)} kept, {dict(self.heard.statuses)},"
                f" p95 of the last minute {percentiles(latest)['p95_s']} s",
                flush=True,
            )


class Person:
    """One of them: a conversation, and another one when it has been long."""

    def __init__(self, crowd, web):
        self.crowd, self.web, self.heard = crowd, web, crowd.heard
        self.token = None

    async def say(self, due, until):
        """Say something until it is kept; return whether it was."""
        if self.token is None and not await self._come(until):
            return False
        message = self._next()
        answer = await self._insist("/chat/messages", message, until)
        if answer is None:
            return False
        self.answers.append(answer["messages"])
        self.choices = list(_choices(answer["messages"])) or self.choices
        foreign = set(CANARY.findall(str(answer))) - self.canaries
        if foreign:
            self.heard.broken.append("somebody else's words")
        if len(self.answers) >= LONGEST_CHAT:
            await self.part()
        return True

    async def part(self):
        """Compare what is kept with what was heard, and leave."""
        if self.token is None:
            return
        until = time.monotonic() + PATIENCE_S
        kept = await self._insist("/chat/messages?after=0", None, until)
        heard = [part for answer in self.answers for part in answer]
        if kept is None:
            self.heard.broken.append("what is kept could not be read")
        elif (kept["n"], kept["messages"]) != (len(self.answers), heard):
            self.heard.broken.append(
                f"heard {len(self.answers)} answers, kept {kept['n']}"
            )
        if await self._insist("/chat/end", {}, until) is None:
            self.heard.broken.append("could not leave")
        self.heard.chats += 1
        self.token = None

    async def _come(self, until):
        self.address, began = self.crowd.address(), time.monotonic()
        opened = await self._insist("/chat/session", {}, until)
        if opened is None:
            return False
        self.heard.greetings.append(time.monotonic() - began)
        self.token, self.answers, self.canaries = opened["token"], [], set()
        self.choices = list(_choices(opened["messages"]))
        return True

    def _next(self):
        n, chance = len(self.answers) + 1, self.crowd.chance
        harmless = [each["id"] for each in self.choices if not forgets(each["label"])]
        if harmless and chance.random() < PRESSED:
            return body(n, choice=chance.choice(harmless))
        canary = MARK + "".join(
            secrets.choice(string.ascii_lowercase) for _ in range(12)
        )
        self.canaries.add(canary)
        return body(n, f"{self.crowd.words(chance)} {canary}", id=new_id())

    async def _insist(self, path, value, until):
        """Send the very same until it is answered; return the answer.

        Who is told that it was not kept may give up when the time is over: then None.
        """
        until = max(until, time.monotonic() + 1)
        while True:
            status, headers, answer = await self._call(path, value)
            self.heard.statuses[status] += 1
            if status in (200, 201, 204):
                return answer
            told = isinstance(answer, dict) and answer.get("say") and answer.get("help")
            if status not in REFUSALS or not told:
                self.heard.broken.append(f"{path.partition('?')[0]}: {status} {answer}")
                if status:  # there is no use in sending that again
                    return None
            wait_s = float(headers.get("Retry-After") or 0.5)
            if time.monotonic() + wait_s > until:
                return None
            await asyncio.sleep(wait_s)

    async def _call(self, path, value):
        began = time.monotonic()
        headers = self.crowd.door.headers(self.address, self.token)
        method = "GET" if value is None else "POST"
        url = self.crowd.door.address + path
        try:
            async with self.web.request(
                method, url, json=value, headers=headers
            ) as answer:
                content = await answer.read()
                told = await answer.json() if content else {}
                return answer.status, answer.headers, told
        except (aiohttp.ClientError, asyncio.TimeoutError) as error:
            return 0, {}, repr(error)
        finally:
            took_s = time.monotonic() - began
            self.heard.slowest_s = max(self.heard.slowest_s, took_s)


def _choices(value):
    """Yield everything that can be pressed, wherever it stands in a part."""
    if isinstance(value, list):
        for each in value:
            yield from _choices(each)
    elif isinstance(value, dict):
        if "label" in value and "id" in value:
            yield value
        else:
            for each in value.values():
                yield from _choices(each)


def _cpu_s():
    used = resource.getrusage(resource.RUSAGE_THREAD)
    return used.ru_utime + used.ru_stime
