"""Fits the weights of weights.yml: how much each voice counts, and where yes begins.

Run as `python -m bot.nlu.calibrate`, after a change of data or method. The training
messages are cut in three; each third is read by a reader taught on the other two, and
the weights are fitted on what those readers say. Where the urgent dangers begin is
chosen on the development splits, so that false alarms stay within what people bear on
the plain one; the other was written to mislead.
"""

from __future__ import annotations

import random
import re
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import yaml
from sklearn.linear_model import LogisticRegression

from bot.behaviours import BehaviourType, Danger
from bot.danger import hear
from bot.nlu.arrays import Array
from bot.nlu.examples import Labelled, load_examples
from bot.nlu.judging import named_types
from bot.nlu.model import IMPACTS, LEVELS, OCCASIONS, TYPES, ReaderModel, Scores
from bot.nlu.parsing import Encoder, Parser
from bot.nlu.weighing import (
    DANGER_FEATURES,
    FILE,
    IMPACT_FEATURES,
    OCCASION_FEATURES,
    TYPE_FEATURES,
    danger_features,
    impact_features,
    intent_shares,
    occasion_features,
    type_features,
)

TRAINING = Path("data/nlu")
PLAIN = Path("tests/nlu/plain_development")
HARD = Path("tests/nlu/development")
PARTS = 3
# Of the plain messages without either, this share may raise `immediate` or `crisis`.
FALSE_ALARMS = 0.04
# A bar is chosen by the mean of so many bars around it: one message decides nothing.
_SMOOTH = 7
_BARS = np.arange(0.05, 0.9, 0.01)
# Lower than these, tiredness was taken for a crisis when people tried the assistant.
_LEAST_IMMEDIATE, _LEAST_CRISIS = 0.15, 0.3
HEADER = """\
# How much each voice counts, on log-odds, and from which probability on the answer is yes.
# Written by `make calibrate`; bot/nlu/weighing.py says what the features are.
"""


@dataclass(frozen=True)
class Read:
    """Messages, and what a reader that never learnt them says of each."""

    examples: Sequence[Labelled]
    scores: Sequence[Scores]
    words: Sequence[int]
    intents: Sequence[Sequence[str]]

    def rows(self, features: Callable[[int], list[float]]) -> Array:
        """Return one row of features a message."""
        return np.array([features(i) for i in range(len(self.examples))])

    @cached_property
    def named(self) -> list[frozenset[BehaviourType]]:
        """The types of the acts that patterns find, a set a message."""
        return [named_types(example.text) for example in self.examples]

    def types(self, kind: int) -> Array:
        """Return what speaks for a type, a row a message."""
        return self.rows(
            lambda i: type_features(
                self.scores[i], kind, self.words[i], TYPES[kind] in self.named[i]
            )
        )

    def danger(self) -> Array:
        """Return what speaks for danger, a row a message."""
        return self.rows(
            lambda i: danger_features(
                self.scores[i],
                hear(self.examples[i].text),
                self.words[i],
                self.intents[i],
            )
        )


def main() -> None:
    """Fit the weights and write them."""
    begun = time.monotonic()
    training = load_examples(TRAINING)
    parser, encoder = Parser(), Encoder(threads=2)

    def prepared(examples: Sequence[Labelled]) -> tuple[Any, Any]:
        parsed = parser.parse(example.text for example in examples)
        return parsed, encoder.encode(parsed)

    _say("reading the examples")
    parsed, encoded = prepared(training)
    part_of = parts(training)
    scores: list[Any] = [None] * len(training)
    intents: list[Sequence[str]] = [()] * len(training)

    def taught(kept: Sequence[int]) -> ReaderModel:
        return ReaderModel.train(
            [training[i] for i in kept],
            [parsed[i] for i in kept],
            [encoded[i] for i in kept],
        )

    for part in range(PARTS):
        _say(f"part {part + 1} of {PARTS}, {time.monotonic() - begun:.0f} s so far")
        model = taught([i for i, p in enumerate(part_of) if p != part])
        out = [i for i, p in enumerate(part_of) if p == part]
        found = model.scores([parsed[i] for i in out], [encoded[i] for i in out])
        for i, one in zip(out, found, strict=True):
            scores[i], intents[i] = one, model.intents
    held_out = Read(training, scores, [len(p.words) for p in parsed], intents)
    _say("the whole, for the development splits")
    model = taught(range(len(training)))
    plain = load_examples(PLAIN)
    examples = [*plain, *load_examples(HARD)]
    parsed, encoded = prepared(examples)
    development = Read(
        examples,
        model.scores(parsed, encoded),
        [len(p.words) for p in parsed],
        [model.intents] * len(examples),
    )
    tables = fitted(held_out, development, len(plain))
    FILE.write_text(HEADER + yaml.safe_dump(tables, sort_keys=False), "utf-8")
    _say(f"{FILE.name} written after {time.monotonic() - begun:.0f} s")


def parts(examples: Sequence[Labelled]) -> list[int]:
    """Return a part for each message; messages of the same words share one."""
    chance = random.Random(5)  # noqa: S311 - a draw of examples, not a secret
    seen: dict[str, int] = {}
    return [
        seen.setdefault(re.sub(r"\W+", " ", e.text.lower()), chance.randrange(PARTS))
        for e in examples
    ]


def fitted(held_out: Read, development: Read, plain: int) -> dict[str, Any]:
    """Return the tables of weights.yml; so many of the latter are plain messages."""
    return {
        "linear_intents": _linear_intents(held_out),
        "types": _types(held_out),
        "danger": _danger(held_out, development, plain),
        "occasions": _occasions(held_out),
        "impact": _impact(held_out),
    }


def _types(held_out: Read) -> dict[str, dict[str, float]]:
    found = {}
    for k, kind in enumerate(TYPES):
        right = np.array([kind in e.types for e in held_out.examples])
        rows = held_out.types(k)
        fit = _fit(rows, right)
        at = best_bar(right, fit.predict_proba(rows)[:, 1])
        found[kind.value] = _table(TYPE_FEATURES, fit.coef_[0], fit.intercept_[0], at)
    return found


def _danger(
    held_out: Read, development: Read, plain: int
) -> dict[str, dict[str, float]]:
    rows, measured = held_out.danger(), development.danger()
    fits, sure = {}, {}
    for level in LEVELS:
        right = np.array([level in e.danger for e in held_out.examples])
        fits[level] = _fit(rows, right)
        sure[level] = fits[level].predict_proba(measured)[:, 1]
    bars = urgent_bars(development.examples, sure, plain)
    high = np.array([Danger.HIGH_RISK in e.danger for e in held_out.examples])
    bars[Danger.HIGH_RISK] = best_bar(
        high, fits[Danger.HIGH_RISK].predict_proba(rows)[:, 1], beta=1.4
    )
    return {
        level.value: _table(
            DANGER_FEATURES,
            fits[level].coef_[0],
            fits[level].intercept_[0],
            bars[level],
        )
        for level in LEVELS
    }


def urgent_bars(
    examples: Sequence[Labelled], sure: dict[Danger, Array], plain: int
) -> dict[Danger, float]:
    """Return the bars that miss fewest emergencies and crises within the false alarms.

    Args:
        examples: messages of the development splits.
        sure: how likely each is immediate, and a crisis.
        plain: how many of them, from the first, false alarms are counted on.
    """
    immediate = np.array([Danger.IMMEDIATE in e.danger for e in examples])
    crisis = np.array([Danger.CRISIS in e.danger for e in examples])
    neither = ~immediate & ~crisis & (np.arange(len(examples)) < plain)
    best, chosen = -1, (0.5, 0.5)
    for one in _BARS[_BARS >= _LEAST_IMMEDIATE]:
        for two in _BARS[_BARS >= _LEAST_CRISIS]:
            now = sure[Danger.IMMEDIATE] >= one
            soon = sure[Danger.CRISIS] >= two
            if ((now | soon) & neither).sum() > FALSE_ALARMS * neither.sum():
                continue
            heard = int(now[immediate].sum() + soon[crisis].sum())
            if heard > best:
                best, chosen = heard, (float(one), float(two))
    return {Danger.IMMEDIATE: chosen[0], Danger.CRISIS: chosen[1]}


def _occasions(held_out: Read) -> dict[str, dict[str, float]]:
    rows = held_out.rows(
        lambda i: occasion_features(held_out.scores[i], held_out.words[i])
    )
    right = np.array([OCCASIONS.index(e.occasions) for e in held_out.examples])
    fit = _fit(rows, right)
    return {
        occasions.value: _table(OCCASION_FEATURES, fit.coef_[i], fit.intercept_[i], 0.0)
        for i, occasions in enumerate(OCCASIONS)
    }


def _impact(held_out: Read) -> dict[str, dict[str, float]]:
    found = {}
    for k, impact in enumerate(IMPACTS):
        rows = held_out.rows(lambda i, k=k: impact_features(held_out.scores[i], k))  # type: ignore[misc]
        right = np.array([impact in e.impact for e in held_out.examples])
        fit = _fit(rows, right)
        at = best_bar(right, fit.predict_proba(rows)[:, 1])
        found[impact.value] = _table(
            IMPACT_FEATURES, fit.coef_[0], fit.intercept_[0], at
        )
    return found


def _linear_intents(held_out: Read) -> float:
    """Return how much the linear classifiers should count, in tenths."""

    def right(linear: float) -> int:
        return sum(
            names[int(np.argmax(intent_shares(scores, linear)))] == example.intent
            for example, scores, names in zip(
                held_out.examples, held_out.scores, held_out.intents, strict=True
            )
        )

    return max((tenth / 10 for tenth in range(11)), key=right)


def best_bar(right: Array, sure: Array, beta: float = 1.0) -> float:
    """Return the probability from which on saying yes gives the best F score.

    Args:
        right: whether it was so, a row a message.
        sure: how likely it was said to be.
        beta: how much more a miss counts than one too many.
    """
    weight = beta * beta
    scored = []
    for bar in _BARS:
        yes = sure >= bar
        both = (right & yes).sum()
        scored.append((1 + weight) * both / max(weight * right.sum() + yes.sum(), 1))
    even = np.convolve(scored, np.ones(_SMOOTH) / _SMOOTH, "valid")
    return float(_BARS[int(np.argmax(even)) + _SMOOTH // 2])


def _fit(rows: Array, right: Array) -> LogisticRegression:
    return LogisticRegression(C=1.0, max_iter=2000).fit(rows, right)


def _table(
    features: Sequence[str], weights: Array, constant: float, at: float
) -> dict[str, float]:
    table = {"at": round(at, 3), "constant": round(float(constant), 3)}
    told = zip(features, weights, strict=True)
    return table | {name: round(float(weight), 3) for name, weight in told}


def _say(words: str) -> None:
    sys.stderr.write(f"{words}\n")


if __name__ == "__main__":
    main()
