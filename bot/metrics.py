"""Counts of what the service does, released so late and so coarse that none is a person.

Whoever reads metrics sees when a number moves. If a count went up as a person spoke,
somebody who knows that she is at her telephone would know that she has just told us of
danger. So nothing that is shown follows a turn:

- Counts belong to windows of 15 minutes or more. An open window shows nothing at all;
  what a scrape returns changes only when a window closes, for everybody in it at once.
- A cell (one count under one label) is released only if five different conversations are
  behind it in that one window: five messages of one person are one person. A smaller
  cell is dropped for good. Carried over, it would come out in the window in which the
  fifth person came, and would tell of that person.
- A count that is a share of the turns stays hidden too when all but one to four of the
  turns are in it: the difference would be the small cell.
- Durations move up to the next slower step until five conversations share one. There
  is no sum, which would be exact to a fraction of a second.
- Conversations that are open are shown as they stood when the window closed, in whole
  steps of five.
- There is no figure of the process, such as its processor time: it moves with each turn.

To tell people apart, an open window keeps one byte for each, made with a key of that
window: enough to know that there were five at least, and to recognise nobody. A window
that is open when the process ends is lost.

What this does not stop: somebody who may read the metrics and holds four conversations of
their own would see that there was a fifth. That is why they are on this machine alone.
"""

from __future__ import annotations

import contextlib
import hashlib
import math
import secrets
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from bot.behaviours import BehaviourType, Danger
from bot.refusals import REFUSALS

WINDOW_S = 15 * 60
FEWEST = 5
OTHER = "other"
STEPS_S = (0.1, 0.25, 0.5, 1.0, 2.0, 5.0, 15.0, math.inf)


@dataclass(frozen=True)
class Family:
    """What is counted under one name.

    Attributes:
        says: what it means, for the operator.
        label: what its cells differ in; empty when there is one cell.
        values: every value of the label there may be; anything else is "other".
        of_turns: whether each count is a share of the turns.
    """

    says: str
    label: str = ""
    values: frozenset[str] = frozenset()
    of_turns: bool = False


TURNS, DURATIONS, FAILURES = "turns", "turn_duration", "failures"
FAMILIES: Mapping[str, Family] = {
    TURNS: Family("Messages answered and kept."),
    FAILURES: Family("Requests refused or failed.", "code", frozenset(REFUSALS)),
    "handoffs": Family(
        "Answers that open a door.",
        "kind",
        frozenset(("report", "support", "summary")),
        of_turns=True,
    ),
    "types": Family(
        "Messages in which a type was seen.",
        "type",
        frozenset(kind.value for kind in BehaviourType),
        of_turns=True,
    ),
    "danger_cards": Family(
        "Answers with a danger card.",
        "level",
        frozenset(level.value for level in Danger),
        of_turns=True,
    ),
    "not_understood": Family("Messages not understood.", of_turns=True),
}
# The actions that are counted when they have answered.
SPOKEN: Mapping[str, tuple[str, str]] = {
    "action_hand_off": ("handoffs", "report"),
    "action_offer_support": ("handoffs", "support"),
    "action_show_summary": ("handoffs", "summary"),
    "action_not_understood": ("not_understood", ""),
}


@dataclass
class Cell:
    """One count of the open window, and a byte for each who is behind it."""

    count: int = 0
    marks: set[int] = field(default_factory=set)

    @property
    def is_shown(self) -> bool:
        """Whether enough different conversations are in it."""
        return len(self.marks) >= FEWEST

    def __add__(self, other: Cell) -> Cell:
        """Return both as one."""
        return Cell(self.count + other.count, self.marks | other.marks)


@dataclass(frozen=True)
class Released:
    """What may be seen.

    Attributes:
        counts: by family and label, since the process started.
        durations: turns by the step they ended in, since the process started.
        live: conversations open when the last window closed, in steps of five.
        windows: how many have closed.
    """

    counts: Mapping[tuple[str, str], int]
    durations: Mapping[float, int]
    live: int
    windows: int


class Metrics:
    """Counts in an open window, and releases what may be seen when it closes."""

    def __init__(
        self, window_s: float = WINDOW_S, clock: Callable[[], float] = time.monotonic
    ) -> None:
        """Open the first window."""
        self._window_s, self._clock = window_s, clock
        self._lock = threading.Lock()  # it is counted in one thread and read in another
        self._counts: Counter[tuple[str, str]] = Counter()
        self._durations: Counter[float] = Counter()
        self._windows = self._live = self._shown_live = 0
        self._since = clock()
        self._open()

    def turn(self, who: str, seconds: float, seen: Iterable[tuple[str, str]]) -> None:
        """Count a turn that was answered and kept.

        Args:
            who: names the conversation; it is forgotten at once.
            seconds: how long it took.
            seen: families and labels of what was in it, each counted once.
        """
        step = next(step for step in STEPS_S if seconds <= step)
        with self._window(who) as mark:
            self._count(TURNS, "", mark)
            self._count(DURATIONS, str(step), mark)
            for family, label in set(seen):
                known = FAMILIES[family].values or {""}
                self._count(family, label if label in known else OTHER, mark)

    def failure(self, who: str, code: str) -> None:
        """Count a request that was not answered.

        Args:
            who: names the caller; it is forgotten at once.
            code: of the refusal.
        """
        with self._window(who) as mark:
            known = code in FAMILIES[FAILURES].values
            self._count(FAILURES, code if known else OTHER, mark)

    def live(self, sessions: int) -> None:
        """Take how many conversations are open."""
        with self._lock:
            self._close_what_is_over()
            self._live = sessions

    def released(self) -> Released:
        """Return what may be seen now."""
        with self._lock:
            self._close_what_is_over()
            return Released(
                dict(self._counts),
                dict(self._durations),
                self._shown_live,
                self._windows,
            )

    @contextlib.contextmanager
    def _window(self, who: str) -> Iterator[int]:
        """Hold the window that is open now; yield the mark of a caller in it."""
        with self._lock:
            self._close_what_is_over()
            digest = hashlib.blake2b(who.encode(), key=self._salt, digest_size=1)
            yield digest.digest()[0]

    def _count(self, family: str, label: str, mark: int) -> None:
        cell = self._cells.setdefault((family, label), Cell())
        cell.count += 1
        cell.marks.add(mark)

    def _open(self) -> None:
        self._cells: dict[tuple[str, str], Cell] = {}
        self._salt = secrets.token_bytes(16)

    def _close_what_is_over(self) -> None:
        over = int((self._clock() - self._since) // self._window_s)
        if over < 1:
            return
        # Whatever was counted was counted in the first of them.
        self._release()
        self._open()
        self._since += over * self._window_s
        self._windows += over

    def _release(self) -> None:
        self._shown_live = self._live - self._live % FEWEST
        turns = self._cells.get((TURNS, ""), Cell())
        for (name, label), cell in self._cells.items():
            if name == DURATIONS or not cell.is_shown:
                continue
            if FAMILIES[name].of_turns and 0 < turns.count - cell.count < FEWEST:
                continue
            self._counts[name, label] += cell.count
        if turns.is_shown:
            self._durations.update(self._shared_steps())

    def _shared_steps(self) -> dict[float, int]:
        """Return the turns by step, each step shared by enough conversations."""
        steps: dict[float, Cell] = {}
        waiting = Cell()
        for step in STEPS_S:
            cell = self._cells.get((DURATIONS, str(step)))
            if cell is None:
                continue
            waiting += cell
            if waiting.is_shown:
                steps[step], waiting = waiting, Cell()
            elif step == self._slowest():
                # The few slowest take those before them along.
                before = steps.popitem()[1] if steps else Cell()
                steps[step] = before + waiting
        return {step: cell.count for step, cell in steps.items()}

    def _slowest(self) -> float:
        return max(float(label) for name, label in self._cells if name == DURATIONS)
