"""What is asked of this machine: free ports, and what processes use of it."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

PROC = Path("/proc")
TICKS = os.sysconf("SC_CLK_TCK")
HOST = "127.0.0.1"


@dataclass(frozen=True)
class Memory:
    """What a process and its children hold, in megabytes.

    Attributes:
        rss_mb: as each counts it; pages that several share are counted for each.
        pss_mb: with shared pages parted between those who share them.
    """

    rss_mb: float
    pss_mb: float


def free_port() -> int:
    """Return a port of this machine that nobody listens on."""
    with socket.socket() as free:
        free.bind((HOST, 0))
        return int(free.getsockname()[1])


def cores() -> int:
    """Return how many cores this process may use."""
    return len(os.sched_getaffinity(0))


def family(pid: int) -> list[int]:
    """Return a process and everything it has started, as far as it still runs."""
    parents = dict(_parents())
    found = [pid]
    for each in found:
        found += [child for child, parent in parents.items() if parent == each]
    return found


def cpu_s(pids: Iterable[int]) -> float:
    """Return the seconds of processor time that processes have used so far."""
    total = 0
    for pid in pids:
        fields = _stat(pid)
        if fields is not None:
            total += int(fields[11]) + int(fields[12])
    return total / TICKS


def memory(pid: int) -> Memory:
    """Return what a process and its children hold now."""
    rss = pss = 0
    for each in family(pid):
        rss += _kilobytes(PROC / str(each) / "status", "VmRSS:")
        pss += _kilobytes(PROC / str(each) / "smaps_rollup", "Pss:")
    return Memory(rss / 1024, pss / 1024)


def _parents() -> Iterator[tuple[int, int]]:
    for folder in PROC.iterdir():
        if folder.name.isdigit():
            fields = _stat(int(folder.name))
            if fields is not None:
                yield int(folder.name), int(fields[1])


def _stat(pid: int) -> list[str] | None:
    """Return the fields after the name, which may hold blanks; None when it is gone."""
    try:
        text = (PROC / str(pid) / "stat").read_text("utf-8", "replace")
    except OSError:
        return None
    return text.rpartition(")")[2].split()


def _kilobytes(file: Path, name: str) -> int:
    try:
        lines = file.read_text("ascii").splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) for line in lines if line.startswith(name)), 0)
