"""A small network that reads a message word by word, and learns in plain NumPy.

Two convolutions look at each word among its neighbours. From there each word is
marked with the types it tells of, and the whole message is read through one glance
("attention") a question: which danger, which intent, how often, which feeling, who.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import numpy as np
from threadpoolctl import ThreadpoolController  # type: ignore[import-untyped]

from bot.nlu.arrays import Array

WIDTH = 128
REACH = 2
_FAR = -1e4
# Vectors of length one are small beside word states; this brings them level.
_LOUDER = 5.0
# Of each number entering a layer this share is left out while learning.
_DROP_IN, _DROP, _DROP_VECTOR = 0.25, 0.35, 0.3
_SMOOTH = 0.03
BATCH = 32
# Longer messages are learnt from their beginning; reading takes them whole.
_LONGEST = 260

Arrays = dict[str, Array]


def on_one_thread() -> Any:
    """Return a context in which each multiplication uses one thread.

    Two threads on matrices this small wait for one another more than they work: ten
    times as long when the machine is busy.
    """
    return _blas().limit(limits=1, user_api="blas")


@cache
def _blas() -> ThreadpoolController:
    return ThreadpoolController()


@dataclass(frozen=True)
class Question:
    """One thing to read off a message: how many answers, and whether one excludes."""

    answers: int
    one_only: bool


@dataclass(frozen=True)
class Focus:
    """What a network is taught for: how much each part of an error counts.

    Attributes:
        types: the types of the whole message.
        marks: which words tell of a type.
        one: questions of which one answer is right.
        several: questions to which several answers may be right.
        rare: a missed answer to the latter, against one too many.
    """

    types: float
    marks: float
    one: float
    several: float
    rare: float


@dataclass(frozen=True)
class Lesson:
    """One message to learn from: its words, its vector, and the right answers.

    Attributes:
        words: one row a word.
        vector: the meaning of the whole.
        marks: one row a word, one column a type.
        types: the types of the message.
        answers: for each question, a row of zeros and ones.
    """

    words: Array
    vector: Array
    marks: Array
    types: Array
    answers: Mapping[str, Array]


@dataclass(frozen=True)
class Answers:
    """What the network reads in one message, as probabilities."""

    types: Array
    marks: Array
    questions: Mapping[str, Array]


@dataclass
class Network:
    """The network's weights, and how to use and teach them."""

    questions: Mapping[str, Question]
    weights: Arrays = field(default_factory=dict)

    @classmethod
    def blank(
        cls,
        word_size: int,
        vector_size: int,
        types: int,
        questions: Mapping[str, Question],
        seed: int,
    ) -> Network:
        """Return a network that has learnt nothing."""
        chance = np.random.default_rng(seed)

        def spread(rows: int, columns: int) -> Array:
            size = np.sqrt(2.0 / (rows + columns))
            return chance.normal(0, size, (rows, columns)).astype(np.float32)

        window = (2 * REACH + 1) * WIDTH
        weights = {
            "in": spread(word_size, WIDTH),
            "near": spread(window, WIDTH),
            "wide": spread(window, WIDTH),
            "mark": spread(WIDTH, types),
            "mark.look": spread(WIDTH, types) * 0.1,
            "mark.mean": np.full(types, 0.7, np.float32),
            "mark.most": np.full(types, 0.3, np.float32),
            "mark.vector": spread(vector_size, types) * 0.3,
        }
        sizes = {"in": WIDTH, "near": WIDTH, "wide": WIDTH, "mark": types}
        for name, question in questions.items():
            weights[f"{name}.look"] = spread(WIDTH, 1) * 0.1
            weights[f"{name}.glance"] = spread(WIDTH, question.answers)
            weights[f"{name}.vector"] = spread(vector_size, question.answers) * 0.3
            sizes[name] = question.answers
        for name, size in sizes.items():
            weights[f"{name}.bias"] = np.zeros(size, np.float32)
        weights["mark.whole"] = np.zeros(types, np.float32)
        return cls(questions, weights)

    def read(self, words: Array, vector: Array) -> Answers:
        """Return what one message says."""
        here = np.ones((1, len(words)), np.float32)
        state = self._states(words[None].astype(np.float32), here, None)
        marks, types, asked = self._outputs(state["out"], here, vector[None], None)
        return Answers(
            types=_sigmoid(types["logits"][0]),
            marks=_sigmoid(marks[0]),
            questions={
                name: _softmax(one["logits"][0])
                if self.questions[name].one_only
                else _sigmoid(one["logits"][0])
                for name, one in asked.items()
            },
        )

    def learn(
        self,
        lessons: Sequence[Lesson],
        focus: Focus,
        rounds: int,
        pace: float,
        seed: int,
    ) -> None:
        """Go through the lessons `rounds` times, more slowly towards the end."""
        chance = np.random.default_rng(seed)
        adam = _Adam(self.weights)
        total = rounds * -(-len(lessons) // BATCH)
        done = 0
        for _ in range(rounds):
            for batch in _batches(lessons, chance):
                adam.step(
                    self.weights,
                    self._gradients(batch, focus, chance),
                    pace * min(1.0, (done + 1) / 50) * (1 - 0.95 * done / total),
                )
                done += 1

    def _states(
        self, words: Array, here: Array, chance: np.random.Generator | None
    ) -> Arrays:
        """Return each layer's states; `here` is 1 for words and 0 for filling."""
        w, there = self.weights, here[:, :, None]
        # One draw a batch and number: as good as one a word, and it can be made on
        # the weights, which are far fewer than the words.
        state: Arrays = {"words": words}
        state["in.drop"] = _keep((words.shape[2], 1), _DROP_IN, chance)
        state["in.sum"] = words @ (w["in"] * state["in.drop"]) + w["in.bias"]
        state["in.keep"] = _keep(state["in.sum"].shape, _DROP, chance) * there
        state["in"] = np.maximum(state["in.sum"], 0) * state["in.keep"]
        before = "in"
        for layer in ("near", "wide"):
            state[f"{layer}.window"] = _window(state[before])
            total = state[f"{layer}.window"] @ w[layer] + w[f"{layer}.bias"]
            state[f"{layer}.on"] = total > 0
            state[f"{layer}.keep"] = _keep(total.shape, _DROP, chance) * there
            state[layer] = (state[before] + np.maximum(total, 0)) * state[
                f"{layer}.keep"
            ]
            before = layer
        state["out"] = state["wide"]
        return state

    def _outputs(
        self,
        out: Array,
        here: Array,
        vector: Array,
        chance: np.random.Generator | None,
    ) -> tuple[Array, Arrays, dict[str, Arrays]]:
        """Return the logits of words, of types and of every question."""
        w, filling = self.weights, (1 - here)[:, :, None] * _FAR
        loud = _dropped(vector * _LOUDER, _DROP_VECTOR, chance).astype(np.float32)
        marks = out @ w["mark"] + w["mark.bias"]
        look = _softmax(out @ w["mark.look"] + filling, axis=1)
        mean = (look * marks).sum(1)
        at = (marks + filling).argmax(1)
        most = np.take_along_axis(marks, at[:, None], 1)[:, 0]
        types = {"look": look, "mean": mean, "at": at, "most": most, "loud": loud}
        types["logits"] = (
            mean * w["mark.mean"]
            + most * w["mark.most"]
            + loud @ w["mark.vector"]
            + w["mark.whole"]
        )
        asked = {}
        for name in self.questions:
            seen = _softmax(out @ w[f"{name}.look"] + filling, axis=1)
            glance = (seen * out).sum(1)
            logits = (
                glance @ w[f"{name}.glance"]
                + loud @ w[f"{name}.vector"]
                + w[f"{name}.bias"]
            )
            asked[name] = {"seen": seen, "glance": glance, "logits": logits}
        return marks, types, asked

    def _gradients(
        self, batch: Sequence[Lesson], focus: Focus, chance: np.random.Generator
    ) -> Arrays:
        words, here, vector = _stacked(batch)
        state = self._states(words, here, chance)
        out = state["out"]
        marks, types, asked = self._outputs(out, here, vector, chance)
        back: Arrays = {}
        d_out = self._types_back(batch, focus, out, here, marks, types, back)
        for name, one in asked.items():
            right = np.stack([lesson.answers[name] for lesson in batch])
            d = self._error(name, focus, one["logits"], right)
            d_out += self._question_back(name, out, types["loud"], one, d, back)
        self._states_back(state, d_out, back)
        return back

    def _types_back(
        self,
        batch: Sequence[Lesson],
        focus: Focus,
        out: Array,
        here: Array,
        marks: Array,
        types: Arrays,
        back: Arrays,
    ) -> Array:
        w, count = self.weights, len(batch)
        right = np.stack([lesson.types for lesson in batch])
        right = right * (1 - _SMOOTH) + _SMOOTH / 2
        d = (_sigmoid(types["logits"]) - right) * (
            focus.types / (count * right.shape[1])
        )
        back["mark.mean"] = (d * types["mean"]).sum(0)
        back["mark.most"] = (d * types["most"]).sum(0)
        back["mark.vector"] = types["loud"].T @ d
        back["mark.whole"] = d.sum(0)
        d_mean = d * w["mark.mean"]
        told = np.zeros_like(marks)
        for i, lesson in enumerate(batch):
            told[i, : min(len(lesson.marks), told.shape[1])] = lesson.marks[
                : told.shape[1]
            ]
        d_marks = (_sigmoid(marks) - told) * (
            here[:, :, None] * focus.marks / here.sum()
        )
        d_marks += types["look"] * d_mean[:, None]
        rows, columns = np.indices(types["at"].shape)
        np.add.at(d_marks, (rows, types["at"], columns), d * w["mark.most"])
        d_look = types["look"] * (marks - types["mean"][:, None]) * d_mean[:, None]
        flat = out.reshape(-1, WIDTH)
        back["mark"] = flat.T @ d_marks.reshape(flat.shape[0], -1)
        back["mark.bias"] = d_marks.sum((0, 1))
        back["mark.look"] = flat.T @ d_look.reshape(flat.shape[0], -1)
        return d_marks @ w["mark"].T + d_look @ w["mark.look"].T

    def _error(self, name: str, focus: Focus, logits: Array, right: Array) -> Array:
        """Return how far each answer to a question is off, weighed."""
        if self.questions[name].one_only:
            return (_softmax(logits) - right) * (focus.one / len(right))
        heavy = 1 + (focus.rare - 1) * right
        return heavy * (_sigmoid(logits) - right) * (focus.several / len(right))

    def _question_back(
        self,
        name: str,
        out: Array,
        loud: Array,
        one: Arrays,
        d: Array,
        back: Arrays,
    ) -> Array:
        w = self.weights
        back[f"{name}.glance"] = one["glance"].T @ d
        back[f"{name}.vector"] = loud.T @ d
        back[f"{name}.bias"] = d.sum(0)
        d_glance = d @ w[f"{name}.glance"].T
        d_seen = ((out - one["glance"][:, None]) * d_glance[:, None]).sum(-1)
        d_seen = one["seen"] * d_seen[:, :, None]
        flat = out.reshape(-1, WIDTH)
        back[f"{name}.look"] = flat.T @ d_seen.reshape(-1, 1)
        return one["seen"] * d_glance[:, None] + d_seen @ w[f"{name}.look"].T

    def _states_back(self, state: Arrays, d: Array, back: Arrays) -> None:
        w = self.weights
        for layer in ("wide", "near"):
            d = d * state[f"{layer}.keep"]
            d_sum = d * state[f"{layer}.on"]
            window = state[f"{layer}.window"]
            flat = window.reshape(-1, window.shape[-1])
            back[layer] = flat.T @ d_sum.reshape(-1, WIDTH)
            back[f"{layer}.bias"] = d_sum.sum((0, 1))
            d = d + _window_back(d_sum @ w[layer].T)
        d = d * state["in.keep"] * (state["in.sum"] > 0)
        flat = state["words"].reshape(-1, state["words"].shape[-1])
        back["in"] = (flat.T @ d.reshape(-1, WIDTH)) * state["in.drop"]
        back["in.bias"] = d.sum((0, 1))


class _Adam:
    """Takes steps the size of which follows how steady each gradient has been."""

    def __init__(self, weights: Arrays) -> None:
        self._mean = {name: np.zeros_like(w) for name, w in weights.items()}
        self._square = {name: np.zeros_like(w) for name, w in weights.items()}
        self._steps = 0

    def step(self, weights: Arrays, gradients: Arrays, pace: float) -> None:
        """Move every weight against its gradient."""
        self._steps += 1
        mend_mean = 1 - 0.9**self._steps
        mend_square = 1 - 0.999**self._steps
        for name, gradient in gradients.items():
            mean, square = self._mean[name], self._square[name]
            mean += 0.1 * (gradient - mean)
            square += 0.001 * (gradient * gradient - square)
            weights[name] -= (
                pace * (mean / mend_mean) / (np.sqrt(square / mend_square) + 1e-7)
            ).astype(np.float32)


def _batches(
    lessons: Sequence[Lesson], chance: np.random.Generator
) -> Iterator[list[Lesson]]:
    """Yield batches of like length, in an order that changes each round."""
    noise = chance.random(len(lessons)) * 6
    order = np.argsort([len(lesson.words) for lesson in lessons] + noise)
    starts = np.arange(0, len(lessons), BATCH)
    for start in chance.permutation(starts):
        yield [lessons[i] for i in order[start : start + BATCH]]


def _stacked(batch: Sequence[Lesson]) -> tuple[Array, Array, Array]:
    longest = min(_LONGEST, max(len(lesson.words) for lesson in batch))
    words = np.zeros((len(batch), longest, batch[0].words.shape[1]), np.float32)
    here = np.zeros((len(batch), longest), np.float32)
    for i, lesson in enumerate(batch):
        kept = min(longest, len(lesson.words))
        words[i, :kept] = lesson.words[:kept]
        here[i, :kept] = 1
    return words, here, np.stack([lesson.vector for lesson in batch])


def _window(states: Array) -> Array:
    """Return each word's states beside those of its neighbours."""
    padded = np.pad(states, ((0, 0), (REACH, REACH), (0, 0)))
    length = states.shape[1]
    return np.concatenate(
        [padded[:, i : i + length] for i in range(2 * REACH + 1)], axis=-1
    )


def _window_back(d: Array) -> Array:
    """Return the gradient of the states from that of their windows."""
    rows, length, _ = d.shape
    total = np.zeros((rows, length + 2 * REACH, WIDTH), np.float32)
    for i in range(2 * REACH + 1):
        total[:, i : i + length] += d[:, :, i * WIDTH : (i + 1) * WIDTH]
    return total[:, REACH : REACH + length]


def _keep(
    shape: tuple[int, ...], share: float, chance: np.random.Generator | None
) -> Array:
    if chance is None:
        return np.ones(shape, np.float32)
    kept = chance.random(shape, dtype=np.float32) >= share
    return kept.astype(np.float32) / np.float32(1 - share)


def _dropped(values: Array, share: float, chance: np.random.Generator | None) -> Array:
    return values if chance is None else values * _keep(values.shape, share, chance)


def _sigmoid(logits: Array) -> Array:
    return 1 / (1 + np.exp(-np.clip(logits, -30, 30)))


def _softmax(logits: Array, axis: int = -1) -> Array:
    powers = np.exp(logits - logits.max(axis, keepdims=True))
    return powers / powers.sum(axis, keepdims=True)
