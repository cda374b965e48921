"""What tests need of this machine, and wait for on it."""

import os
import socket
import time
from dataclasses import dataclass, fields
from pathlib import Path


def free_port():
    """Return a port of this machine that nobody listens on."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


def until(so, within_s=30.0):
    """Return the first answer of `so` that counts, as soon as there is one."""
    give_up_at = time.monotonic() + within_s
    while not (answer := so()):
        assert time.monotonic() < give_up_at, f"not so within {within_s} s: {so}"
        time.sleep(0.01)
    return answer


@dataclass(frozen=True)
class Usage:
    """What a process and those it started hold, and have used, as Linux counts it."""

    at: float
    cpu_s: float
    memory_mb: float
    threads: int
    files: int

    def cpu_percent(self, before):
        """Return how much of one core it used since an earlier count."""
        return round(100 * (self.cpu_s - before.cpu_s) / (self.at - before.at))


PARTS = [field for field in fields(Usage) if field.name != "at"]


def usage(pid):
    """Return what a process and those that it started hold now."""
    each = [_usage(Path("/proc") / str(one)) for one in family(pid)]
    sums = {
        field.name: sum(getattr(one, field.name) for one in each) for field in PARTS
    }
    return Usage(at=time.monotonic(), **sums)


def family(pid):
    """Return a process, and all that it started and they started."""
    tasks = (Path("/proc") / str(pid) / "task").iterdir()
    children = {int(one) for task in tasks for one in _started(task)}
    return [pid, *(one for child in children for one in family(child))]


def _started(task):
    return (task / "children").read_text().split()


def _usage(about):
    lines = (about / "status").read_text().splitlines()
    told = dict(line.split(":", 1) for line in lines)
    times = (about / "stat").read_text().rpartition(")")[2].split()
    return Usage(
        at=0.0,
        cpu_s=(int(times[11]) + int(times[12])) / os.sysconf("SC_CLK_TCK"),
        memory_mb=int(told["VmRSS"].split()[0]) / 1024,
        threads=int(told["Threads"]),
        files=len(list((about / "fd").iterdir())),
    )
