"""Both services, started and stopped as an operator would, on this machine alone."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bench.generator import Job
from bench.machine import HOST, family, free_port
from bot.cli import QUIET

START_S = 240.0
STOP_S = 30.0
LOOK_S = 0.05
JOB_S = 600.0
ROOT = Path(__file__).resolve().parents[1]
FIRST = "Hello"
Say = Callable[[str], None]


class BenchError(Exception):
    """A measurement cannot be made; the message says why, in plain words."""


@dataclass
class Service:
    """One service that runs.

    Attributes:
        kind: "ours" or "stock".
        base: its address.
        process: it, or the parent of what serves.
        ready_s: from its start until it had answered a message.
        log: what it printed.
    """

    kind: str
    base: str
    process: subprocess.Popen[bytes]
    log: Path
    ready_s: float = 0.0

    def pids(self) -> list[int]:
        """Return its processes."""
        return family(self.process.pid)


@dataclass(frozen=True)
class Bench:
    """Where services and their files live while they are measured.

    Attributes:
        folder: for this run alone.
        stock: the starter bot's project, trained.
    """

    folder: Path
    stock: Path
    _counts: dict[str, int] = field(default_factory=dict)

    @contextlib.contextmanager
    def ours(
        self, *, lift: bool = False, stages: Path | None = None
    ) -> Iterator[Service]:
        """Run our service; see bench/launch.py for what may be put around it."""
        around = [*(["--lift"] if lift else ())]
        around += ["--stages", str(stages)] if stages else []
        plain = not around
        module = ["-m", "bot", "serve"] if plain else ["-m", "bench.launch", *around]
        port, name = free_port(), self._name("ours")
        data = self.folder / name
        command = [sys.executable, *module, "--port", str(port)]
        env = {
            "FIRST_CONTACT_TRUSTED_PROXIES": HOST,
            "FIRST_CONTACT_MAX_SESSIONS": "1000000",
            "PYTHONPATH": str(ROOT),
        }
        with self._running(
            "ours", [*command, "--data-dir", str(data)], port, env, ROOT
        ) as s:
            yield s

    @contextlib.contextmanager
    def starter(self) -> Iterator[Service]:
        """Run the starter bot: one process, its defaults, the REST channel."""
        port = free_port()
        command = [sys.executable, "-m", "rasa", "run", "-i", HOST, "-p", str(port)]
        command += ["--credentials", "rest.yml"]
        with self._running("stock", command, port, {}, self.stock) as service:
            yield service

    def job(self, services: Sequence[Service], **given: Any) -> dict[str, Any]:
        """Let the generator do a job with services of one kind.

        Raises:
            BenchError: it did not end well.
        """
        pids = tuple(pid for service in services for pid in service.pids())
        first = self._counts.get("conversations", 0)
        # Far more than any job holds: no two conversations come from one address.
        self._counts["conversations"] = first + 20_000
        bases = tuple(service.base for service in services)
        job = Job(services[0].kind, bases, pids=pids, first=first, **given)
        command = [sys.executable, "-m", "bench.generator"]
        told = json.dumps(vars(job)).encode()
        try:
            done = subprocess.run(  # noqa: S603 - our own module
                command,
                input=told,
                capture_output=True,
                cwd=ROOT,
                timeout=JOB_S,
                check=False,
            )
        except subprocess.TimeoutExpired:
            raise BenchError(f"the generator took more than {JOB_S:.0f} s") from None
        if done.returncode != 0:
            raise BenchError(f"the generator failed: {last_line(done.stderr)}")
        for service in services:
            if service.process.poll() is not None:
                raise BenchError(f"{service.kind} ended: {_tail(service.log)}")
        return dict(json.loads(done.stdout))

    def _name(self, kind: str) -> str:
        self._counts[kind] = self._counts.get(kind, 0) + 1
        return f"{kind}-{self._counts[kind]}"

    @contextlib.contextmanager
    def _running(
        self,
        kind: str,
        command: Sequence[str],
        port: int,
        env: Mapping[str, str],
        root: Path,
    ) -> Iterator[Service]:
        log = self.folder / f"{self._name(kind + '-log')}.txt"
        begun = time.monotonic()
        with log.open("wb") as out:
            process = subprocess.Popen(  # noqa: S603 - our own command
                command,
                cwd=root,
                env=environment(env),
                stdout=out,
                stderr=out,
                start_new_session=True,
            )
        service = Service(kind, f"http://{HOST}:{port}", process, log)
        try:
            _until_answered(service, begun + START_S)
            service.ready_s = time.monotonic() - begun
            yield service
        finally:
            _stop(process)


def _until_answered(service: Service, give_up_at: float) -> None:
    """Wait until a message is answered.

    Raises:
        BenchError: the service ends first, or takes too long.
    """
    while True:
        if service.process.poll() is not None:
            raise BenchError(f"{service.kind} did not start: {_tail(service.log)}")
        with contextlib.suppress(OSError, ValueError, LookupError):
            _say_first(service)
            return
        if time.monotonic() > give_up_at:
            why = _tail(service.log)
            raise BenchError(f"{service.kind}: not ready in {START_S:.0f} s: {why}")
        time.sleep(LOOK_S)


def _say_first(service: Service) -> None:
    if service.kind == "stock":
        said = {"sender": "first", "message": FIRST}
        _post(service.base + "/webhooks/rest/webhook", said, {})[0]["text"]
        return
    headers = {"Origin": service.base, "X-Forwarded-For": "192.0.2.1"}
    token = _post(service.base + "/chat/session", {}, headers)["token"]
    headers["Authorization"] = f"Bearer {token}"
    name = "6f9619ff-8b86-4d01-b42d-00cf4fc964ff"
    message = {"id": name, "n": 1, "kind": "text", "text": FIRST}
    _post(service.base + "/chat/messages", message, headers)["messages"][0]


def _post(url: str, value: Any, headers: Mapping[str, str]) -> Any:
    sent = urllib.request.Request(  # noqa: S310 - our own address
        url,
        json.dumps(value).encode(),
        {"Content-Type": "application/json", **headers},
    )
    with urllib.request.urlopen(sent, timeout=30) as answer:  # noqa: S310 - as above
        return json.load(answer)


def _stop(process: subprocess.Popen[bytes]) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGTERM)
    try:
        process.wait(STOP_S)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait(STOP_S)


def environment(given: Mapping[str, str]) -> dict[str, str]:
    """Return our environment, without the settings of a First Contact run for real."""
    inherited = os.environ.items()  # noqa: TID251 - passed on, not read
    kept = {k: v for k, v in inherited if not k.startswith("FIRST_CONTACT_")}
    return {**kept, **QUIET, **given}


def _tail(log: Path) -> str:
    return last_line(log.read_bytes())


def last_line(said: bytes) -> str:
    """Return the last thing a process said, which most often says what is wrong."""
    lines = said.decode("utf-8", "replace").strip().splitlines()
    return lines[-1][-300:] if lines else "it said nothing"
