"""What is made of the figures: percentiles, ratios, and whether a target is reached."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import mean, median
from typing import Any

Pair = tuple[float | None, float | None]
KINDS = ("ours", "stock")
MOST_PEOPLE = 50
LAST, FLAT, QUICK_MS, TWICE = "300", 1.3, 150, 1.8
WINDOW = 2  # so many messages before and after one are measured with it


@dataclass(frozen=True)
class Speed:
    """How an assistant answers so many people at once, over all rounds.

    Attributes:
        people: who talk at once.
        turns: answers in the time that was counted.
        per_s: answers a second.
        median_ms, p95_ms, p99_ms: of every wait: from a message to its answer, and
            from opening a conversation to the greeting.
        greetings: conversations begun, which are no turns here.
        greeting_ms: the median wait for a greeting; None where there is none.
        failures: what came instead of an answer, and how often.
        empty: answers without a word.
        waited: how often somebody found the door full and came again.
        generator: the generator's share of one core.
        served: the service's share of one core.
    """

    people: int
    turns: int
    per_s: float
    median_ms: float
    p95_ms: float
    p99_ms: float
    failures: Mapping[str, int]
    empty: int
    waited: int
    greetings: int
    greeting_ms: float | None
    generator: float
    served: float


@dataclass(frozen=True)
class Verdict:
    """A target, and whether this run reached it; None when it could not be said."""

    target: str
    reached: bool | None
    figures: str

    def __str__(self) -> str:
        """Return the line that is printed."""
        said = {True: "reached", False: "NOT reached", None: "not measured"}
        return f"{said[self.reached]:<13} {self.target}: {self.figures}"


def percentile(values: Sequence[float], share: float) -> float:
    """Return the smallest value that at least this share of the values do not exceed.

    Raises:
        ValueError: there are none.
    """
    if not values:
        raise ValueError("no values")
    ordered = sorted(values)
    return ordered[max(math.ceil(share * len(ordered)) - 1, 0)]


def pooled(people: int, rounds: Iterable[Mapping[str, Any]]) -> Speed:
    """Return the figures of all rounds of one assistant at one level together.

    Raises:
        ValueError: there was not one answer.
    """
    cells = list(rounds)
    greeted = [s for cell in cells for s in cell["greeted_s"]]
    waits = [*greeted, *(s for cell in cells for s in cell["took_s"])]
    answered = sum(cell["answered"] for cell in cells)
    wall_s = sum(cell["wall_s"] for cell in cells)
    failures: Counter[str] = Counter()
    for cell in cells:
        failures.update(cell["failures"])
    middle, late, latest = (percentile(waits, at) * 1000 for at in (0.5, 0.95, 0.99))
    return Speed(
        people=people,
        turns=answered,
        per_s=answered / wall_s,
        median_ms=middle,
        p95_ms=late,
        p99_ms=latest,
        failures=dict(failures),
        empty=sum(cell["empty"] for cell in cells),
        waited=sum(cell["waited"] for cell in cells),
        greetings=len(greeted),
        greeting_ms=percentile(greeted, 0.5) * 1000 if greeted else None,
        generator=sum(cell["generator_cpu_s"] for cell in cells) / wall_s,
        served=sum(cell["served_cpu_s"] for cell in cells) / wall_s,
    )


def cost_at(exchange: int, conversations: Sequence[Sequence[float]]) -> float:
    """Return the seconds a turn costs at this exchange of a conversation.

    The mean over five exchanges in a row, which hold the same five messages wherever
    they are, of the median over the conversations.
    """
    first = max(exchange - WINDOW, 1)
    around = range(first, first + 2 * WINDOW + 1)
    return mean(median(told[n - 1] for told in conversations) for n in around)


def ratio(
    ours: float | None, stock: float | None, *, more_is_better: bool
) -> float | None:
    """Return how many times better ours is; below 1 it is worse."""
    if ours is None or stock is None or not (ours > 0 and stock > 0):
        return None
    return ours / stock if more_is_better else stock / ours


def allowed_by(cores: int, one: Speed) -> float | None:
    """Return how many times one process's speed the cores have room for.

    With a process more for each core the limit is what the generator leaves of them:
    every turn costs the service's and the generator's time on a core.
    """
    used = one.generator + one.served
    return cores / used if used > 0 else None


def verdicts(figures: Mapping[str, Any]) -> list[Verdict]:
    """Return each target with what this run says of it."""
    per_s, median_ms = (_of_many(figures, name) for name in ("per_s", "median_ms"))
    return [
        _beside("turns a second at 50 people, times", 3.0, per_s, at_least=True),
        _beside("median at 50 people, share", 1 / 3, median_ms),
        _beside("memory at start, share", 2 / 3, _memory(figures, "ready")),
        _beside("memory after many talks, share", 2 / 3, _memory(figures, "after")),
        _beside("first start of the run, share", 0.5, _start(figures, 0)),
        _beside("second start of the run, share", 0.5, _start(figures, 1)),
        _flat(figures),
        _quick(figures),
        _two(figures),
    ]


def _of_many(figures: Mapping[str, Any], name: str) -> Pair:
    ours, stock = (_at(figures, kind, MOST_PEOPLE) for kind in KINDS)
    return (ours[name], stock[name]) if ours and stock else (None, None)


def _memory(figures: Mapping[str, Any], when: str) -> Pair:
    held = figures.get("memory")
    ours, stock = (held[kind][when]["rss_mb"] if held else None for kind in KINDS)
    return ours, stock


def _start(figures: Mapping[str, Any], at: int) -> Pair:
    told = figures.get("start") or {kind: () for kind in KINDS}
    ours, stock = (told[k][at] if at < len(told[k]) else None for k in KINDS)
    return ours, stock


def _at(figures: Mapping[str, Any], kind: str, people: int) -> Any:
    levels = figures.get("speed", {}).get(kind, ())
    return next((level for level in levels if level["people"] == people), None)


def _beside(target: str, bar: float, pair: Pair, *, at_least: bool = False) -> Verdict:
    """Return whether ours divided by the starter bot's is on the right side."""
    words = f"{target} of the starter bot's, at {'least' if at_least else 'most'} "
    words += f"{bar:.2g}"
    ours, stock = pair
    if not ours or not stock:
        return Verdict(words, None, "no figures")
    times = ours / stock
    reached = times >= bar if at_least else times <= bar
    return Verdict(words, reached, f"{times:.2f} ({ours:.1f} to {stock:.1f})")


def _flat(figures: Mapping[str, Any]) -> Verdict:
    words = f"exchange {LAST} at most {FLAT:g} times exchange 10"
    costs = figures.get("exchanges")
    if not costs or LAST not in costs["ours"]:
        return Verdict(words, None, "no figures")
    ours, stock = (costs[k][LAST] / costs[k]["10"] for k in KINDS)
    return Verdict(words, ours <= FLAT, f"{ours:.2f} (starter bot {stock:.1f})")


def _quick(figures: Mapping[str, Any]) -> Verdict:
    words = f"p95 with 10 people under {QUICK_MS} ms"
    ten = _at(figures, "ours", 10)
    if not ten:
        return Verdict(words, None, "no figures")
    return Verdict(words, ten["p95_ms"] < QUICK_MS, f"{ten['p95_ms']:.0f} ms")


def _two(figures: Mapping[str, Any]) -> Verdict:
    words = f"two processes at least {TWICE:g} times one, where cores allow"
    two = figures.get("two")
    if not two:
        return Verdict(words, None, "no figures")
    times, room = two["times"], two["allowed"]
    said = (
        f"{times:.2f}; {two['cores']} cores have room for {room:.2f} beside the "
        f"generator ({two['one']['generator']:.2f} of a core with one process, "
        f"{two['two']['generator']:.2f} with two)"
    )
    reached = times >= TWICE or (None if room < TWICE else False)
    return Verdict(
        words,
        reached,
        said + ("" if room >= TWICE else ", so this cannot be said here"),
    )
