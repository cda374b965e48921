"""Attacks that take time: as short as a change allows, or as long as the plan says."""

import contextlib
import itertools
import json
import threading
import time
import uuid
from concurrent.futures import ThreadPoolExecutor

from toy.house import body, new_id

SLOW = {
    "a head that drips": (b"GET /live HTTP/1.1\r\nHost: x\r\nX: ", b"a"),
    "a head that never ends": (b"POST /chat/session HTTP/1.1\r\n", b""),
    "a body that drips": (
        b"POST /chat/session HTTP/1.1\r\nHost: x\r\nContent-Length: 60000\r\n\r\n",
        b"a",
    ),
    "a body that never comes": (
        b"POST /chat/end HTTP/1.1\r\nHost: x\r\nContent-Length: 60000\r\n\r\n",
        b"",
    ),
    "a body for nobody": (
        b"POST /nowhere HTTP/1.1\r\nHost: x\r\nContent-Length: 60000\r\n\r\n",
        b"a",
    ),
    "a form that drips": (
        b"POST /plain HTTP/1.1\r\nHost: x\r\nContent-Length: 60000\r\n\r\n",
        b"a",
    ),
    "a web socket": (
        b"POST /chat/end HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\n"
        b"Content-Length: 60000\r\n\r\n",
        b"a",
    ),
    "an empty line": (b"", b"\r"),
    "nothing": (b"", b""),
}


class Person:
    """Speaks as the widget does: waits when told to, and counts anew when overtaken."""

    def __init__(self, caller):
        self.caller = caller
        self.token, self.greeting = caller.begin()
        self.answered = 0

    def say(self, text, within_s=20.0):
        """Say it until it is answered; return the answer and how long it took."""
        name, started = new_id(), time.monotonic()
        while time.monotonic() - started < within_s:
            value = body(self.answered + 1, text, id=name)
            status, headers, answer = self.caller.call(
                "POST", "/chat/messages", value, self.token
            )
            told = json.loads(answer)
            if status == 200:
                self.answered = told["n"]
                return told, time.monotonic() - started
            if told["error"] in ("order", "gap"):
                self.answered = told["missing"] - 1
            else:
                assert status in (429, 503), told
                time.sleep(float(headers["Retry-After"]))
        raise AssertionError(f"not answered within {within_s} s: {told}")


def flood_one(served, someone, seconds, threads=10, a_second=100):
    """Flood a conversation with its own token from elsewhere, while its person speaks.

    Returns:
        How often the thief got which status, and how long the person's messages took.
    """
    person, statuses = Person(someone()), {}
    thieves = [someone() for _ in range(threads)]
    address = thieves[0].address  # one thief with many hands
    lock = threading.Lock()

    def steal(number):
        thief = thieves[number % threads]
        thief.address = address
        # Next in line, far ahead, and long ago, in turn.
        n = (person.answered + 1, 150 + number % 50, 1)[number % 3]
        value = {"id": str(uuid.uuid4()), "n": n, "kind": "text", "text": "note theirs"}
        status, _, _ = thief.call("POST", "/chat/messages", value, person.token)
        with lock:
            statuses[status] = statuses.get(status, 0) + 1
        time.sleep(threads / a_second)

    took_s, until = [], time.monotonic() + seconds
    with _hands(steal, threads):
        while time.monotonic() < until:
            took_s.append(person.say("note mine")[1])
            time.sleep(2.1)
    return statuses, took_s


@contextlib.contextmanager
def _hands(work, threads):
    """Do the work in threads, each with a number that only it uses at a time."""
    stop = threading.Event()

    def run(hand):
        for turn in itertools.count():
            if stop.is_set():
                return
            work(hand + turn * threads)

    with ThreadPoolExecutor(threads) as pool:
        running = [pool.submit(run, hand) for hand in range(threads)]
        try:
            yield
        finally:
            stop.set()
    for each in running:
        each.result()


def flood_sessions(served, someone, seconds, addresses, threads=32, people=4):
    """Open conversations from many addresses while some people speak.

    Returns:
        How often which status came, and how long the people's messages took.
    """
    statuses, took_s = {}, []
    speaking = [Person(someone()) for _ in range(people)]
    strangers = [someone() for _ in range(threads)]
    names = [someone().address for _ in range(addresses)]
    lock = threading.Lock()

    def rush(number):
        stranger = strangers[number % threads]
        stranger.address = names[number % addresses]
        status, _, _ = stranger.call("POST", "/chat/session", {})
        with lock:
            statuses[status] = statuses.get(status, 0) + 1

    def speak(person):
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            took_s.append(person.say("note mine")[1])
            time.sleep(2.1)

    with _hands(rush, threads), ThreadPoolExecutor(people) as pool:
        list(pool.map(speak, speaking))
    return statuses, took_s


def slow_clients(served, someone, connections, every_s=2.0, most_s=30.0):
    """Hold connections open with as little as possible, while somebody speaks.

    Returns:
        How long each kind was held at most, and how long the person's messages took.
    """
    person, took_s, held = Person(someone()), [], {}
    kinds = list(SLOW.items())

    def hold(number):
        name, (first, more) = kinds[number % len(kinds)]
        started = time.monotonic()
        with served.wire() as wire, contextlib.suppress(ConnectionError):
            wire.sendall(first)
            while time.monotonic() - started < most_s:
                wire.settimeout(every_s)
                try:
                    if not wire.recv(65536):
                        break
                except TimeoutError:
                    wire.sendall(more)
        return name, time.monotonic() - started

    with ThreadPoolExecutor(connections) as pool:
        holding = [pool.submit(hold, number) for number in range(connections)]
        while not all(each.done() for each in holding):
            took_s.append(person.say("note mine")[1])
            time.sleep(2.1)
    for name, seconds in (each.result() for each in holding):
        held[name] = max(seconds, held.get(name, 0.0))
    return held, took_s
