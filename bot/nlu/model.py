"""The trained reader: from a parsed message to a Reading."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from scipy.sparse import csr_matrix, hstack

from bot.behaviours import (
    Behaviour,
    BehaviourType,
    Danger,
    Impact,
    Occasions,
    Reading,
    Span,
)
from bot.nlu.commands import command
from bot.nlu.dates import dates_in
from bot.nlu.examples import ABOUT, Labelled
from bot.nlu.intents import FALLBACK, NO_WORDS, OTHER_LANGUAGE, public_intent
from bot.nlu.language import ENGLISH, UNKNOWN, language_of
from bot.nlu.ngrams import Vocabulary
from bot.nlu.parsing import Encoded, Parsed

VERSION = "1"
TYPES = tuple(BehaviourType)
LEVELS = tuple(Danger)
IMPACTS = tuple(Impact)
OCCASIONS = tuple(Occasions)
_RULED = (NO_WORDS, OTHER_LANGUAGE)
_EVIDENCE_AT = 0.4


class NotTrained(Exception):
    """A reading was asked of a reader that was never trained."""


class UnreadableModel(Exception):
    """The saved reader is missing, damaged or of another version."""


@dataclass
class Head:
    """A linear classifier over one feature matrix; probabilities come out."""

    weights: np.ndarray
    bias: np.ndarray

    def probabilities(self, features: csr_matrix) -> np.ndarray:
        """Return one column a label, each between 0 and 1 by itself."""
        return 1 / (1 + np.exp(-(features @ self.weights + self.bias)))

    @classmethod
    def fitted(cls, features: csr_matrix, targets: np.ndarray, c: float) -> Head:
        """Return the head that tells the columns of `targets` apart."""
        from sklearn.linear_model import LogisticRegression

        weights, bias = [], []
        for column in targets.T:
            if column.min() == column.max():
                weights.append(np.zeros(features.shape[1]))
                bias.append(6.0 if column.max() else -6.0)
                continue
            fit = LogisticRegression(C=c, solver="liblinear", random_state=7)
            fit.fit(features, column)
            weights.append(fit.coef_[0])
            bias.append(float(fit.intercept_[0]))
        return cls(
            np.array(weights, np.float32).T.copy(), np.array(bias, np.float32)
        )


@dataclass
class ReaderModel:
    """Reads intents, types with evidence, danger, occasions, impact and person."""

    words: Vocabulary
    intents: tuple[str, ...]
    heads: dict[str, Head]
    thresholds: dict[str, float] = field(default_factory=dict)

    @classmethod
    def train(
        cls,
        examples: Sequence[Labelled],
        parsed: Sequence[Parsed],
        encoded: Sequence[Encoded],
    ) -> ReaderModel:
        """Return a reader that has learnt the examples."""
        kept = [i for i, e in enumerate(examples) if e.intent not in _RULED]
        examples = [examples[i] for i in kept]
        parsed = [parsed[i] for i in kept]
        encoded = [encoded[i] for i in kept]
        intents = tuple(sorted({example.intent for example in examples}))
        words = Vocabulary.learn(
            [p.words_of(c) for p in parsed for c in p.clauses]
            + [p.text for p in parsed],
            2 if len(examples) > 100 else 1,
        )
        model = cls(words, intents, {})
        whole = model._message_features(parsed, encoded)
        fit = model.heads
        fit["types"] = Head.fitted(
            whole, np.array([[t in e.types for t in TYPES] for e in examples]), 3.0
        )
        fit["clause_types"] = Head.fitted(
            model._clause_features(parsed, encoded),
            np.array(
                [
                    _types_at(example, clause.start, clause.end)
                    for example, p in zip(examples, parsed, strict=True)
                    for clause in p.clauses
                ]
            ),
            2.0,
        )
        fit["intent"] = Head.fitted(
            whole, np.array([[e.intent == i for i in intents] for e in examples]), 5.0
        )
        fit["danger"] = Head.fitted(
            whole, np.array([[d in e.danger for d in LEVELS] for e in examples]), 5.0
        )
        fit["occasions"] = Head.fitted(
            whole, np.array([[e.occasions is o for o in OCCASIONS] for e in examples]),
            3.0,
        )
        fit["impact"] = Head.fitted(
            whole, np.array([[i in e.impact for i in IMPACTS] for e in examples]), 3.0
        )
        fit["about"] = Head.fitted(
            whole, np.array([[e.about == a for a in ABOUT] for e in examples]), 3.0
        )
        model.thresholds = {"types": 0.42, "danger": 0.35, "impact": 0.4, "intent": 0.2}
        return model

    def read(
        self, parsed: Sequence[Parsed], encoded: Sequence[Encoded]
    ) -> list[Reading]:
        """Return what each message says."""
        return [reading for reading, _ in self.read_with_guess(parsed, encoded)]

    def classify(
        self, parsed: Sequence[Parsed], encoded: Sequence[Encoded]
    ) -> list[Reading]:
        """Return the readings with only the intents of the labelling guide."""
        from dataclasses import replace

        return [
            replace(reading, intent=public_intent(reading.intent, guess))
            for reading, guess in self.read_with_guess(parsed, encoded)
        ]

    def read_with_guess(
        self, parsed: Sequence[Parsed], encoded: Sequence[Encoded]
    ) -> list[tuple[Reading, str]]:
        """Return each reading, and the likeliest intent however unsure."""
        if not parsed:
            return []
        whole = self._message_features(parsed, encoded)
        said = {
            name: head.probabilities(whole)
            for name, head in self.heads.items()
            if name != "clause_types"
        }
        by_clause = self.heads["clause_types"].probabilities(
            self._clause_features(parsed, encoded)
        )
        found, begun = [], 0
        for i, one in enumerate(parsed):
            ended = begun + len(one.clauses)
            row = {name: values[i] for name, values in said.items()}
            found.append(self._reading(one, row, by_clause[begun:ended]))
            begun = ended
        return found

    def _reading(
        self, parsed: Parsed, said: dict[str, np.ndarray], clauses: np.ndarray
    ) -> tuple[Reading, str]:
        language = language_of(parsed.text)
        if language == UNKNOWN:
            return Reading(NO_WORDS, language=language), "out_of_scope"
        danger = tuple(
            level
            for level, p in zip(LEVELS, said["danger"], strict=True)
            if p >= self.thresholds["danger"]
        )
        behaviours = self._behaviours(parsed, said["types"], clauses)
        intent, confidence, guess = self._intent(parsed, said["intent"], danger)
        if language != ENGLISH and intent not in ("emergency", "crisis_self_harm"):
            intent = OTHER_LANGUAGE
        reading = Reading(
            intent=intent,
            intent_confidence=confidence,
            behaviours=behaviours,
            danger=danger,
            occasions=OCCASIONS[int(np.argmax(said["occasions"]))],
            impact=tuple(
                impact
                for impact, p in zip(IMPACTS, said["impact"], strict=True)
                if p >= self.thresholds["impact"]
            ),
            about=ABOUT[int(np.argmax(said["about"]))],
            dates=dates_in(parsed.text),
            language=language,
        )
        return reading, guess

    def _intent(
        self, parsed: Parsed, scores: np.ndarray, danger: tuple[Danger, ...]
    ) -> tuple[str, float, str]:
        shares = scores / scores.sum()
        best = int(np.argmax(shares))
        guess, confidence = self.intents[best], float(shares[best])
        if Danger.IMMEDIATE in danger:
            return "emergency", max(confidence, 0.9), "emergency"
        if Danger.CRISIS in danger:
            return "crisis_self_harm", max(confidence, 0.9), "crisis_self_harm"
        named = command(parsed.text)
        if named is not None:
            return named, 1.0, named
        if confidence < self.thresholds["intent"]:
            return FALLBACK, confidence, guess
        return guess, confidence, guess

    def _behaviours(
        self, parsed: Parsed, whole: np.ndarray, clauses: np.ndarray
    ) -> tuple[Behaviour, ...]:
        found = []
        for k, kind in enumerate(TYPES):
            parts = clauses[:, k]
            score = float((whole[k] + 1 - np.prod(1 - parts)) / 2)
            if score < self.thresholds["types"]:
                continue
            best = parts.max() if len(parts) else 0.0
            spans = tuple(
                Span(clause.start, clause.end, parsed.words_of(clause))
                for clause, p in zip(parsed.clauses, parts, strict=True)
                if p >= min(_EVIDENCE_AT, best)
            )
            found.append(Behaviour(kind, score, spans))
        return tuple(sorted(found, key=lambda b: -b.confidence))

    def _message_features(
        self, parsed: Sequence[Parsed], encoded: Sequence[Encoded]
    ) -> csr_matrix:
        grams = self.words.counted([p.text for p in parsed])
        return hstack([grams, csr_matrix(np.array([e.message for e in encoded]))]).tocsr()

    def _clause_features(
        self, parsed: Sequence[Parsed], encoded: Sequence[Encoded]
    ) -> csr_matrix:
        grams = self.words.counted(
            [p.words_of(clause) for p in parsed for clause in p.clauses]
        )
        size = encoded[0].message.shape[0]
        dense = np.concatenate(
            [
                np.hstack(
                    [e.clauses * 1.5, np.repeat(e.message[None] * 0.7, len(e.clauses), 0)]
                )
                for e in encoded
            ]
            + [np.zeros((0, 2 * size))]
        )
        return hstack([grams, csr_matrix(dense.astype(np.float32))]).tocsr()

    def save(self, directory: Path) -> None:
        """Write the reader as JSON and plain arrays."""
        directory.mkdir(parents=True, exist_ok=True)
        arrays = {"idf": self.words.weights}
        for name, head in self.heads.items():
            arrays[f"{name}.weights"] = head.weights
            arrays[f"{name}.bias"] = head.bias
        np.savez(directory / "reader.npz", **arrays)
        (directory / "reader.json").write_text(
            json.dumps(
                {
                    "version": VERSION,
                    "grams": self.words.grams,
                    "intents": self.intents,
                    "heads": sorted(self.heads),
                    "thresholds": self.thresholds,
                },
                ensure_ascii=False,
            ),
            "utf-8",
        )

    @classmethod
    def load(cls, directory: Path) -> ReaderModel:
        """Return the reader saved in a directory.

        Raises:
            UnreadableModel: if it is missing, damaged or of another version.
        """
        try:
            told = json.loads((directory / "reader.json").read_text("utf-8"))
            if told["version"] != VERSION:
                raise UnreadableModel(f"version {told['version']}, wanted {VERSION}")
            with np.load(directory / "reader.npz", allow_pickle=False) as arrays:
                heads = {
                    name: Head(arrays[f"{name}.weights"], arrays[f"{name}.bias"])
                    for name in told["heads"]
                }
                words = Vocabulary(told["grams"], arrays["idf"])
            return cls(words, tuple(told["intents"]), heads, told["thresholds"])
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise UnreadableModel(type(error).__name__) from error


def _types_at(example: Labelled, start: int, end: int) -> list[bool]:
    """Return for each type whether one of its acts is told in this stretch."""
    here = [
        act
        for act in example.acts
        if min(act.end, end) - max(act.start, start)
        >= 0.5 * min(act.end - act.start, end - start)
    ]
    return [any(kind in act.types for act in here) for kind in TYPES]
