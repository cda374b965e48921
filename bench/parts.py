"""The measurements, each a part of the run, on both assistants in turn.

What is compared is measured side by side: both run, one is spoken to while the other
idles, and who comes first changes with every round.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Mapping, Sequence, Set
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import mean
from typing import Any

from bench import size, stages
from bench.machine import cores, memory
from bench.measures import MOST_PEOPLE, allowed_by, cost_at, percentile, pooled
from bench.services import ROOT, Bench, BenchError, Say, Service
from bench.stock import LOCK, Stock
from bot.model import model_path, training_s

NAMES = ("start", "memory", "speed", "exchanges", "two", "stages", "size", "training")
RAMP_S = 0.04  # a person comes so long after the one before
MOST_RAMP_S = 4.0
WARMING = 10  # conversations before a turn is taken apart
Figures = dict[str, Any]


@dataclass(frozen=True)
class Plan:
    """How much is measured.

    Attributes:
        levels: how many people talk at once.
        rounds, seconds: at each level, of each assistant.
        exchanges: of one conversation, what a turn costs there.
        long_ours, long_stock: so many conversations as long as that.
        conversations, messages, people: what memory is measured after.
        taken_apart: conversations whose turns are taken apart.
    """

    levels: Sequence[int] = (1, 10, 50, 100)
    rounds: int = 2
    seconds: float = 8.0
    exchanges: Sequence[int] = (1, 10, 50, 100, 200, 300)
    long_ours: int = 2
    long_stock: int = 1
    conversations: int = 2000
    messages: int = 2
    people: int = 20
    taken_apart: int = 40


QUICK = Plan(
    levels=(1, 10, 50),
    rounds=1,
    seconds=4.0,
    exchanges=(1, 10, 50),
    long_ours=1,
    conversations=100,
    taken_apart=8,
)


@dataclass(frozen=True)
class Run:
    """One run: where, how much, which parts, and who is told how it goes."""

    bench: Bench
    plan: Plan
    wanted: frozenset[str]
    say: Say

    def measure(self, stock: Stock, found: Figures) -> None:
        """Measure every part that is wanted; what is found is there if one fails."""
        starts: dict[str, list[float]] = {"ours": [], "stock": []}
        if "size" in self.wanted:
            found["size"] = sizes(stock)
        if "training" in self.wanted:
            ours = training_s(model_path(ROOT, ROOT / "models"))
            found["training"] = {"ours": ours, "stock": stock.trained_s}
        if self.wanted & {"start", "memory", "speed"}:
            self._first(starts, found)
        if self.wanted & {"start", "exchanges"}:
            self._second(starts, found)
        if "start" in self.wanted:
            found["start"] = starts
        if "two" in self.wanted:
            found["two"] = self._two()
        if "stages" in self.wanted:
            found["stages"] = self._stages()

    def _first(self, starts: dict[str, list[float]], found: Figures) -> None:
        """Measure memory and speed with the first start of both."""
        with contextlib.ExitStack() as both:
            ours = self._started(both, self.bench.ours(), starts)
            stock = self._started(both, self.bench.starter(), starts)
            if "memory" in self.wanted:
                found["memory"] = {s.kind: self._memory(s) for s in (ours, stock)}
            if "speed" in self.wanted:
                found["speed"] = self._speed(ours, stock)

    def _second(self, starts: dict[str, list[float]], found: Figures) -> None:
        """Measure long conversations, and the second start of both."""
        with contextlib.ExitStack() as both:
            if "start" in self.wanted:
                with contextlib.ExitStack() as alone:
                    self._started(alone, self.bench.ours(), starts)
            stock = self._started(both, self.bench.starter(), starts)
            if "exchanges" in self.wanted:
                with self.bench.ours(lift=True) as ours:
                    found["exchanges"] = self._exchanges(ours, stock)

    def _started(
        self,
        stack: contextlib.ExitStack,
        service: contextlib.AbstractContextManager[Service],
        starts: dict[str, list[float]],
    ) -> Service:
        started = stack.enter_context(service)
        starts[started.kind].append(started.ready_s)
        self.say(f"{started.kind}: ready after {started.ready_s:.1f} s")
        return started

    def _memory(self, service: Service) -> Figures:
        """Return the memory of a service that has just started, and after many talks."""
        plan, found = self.plan, {"ready": asdict(memory(service.process.pid))}
        self.say(f"{service.kind}: {plan.conversations} conversations")
        seen = self.bench.job(
            [service],
            people=plan.people,
            conversations=plan.conversations,
            messages=plan.messages,
        )
        held = plan.conversations * plan.messages
        self._note_failures(service.kind, seen)
        return {
            **found,
            "after": asdict(memory(service.process.pid)),
            "conversations": plan.conversations,
            "answered": len(seen["took_s"]),
            "wanted": held,
            "failures": seen["failures"],
        }

    def _speed(self, ours: Service, stock: Service) -> Figures:
        """Return how both answer at every level, round by round in turns."""
        found: dict[str, list[Figures]] = {"ours": [], "stock": []}
        for people in self.plan.levels:
            rounds = self._in_turns(people, {"ours": [ours], "stock": [stock]})
            for kind, cells in rounds.items():
                speed = pooled(people, cells)
                found[kind].append(asdict(speed))
                self.say(
                    f"{kind}, {people} at once: {speed.per_s:.1f} turns a second, "
                    f"median {speed.median_ms:.0f} ms, p95 {speed.p95_ms:.0f} ms"
                )
        return found

    def _in_turns(
        self, people: int, services: Mapping[str, Sequence[Service]]
    ) -> dict[str, list[Figures]]:
        """Return what was seen of each, its rounds between those of the others."""
        cells: dict[str, list[Figures]] = {name: [] for name in services}
        names, ramp_s = list(services), min(RAMP_S * people, MOST_RAMP_S)
        for _ in range(self.plan.rounds):
            for name in names:
                given = {"people": people, "ramp_s": ramp_s}
                seconds = self.plan.seconds
                seen = self.bench.job(services[name], seconds=seconds, **given)
                self._note_failures(name, seen)
                cells[name].append(seen)
            names.reverse()
        return cells

    def _exchanges(self, ours: Service, stock: Service) -> Figures:
        """Return what a turn costs at each exchange of a long conversation."""
        last = max(self.plan.exchanges) + 5
        held: dict[str, list[list[float]]] = {"ours": [], "stock": []}
        counts = {"ours": self.plan.long_ours, "stock": self.plan.long_stock}
        for n in range(max(counts.values())):
            for service in (ours, stock):
                if n < counts[service.kind]:
                    self.say(f"{service.kind}: a conversation of {last} messages")
                    seen = self.bench.job([service], long=last)
                    if len(seen["took_s"]) < last:
                        why = next(iter(seen["failures"]), "it ended")
                        raise BenchError(f"{service.kind}, long conversation: {why}")
                    held[service.kind].append(seen["took_s"])
        return {
            kind: {str(n): cost_at(n, told) * 1000 for n in self.plan.exchanges}
            for kind, told in held.items()
        }

    def _two(self) -> Figures:
        """Return what a second process of ours adds, and what the cores allow."""
        with self.bench.ours() as one, self.bench.ours() as other:
            self.say("one process of ours, then two")
            self.bench.job([one, other], people=2, conversations=4)
            cells = self._in_turns(MOST_PEOPLE, {"one": [one], "two": [one, other]})
        alone, both = (pooled(MOST_PEOPLE, cells[name]) for name in ("one", "two"))
        room = allowed_by(cores(), alone)
        return {
            "one": asdict(alone),
            "two": asdict(both),
            "times": both.per_s / alone.per_s,
            "allowed": room,
            "cores": cores(),
        }

    def _stages(self) -> Figures:
        """Return our own turn in parts."""
        file = self.bench.folder / "stages.json"
        self.say("our own turn, taken apart")
        with self.bench.ours(stages=file) as service:
            self.bench.job([service], people=1, conversations=WARMING)
            held = self.plan.taken_apart
            seen = self.bench.job([service], people=1, conversations=held)
        took = seen["took_s"]
        if not file.is_file() or not took:
            raise BenchError("the turns that were taken apart were not written")
        turns = json.loads(file.read_text("utf-8"))[-len(took) :]
        whole_s = mean(took)
        return {
            "turns": len(took),
            "mean_ms": whole_s * 1000,
            "median_ms": percentile(took, 0.5) * 1000,
            "parts": [list(part) for part in stages.shares(turns, whole_s)],
        }

    def _note_failures(self, name: str, seen: Mapping[str, Any]) -> None:
        for failure, times in seen["failures"].items():
            self.say(f"{name}: {times} times no answer ({failure})")
        if not seen["took_s"]:
            raise BenchError(f"{name}: not one answer")


def sizes(stock: Stock) -> Figures:
    """Return what is installed for each, in megabytes."""
    code = [ROOT / name for name in ("bot", "actions", "data", "domain.yml")]
    models = stock.folder / "models"
    return {
        "ours": _sizes(size.locked(LOCK), model_path(ROOT, ROOT / "models"), code),
        "stock": _sizes(size.needed_by("rasa"), models, [stock.folder / "data"]),
    }


def _sizes(packages: Set[str], model: Path, code: Sequence[Path]) -> Figures:
    found = {
        "packages_mb": size.megabytes_of(packages),
        "code_mb": size.megabytes_in(*code),
        "model_mb": size.megabytes_in(model),
    }
    return {**found, "whole_mb": sum(found.values()), "packages": len(packages)}
