"""What both readers say, as features, and the weights that make one probability of it.

The weights are in weights.yml. `python -m bot.nlu.calibrate` fits them on messages read
by readers that were never taught them, so they also say how sure a reading really is.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
import yaml

from bot.danger import Heard
from bot.nlu.arrays import Array
from bot.nlu.model import LEVELS, Scores

FILE = Path(__file__).with_name("weights.yml")
TYPE_FEATURES = (
    "network_for_acts",
    "network_for_the_rest",
    "any_clause",
    "likeliest_clause",
    "second_clause",
    "likeliest_word",
    "likeliest_words",
    "length",
    "clauses",
    "named",
)
DANGER_FEATURES = (
    *(f"network_for_acts_{level.value}" for level in LEVELS),
    *(f"network_for_the_rest_{level.value}" for level in LEVELS),
    *(f"linear_{level.value}" for level in LEVELS),
    *(f"heard_{level.value}" for level in LEVELS),
    "networks_intent_emergency",
    "networks_intent_crisis",
    "linear_intent_emergency",
    "linear_intent_crisis",
    "length",
)
OCCASION_FEATURES = (
    *(f"networks_{n}" for n in ("once", "twice_or_more", "unclear")),
    *(f"linear_{n}" for n in ("once", "twice_or_more", "unclear")),
    "any_type",
    "length",
    "clauses",
)
IMPACT_FEATURES = ("network_for_acts", "network_for_the_rest", "linear")
_LEAST = 1e-4
_FEW = 3


class BadWeights(Exception):
    """weights.yml is missing, damaged, or not made for these features."""


@dataclass(frozen=True)
class Weights:
    """The weights of one probability: features in, log-odds out.

    Attributes:
        features: one weight a feature.
        constant: added to them.
        at: from this probability on, the answer is yes.
    """

    features: Array
    constant: float
    at: float

    def total(self, features: Sequence[float]) -> float:
        """Return the log-odds."""
        return float(np.dot(self.features, features)) + self.constant

    def probability(self, features: Sequence[float]) -> float:
        """Return the probability."""
        return float(1 / (1 + np.exp(-self.total(features))))


@dataclass(frozen=True)
class Scales:
    """All weights, by the value they speak for."""

    types: Mapping[str, Weights]
    danger: Mapping[str, Weights]
    occasions: Mapping[str, Weights]
    impact: Mapping[str, Weights]
    linear_intents: float


FEATURES = {
    "types": TYPE_FEATURES,
    "danger": DANGER_FEATURES,
    "occasions": OCCASION_FEATURES,
    "impact": IMPACT_FEATURES,
}


@cache
def scales(file: Path = FILE) -> Scales:
    """Return the fitted weights.

    Raises:
        BadWeights: if the file is missing or not of this form.
    """
    try:
        told = yaml.safe_load(file.read_text("utf-8"))
        tables = {
            name: {value: _weights(row, features) for value, row in told[name].items()}
            for name, features in FEATURES.items()
        }
        return Scales(**tables, linear_intents=float(told["linear_intents"]))
    except (OSError, yaml.YAMLError, KeyError, TypeError, ValueError) as error:
        raise BadWeights(f"{file.name}: {error!r}; run `make calibrate`") from error


def _weights(row: Mapping[str, float], features: Sequence[str]) -> Weights:
    return Weights(
        np.array([float(row[name]) for name in features]),
        float(row["constant"]),
        float(row["at"]),
    )


def type_features(scores: Scores, kind: int, words: int, named: bool) -> list[float]:
    """Return what speaks for a type.

    Args:
        scores: what both readers say.
        kind: which type, as its place in `TYPES`.
        words: how many words the message has.
        named: whether a pattern names an act of the type.
    """
    clauses = np.sort(scores.clauses[:, kind])[::-1]
    marks = np.sort(scores.marks[:, kind])[::-1]
    return [
        *(log_odds(net.types[kind]) for net in scores.networks),
        log_odds(float(1 - np.prod(1 - clauses))),
        log_odds(_at(clauses, 0)),
        log_odds(_at(clauses, 1)),
        log_odds(_at(marks, 0)),
        log_odds(float(marks[:_FEW].mean()) if len(marks) else 0.0),
        float(np.log(max(words, 1))),
        float(np.log(max(len(clauses), 1))),
        float(named),
    ]


def danger_features(
    scores: Scores, heard: Heard, words: int, intents: Sequence[str]
) -> list[float]:
    """Return what speaks for danger of any level."""
    networks, linear = scores.asked("intent"), scores.shares("intent")
    urgent = [
        float(shares[intents.index(name)]) if name in intents else 0.0
        for shares in (networks, linear)
        for name in ("emergency", "crisis_self_harm")
    ]
    return [
        *(log_odds(p) for net in scores.networks for p in net.questions["danger"]),
        *(log_odds(p) for p in scores.linear["danger"]),
        *(float(level in heard.levels) for level in LEVELS),
        *(log_odds(share) for share in urgent),
        float(np.log(max(words, 1))),
    ]


def occasion_features(scores: Scores, words: int) -> list[float]:
    """Return what speaks for how often."""
    shares = (*scores.asked("occasions"), *scores.shares("occasions"))
    return [
        *(float(np.log(max(share, _LEAST))) for share in shares),
        log_odds(max(scores.networks[0].types)),
        float(np.log(max(words, 1))),
        float(np.log(max(len(scores.clauses), 1))),
    ]


def impact_features(scores: Scores, kind: int) -> list[float]:
    """Return what speaks for a feeling."""
    return [
        *(log_odds(net.questions["impact"][kind]) for net in scores.networks),
        log_odds(scores.linear["impact"][kind]),
    ]


def intent_shares(scores: Scores, linear: float) -> Array:
    """Return how likely each intent is.

    Args:
        scores: what both readers say.
        linear: how much the linear classifiers count against the networks, 0 to 1.
    """
    told = (1 - linear) * np.log(np.maximum(scores.asked("intent"), _LEAST))
    told += linear * np.log(np.maximum(scores.shares("intent"), _LEAST))
    powers = np.exp(told - told.max())
    return np.asarray(powers / powers.sum())


def log_odds(probability: float) -> float:
    """Return the log-odds, never farther than those of one in ten thousand."""
    kept = min(max(float(probability), _LEAST), 1 - _LEAST)
    return float(np.log(kept / (1 - kept)))


def _at(values: Array, place: int) -> float:
    return float(values[place]) if place < len(values) else 0.0
