"""The oracle of every fault test: what was said is kept once, in order, or said again.

People talk to services that fail under them. Each of their messages holds a word that
is nowhere else; each answer is noted. At the end `Oracle.judge` sees that

- every message is kept exactly once, in the order in which it was said,
- every answer that was not an answer said so, plainly and within 20 seconds,
- no word is in a log, a file or another conversation.
"""

import http.client
import itertools
import json
import random
import secrets
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from toy.house import new_id

SILENCE_S = 20.0
PATIENCE_S = 90.0


@dataclass(frozen=True)
class Try:
    """One attempt to send a message.

    Attributes:
        status: of the answer; None when the connection ended without one.
        answer: what came back.
        began: when, on the monotonic clock.
        took_s: from then until the answer.
    """

    status: int | None
    answer: dict
    began: float
    took_s: float

    @property
    def kept(self):
        return self.status == 200

    @property
    def plain(self):
        """Whether a failure said that it was one, what to do, and who can help."""
        return self.status is None or (
            bool(self.answer.get("error") and self.answer.get("say"))
            and bool(self.answer.get("help"))
        )


class Person:
    """One conversation; says one thing after the other until each is kept."""

    def __init__(self, number, services):
        self.address = f"10.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}"
        self.services = list(services)
        self.said, self.tries, self.token = [], [], None

    @property
    def service(self):
        """The service this person is led to; sticky until it does not answer."""
        return self.services[0]

    def come(self):
        """Begin; again and again until somebody is there."""
        give_up_at = time.monotonic() + PATIENCE_S
        while self.token is None:
            tried = self._call("/chat/session", {})
            if tried.status == 201:
                self.token = tried.answer["token"]
            else:
                self._go_on(tried, give_up_at)
        return self

    def say(self, words="note"):
        """Say the next thing once, and return how that went."""
        return self.attempt(self.next(words))

    def insist(self, words="note"):
        """Say the next thing until it is kept; return every attempt."""
        return self.repeat(self.next(words))

    def next(self, words="note"):
        """Return the next message, with a word that stands nowhere else."""
        n = len(self.said) + 1
        text = f"{words} canary{secrets.token_hex(6)}"
        message = {"id": new_id(), "n": n, "kind": "text", "text": text}
        self.said.append(message)
        return message

    def attempt(self, message, service=None):
        tried = self._call("/chat/messages", message, service)
        self.tries.append(tried)
        return tried

    def repeat(self, message):
        give_up_at = time.monotonic() + PATIENCE_S
        tries = [self.attempt(message)]
        while not tries[-1].kept:
            self._go_on(tries[-1], give_up_at)
            tries.append(self.attempt(message))
        return tries

    def kept(self):
        """Return the texts of the answers that are kept, without the greeting."""
        status, answer = self.service.call(
            "GET", "/chat/messages?after=0", token=self.token, address=self.address
        )
        assert status == 200, answer
        return [part["text"] for part in answer["messages"]]

    def _go_on(self, tried, give_up_at):
        assert time.monotonic() < give_up_at, f"still not kept: {tried}"
        if tried.status is None:  # as a proxy does
            self.services.append(self.services.pop(0))
        # A person breathes; that also keeps them within the limits.
        time.sleep(1.0 if tried.status else 0.1)

    def _call(self, path, value, service=None):
        began = time.monotonic()
        try:
            how = {"token": self.token, "address": self.address}
            service = service or self.service
            status, answer = service.call("POST", path, value, **how)
        except TimeoutError:
            status, answer = 0, {}
        except (OSError, http.client.HTTPException, json.JSONDecodeError):
            status, answer = None, {}
        return Try(status, answer or {}, began, time.monotonic() - began)


class Oracle:
    """People who talk to services, and the judgement at the end."""

    _numbers = itertools.count(1)

    def __init__(self, *services):
        self.services, self.people = services, []

    def person(self):
        """Return somebody new, who has come."""
        at = next(self._numbers)
        turn = at % len(self.services)
        order = [*self.services[turn:], *self.services[:turn]]
        self.people.append(Person(at, order))
        return self.people[-1].come()

    def crowd(self, many):
        """Return many people at once."""
        with ThreadPoolExecutor(20) as threads:
            return list(threads.map(lambda _: self.person(), range(many)))

    def judge(self, files=b""):
        """See that everything was as promised; `files` is what the database holds."""
        assert self.people
        for person in self.people:
            self._judge(person)
        written = "".join(service.written() for service in self.services)
        for message in self.words():
            assert message not in written
            assert message.encode() not in files
        for person in self.people:
            assert person.token not in written
            assert person.token.encode() not in files

    def words(self):
        """Return every word that should be nowhere."""
        return [
            message["text"].split()[-1]
            for person in self.people
            for message in person.said
        ]

    def _judge(self, person):
        expected = [
            f"{at}: {message['text']}" for at, message in enumerate(person.said, 1)
        ]
        assert person.kept() == expected  # once, in order, and nobody else's
        for tried in person.tries:
            assert tried.took_s < SILENCE_S, tried
            if tried.kept:
                (part,) = tried.answer["messages"]
                assert part["text"] in expected
            else:
                assert tried.plain, tried


class Traffic:
    """People who go on talking, each a message a while, until the end of the block."""

    def __init__(self, people, pause_s):
        self.people, self._pause_s = people, pause_s
        self._over = threading.Event()
        self._threads = ThreadPoolExecutor(len(people))

    def __enter__(self):
        self._began = time.monotonic()
        self._talks = [self._threads.submit(self._talk, each) for each in self.people]
        return self

    def __exit__(self, *error):
        self._over.set()
        for talk in self._talks:
            talk.result()
        self._took_s = time.monotonic() - self._began

    def tries(self):
        """Return every attempt so far, in order."""
        tries = [tried for person in self.people for tried in list(person.tries)]
        return sorted(tries, key=lambda tried: tried.began)

    def figures(self):
        """Return what happened, to be printed."""
        tries = self.tries()
        return {
            "sent": len(tries),
            "kept": sum(tried.kept for tried in tries),
            "failed plainly": sum(not tried.kept for tried in tries),
            "turns a second": round(len(tries) / self._took_s, 1),
            "longest answer": round(max(tried.took_s for tried in tries), 2),
        }

    def _talk(self, person):
        while not self._over.is_set():
            person.insist()
            self._over.wait(random.uniform(0.5, 1.5) * self._pause_s)


def together(people, do):
    """Let everybody do something at the same time."""
    with ThreadPoolExecutor(len(people)) as threads:
        return list(threads.map(do, people))


def say(person):
    """Say the next thing, once."""
    return person.say()


def repeat(person):
    """Say the last thing again, until it is kept."""
    return person.repeat(person.said[-1])


def files_of(folder):
    """Return every byte in the files of a folder."""
    return b"".join(path.read_bytes() for path in folder.glob("**/*.db*"))
