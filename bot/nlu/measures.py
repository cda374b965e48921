"""Counts how well messages were read: figures for the page, the tests and the ADR."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from bot.behaviours import BehaviourType, Danger, Reading
from bot.nlu.examples import Labelled
from bot.nlu.intents import public_intent

URGENT = (Danger.IMMEDIATE, Danger.CRISIS)
ACCOUNTS = ("describe_incident", "emergency")


@dataclass(frozen=True)
class Rates:
    """Precision, recall and their balance, with the count behind them."""

    precision: float
    recall: float
    f1: float
    count: int

    @classmethod
    def of(cls, told: Sequence[bool], found: Sequence[bool]) -> Rates:
        """Return the rates of one label."""
        both = sum(t and f for t, f in zip(told, found, strict=True))
        precision = both / max(sum(found), 1)
        recall = both / max(sum(told), 1)
        f1 = 2 * both / max(sum(told) + sum(found), 1)
        return cls(precision, recall, f1, sum(told))

    def to_dict(self) -> dict[str, float]:
        """Return the rates as plain JSON."""
        return {
            "precision": round(self.precision, 4),
            "recall": round(self.recall, 4),
            "f1": round(self.f1, 4),
            "count": self.count,
        }


def accounts(examples: Sequence[Labelled]) -> list[int]:
    """Return which examples tell, or may tell, what happened."""
    return [i for i, e in enumerate(examples) if e.intent in ACCOUNTS]


def type_rates(
    examples: Sequence[Labelled], types: Sequence[Sequence[BehaviourType]]
) -> dict[str, Rates]:
    """Return the rates of each type."""
    return {
        kind.value: Rates.of(
            [kind in example.types for example in examples],
            [kind in found for found in types],
        )
        for kind in BehaviourType
    }


def macro_f1(
    examples: Sequence[Labelled], types: Sequence[Sequence[BehaviourType]]
) -> float:
    """Return the mean F1 over those types that the examples tell of at all."""
    rates = [r for r in type_rates(examples, types).values() if r.count]
    return sum(rate.f1 for rate in rates) / max(len(rates), 1)


def danger_recall(
    examples: Sequence[Labelled], readings: Sequence[Reading], level: Danger
) -> float:
    """Return the share of messages of a level that were read as that."""
    told = [i for i, e in enumerate(examples) if level in e.danger]
    return sum(level in readings[i].danger for i in told) / max(len(told), 1)


def false_alarms(examples: Sequence[Labelled], readings: Sequence[Reading]) -> float:
    """Return the share of other messages that raise `immediate` or `crisis`."""
    others = [i for i, e in enumerate(examples) if not set(URGENT) & e.danger]
    raised = sum(bool(set(URGENT) & set(readings[i].danger)) for i in others)
    return raised / max(len(others), 1)


def share(
    examples: Sequence[Labelled],
    readings: Sequence[Reading],
    same: Callable[[Labelled, Reading], bool],
) -> float:
    """Return the share of messages of which something was read as labelled."""
    pairs = list(zip(examples, readings, strict=True))
    return sum(same(example, reading) for example, reading in pairs) / len(pairs)


def same_intent(example: Labelled, reading: Reading) -> bool:
    """Say whether the intent was read as labelled."""
    return public_intent(example.intent) == public_intent(reading.intent)


def same_occasions(example: Labelled, reading: Reading) -> bool:
    """Say whether the occasions were read as labelled."""
    return example.occasions is reading.occasions


def evidence_share(examples: Sequence[Labelled], readings: Sequence[Reading]) -> float:
    """Return the share of rightly read types whose evidence meets a labelled act."""
    hits = [
        any(
            span.start < act.end and span.end > act.start
            for span in behaviour.evidence
            for act in example.acts
            if behaviour.type in act.types
        )
        for example, reading in zip(examples, readings, strict=True)
        for behaviour in reading.behaviours
        if behaviour.type in example.types
    ]
    return sum(hits) / max(len(hits), 1)


def confusions(
    examples: Sequence[Labelled], readings: Sequence[Reading], most: int
) -> list[tuple[str, str, int]]:
    """Return the commonest confusions of intents: labelled, read, how often."""
    wrong = Counter(
        (public_intent(example.intent), public_intent(reading.intent))
        for example, reading in zip(examples, readings, strict=True)
        if not same_intent(example, reading)
    )
    return [(told, read, n) for (told, read), n in wrong.most_common(most)]


def calibration(
    probabilities: Sequence[float], told: Sequence[bool], bins: int = 10
) -> list[tuple[float, float, int]]:
    """Return for each tenth: the mean probability, the share true, how many."""
    rows = []
    for low in range(bins):
        inside = [
            (p, t)
            for p, t in zip(probabilities, told, strict=True)
            if low / bins <= p < (low + 1) / bins or (p == 1 and low == bins - 1)
        ]
        if inside:
            mean = sum(p for p, _ in inside) / len(inside)
            true = sum(t for _, t in inside) / len(inside)
            rows.append((mean, true, len(inside)))
    return rows


def summary(
    examples: Sequence[Labelled], readings: Sequence[Reading]
) -> dict[str, Any]:
    """Return the figures that floors are stated for."""
    kept = accounts(examples)
    types = [readings[i].types for i in kept]
    told = [examples[i] for i in kept]
    return {
        "messages": len(examples),
        "accounts": len(kept),
        "macro_f1": round(macro_f1(told, types), 4),
        "types": {k: r.to_dict() for k, r in type_rates(told, types).items()},
        "danger_recall": {
            level.value: round(danger_recall(examples, readings, level), 4)
            for level in Danger
        },
        "false_alarms": round(false_alarms(examples, readings), 4),
        "intents": round(share(examples, readings, same_intent), 4),
        "occasions": round(share(examples, readings, same_occasions), 4),
        "evidence": round(evidence_share(examples, readings), 4),
    }
