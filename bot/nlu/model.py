"""The trained reader: what it learns, and the probabilities it gives a message.

Two readers that fail differently are averaged: linear classifiers over words and
letters, clause by clause, and networks over word vectors in context. What is made of
the probabilities is in judging.py.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from zipfile import BadZipFile

import numpy as np

from bot.behaviours import BehaviourType, Danger, Impact, Occasions
from bot.nlu.arrays import Array
from bot.nlu.encoding import VECTOR_SIZE
from bot.nlu.examples import ABOUT, Labelled
from bot.nlu.heads import Head
from bot.nlu.intents import NO_WORDS, OTHER_LANGUAGE
from bot.nlu.network import Answers, Focus, Lesson, Network, Question, on_one_thread
from bot.nlu.ngrams import Vocabulary
from bot.nlu.parsing import WORD_SIZE, Encoded, Parsed

# Raise with every change of method: saved readers and Rasa's cache go by it.
VERSION = "6"
TYPES = tuple(BehaviourType)
LEVELS = tuple(Danger)
IMPACTS = tuple(Impact)
OCCASIONS = tuple(Occasions)
# Told by rule before the classifiers are asked; their examples are for Rasa's eyes.
_RULED = (NO_WORDS, OTHER_LANGUAGE)
_QUESTIONS = ("danger", "intent", "occasions", "impact", "about")
_ONE_ONLY = ("intent", "occasions", "about")
# Some networks are taught for the acts and some for the rest: one taught for danger as
# much as danger needs reads acts worse, and the other way round.
ACTS = Focus(types=1.0, marks=0.5, one=0.2, several=0.25, rare=1.0)
REST = Focus(types=0.3, marks=0.15, one=0.3, several=1.0, rare=2.0)
NETWORKS = ((ACTS, 1), (REST, 2))
ROUNDS, PACE = 6, 3e-3
# A dozen examples need more rounds to be learnt at all.
_LEAST_STEPS = 60
_FEW = 100
_C_CLAUSES, _C_MESSAGES = 3.0, 5.0


class NotTrained(Exception):
    """A reading was asked of a reader that was never trained."""


class UnreadableModel(Exception):
    """The saved reader is missing, damaged or of another version."""


@dataclass(frozen=True)
class Scores:
    """What both readers say of one message, as probabilities, before judging.

    Attributes:
        networks: what each network answers: the one for acts, the one for the rest.
        clauses: the linear classifiers' word on each type, a row a clause.
        linear: the linear classifiers' answers to each question.
    """

    networks: tuple[Answers, ...]
    clauses: Array
    linear: Mapping[str, Array]

    @property
    def marks(self) -> Array:
        """Which words tell of which type: a row a word, a column a type."""
        return self.networks[0].marks

    def asked(self, question: str) -> Array:
        """Return what the networks answer together."""
        answers = [net.questions[question] for net in self.networks]
        return np.asarray(np.mean(answers, axis=0))

    def shares(self, question: str) -> Array:
        """Return the linear answers to a question, as shares of one."""
        found = self.linear[question]
        return np.asarray(found / found.sum())


@dataclass
class ReaderModel:
    """What was learnt: a vocabulary, linear heads and networks."""

    intents: tuple[str, ...]
    words: Vocabulary
    heads: dict[str, Head]
    networks: list[Network]

    @classmethod
    def train(
        cls,
        examples: Sequence[Labelled],
        parsed: Sequence[Parsed],
        encoded: Sequence[Encoded],
    ) -> ReaderModel:
        """Return a reader that has learnt the examples."""
        kept = [i for i, one in enumerate(examples) if one.intent not in _RULED]
        examples = [examples[i] for i in kept]
        parsed = [parsed[i] for i in kept]
        encoded = [encoded[i] for i in kept]
        intents = tuple(sorted({one.intent for one in examples}))
        clauses = [p.words_of(clause) for p in parsed for clause in p.clauses]
        words = Vocabulary.learn(clauses, 3 if len(examples) > _FEW else 1)
        model = cls(intents, words, {}, [])
        model._train_heads(examples, parsed, clauses)
        model._train_networks(examples, parsed, encoded)
        return model

    def scores(
        self, parsed: Sequence[Parsed], encoded: Sequence[Encoded]
    ) -> list[Scores]:
        """Return the probabilities of each message."""
        if not parsed:
            return []
        whole = self.words.counted([p.text for p in parsed])
        linear = {name: self.heads[name].probabilities(whole) for name in _QUESTIONS}
        clauses = self.heads["clauses"].probabilities(
            self.words.counted(
                [p.words_of(clause) for p in parsed for clause in p.clauses]
            )
        )
        found, begun = [], 0
        with on_one_thread():
            answers = [
                tuple(net.read(n.words, n.message) for net in self.networks)
                for n in encoded
            ]
        for i, (one, networks) in enumerate(zip(parsed, answers, strict=True)):
            ended = begun + len(one.clauses)
            found.append(
                Scores(
                    networks,
                    clauses[begun:ended],
                    {name: linear[name][i] for name in _QUESTIONS},
                )
            )
            begun = ended
        return found

    def _train_heads(
        self,
        examples: Sequence[Labelled],
        parsed: Sequence[Parsed],
        clauses: Sequence[str],
    ) -> None:
        told = [
            _types_at(example, clause.start, clause.end)
            for example, p in zip(examples, parsed, strict=True)
            for clause in p.clauses
        ]
        self.heads["clauses"] = Head.fitted(
            self.words.counted(clauses), np.array(told), _C_CLAUSES
        )
        whole = self.words.counted([p.text for p in parsed])
        answers = [self._answers(example) for example in examples]
        for name in _QUESTIONS:
            right = np.array([answer[name] for answer in answers])
            self.heads[name] = Head.fitted(whole, right, _C_MESSAGES)

    def _train_networks(
        self,
        examples: Sequence[Labelled],
        parsed: Sequence[Parsed],
        encoded: Sequence[Encoded],
    ) -> None:
        lessons = [
            Lesson(
                words=numbers.words,
                vector=numbers.message,
                marks=np.array(
                    [_types_at(one, start, end) for start, end in p.words], np.float32
                ),
                types=np.array([t in one.types for t in TYPES], np.float32),
                answers=self._answers(one),
            )
            for one, p, numbers in zip(examples, parsed, encoded, strict=True)
        ]
        rounds = max(ROUNDS, -(-_LEAST_STEPS * 32 // max(len(lessons), 32)))

        def taught(focus: Focus, seed: int) -> Network:
            net = Network.blank(
                WORD_SIZE, VECTOR_SIZE, len(TYPES), _questions(self.intents), seed
            )
            net.learn(lessons, focus, rounds, PACE, seed)
            return net

        # NumPy lets go of the interpreter while it multiplies, so threads are enough.
        with on_one_thread(), ThreadPoolExecutor(len(NETWORKS)) as pool:
            self.networks += pool.map(lambda given: taught(*given), NETWORKS)

    def _answers(self, example: Labelled) -> dict[str, Array]:
        return {
            "danger": _which(level in example.danger for level in LEVELS),
            "intent": _which(name == example.intent for name in self.intents),
            "occasions": _which(o is example.occasions for o in OCCASIONS),
            "impact": _which(impact in example.impact for impact in IMPACTS),
            "about": _which(name == example.about for name in ABOUT),
        }

    def save(self, directory: Path) -> None:
        """Write the reader as JSON and plain arrays."""
        directory.mkdir(parents=True, exist_ok=True)
        arrays = {"idf": self.words.weights}
        for name, head in self.heads.items():
            arrays[f"head.{name}.weights"] = head.weights
            arrays[f"head.{name}.bias"] = head.bias
        for i, net in enumerate(self.networks):
            for name, weights in net.weights.items():
                arrays[f"net{i}.{name}"] = weights
        np.savez(directory / "reader.npz", **arrays)
        told = {
            "version": VERSION,
            "intents": self.intents,
            "grams": self.words.grams,
            "heads": sorted(self.heads),
            "networks": len(self.networks),
            "weights": sorted(self.networks[0].weights),
        }
        text = json.dumps(told, ensure_ascii=False)
        (directory / "reader.json").write_text(text, "utf-8")

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
                return cls._from(told, arrays)
        except (OSError, ValueError, KeyError, TypeError, BadZipFile) as error:
            raise UnreadableModel(type(error).__name__) from error

    @classmethod
    def _from(
        cls, told: Mapping[str, list[str]], arrays: Mapping[str, Array]
    ) -> ReaderModel:
        heads = {
            name: Head(
                arrays[f"head.{name}.weights"],
                arrays[f"head.{name}.bias"],
            )
            for name in told["heads"]
        }
        intents = tuple(told["intents"])
        networks = [
            Network(
                _questions(intents),
                {name: arrays[f"net{i}.{name}"] for name in told["weights"]},
            )
            for i in range(int(str(told["networks"])))
        ]
        return cls(intents, Vocabulary(told["grams"], arrays["idf"]), heads, networks)


def _questions(intents: Sequence[str]) -> dict[str, Question]:
    sizes = {
        "danger": len(LEVELS),
        "intent": len(intents),
        "occasions": len(OCCASIONS),
        "impact": len(IMPACTS),
        "about": len(ABOUT),
    }
    return {name: Question(sizes[name], name in _ONE_ONLY) for name in _QUESTIONS}


def _which(flags: Iterable[bool]) -> Array:
    return np.array(list(flags), np.float32)


def _types_at(example: Labelled, start: int, end: int) -> list[bool]:
    """Return for each type whether one of its acts is told in this stretch."""
    here = [
        act
        for act in example.acts
        if min(act.end, end) - max(act.start, start)
        >= 0.5 * min(act.end - act.start, end - start)
        and min(act.end, end) > max(act.start, start)
    ]
    return [any(kind in act.types for act in here) for kind in TYPES]
