"""Simpler readers, kept only to be measured against: the comparison table's rows."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

import numpy as np

from bot.behaviours import BehaviourType
from bot.nlu.arrays import Array
from bot.nlu.examples import Labelled
from bot.nlu.heads import Head
from bot.nlu.model import TYPES
from bot.nlu.ngrams import Vocabulary
from bot.nlu.parsing import Encoded

Found = list[tuple[BehaviourType, ...]]
Rival = Callable[[Sequence[str], Sequence[Encoded]], Found]

_KEYWORDS = {
    BehaviourType.FIXATED: r"follow|outside|watch|star(?:e|ing)|wait|turn(?:s|ed)? up|"
    r"show(?:s|ed)? up|parked|sat in|stood|window|behind me|driv(?:es|ing) past|drone|"
    r"everywhere i go|knock|lurk|hang(?:s|ing) (?:about|around)",
    BehaviourType.OBSESSION: r"track|air ?tag|spy|hack|password|account|fake|profile|"
    r"camera|pretend|rumour|lies|posted|order|cancel|sign(?:s|ed) me|my (?:phone|email)|"
    r"location|found out|asking|told everyone|in my name",
    BehaviourType.UNWANTED_ATTENTION: r"text|messag|call|ring|rang|email|letter|card|"
    r"note|flower|gift|present|parcel|dm|voicemail|comment|tyre|scratch|smash|paint|"
    r"graffiti|left on|sen[dt]s?",
    BehaviourType.REPEATED_BEHAVIOUR: r"threat|kill|hurt|hit|punch|push|grab|shout|"
    r"scream|block|spat|bang|report(?:s|ed) me|social services|knife|throat|approach|"
    r"came up to|corner|touch|abus|bull",
}
_PATTERNS = {kind: re.compile(rf"\b(?:{w})", re.I) for kind, w in _KEYWORDS.items()}
_C = 5.0


def keywords(texts: Sequence[str], encoded: Sequence[Encoded]) -> Found:
    """Return the types whose words occur anywhere."""
    return [
        tuple(kind for kind, pattern in _PATTERNS.items() if pattern.search(text))
        for text in texts
    ]


def ngrams(examples: Sequence[Labelled]) -> Rival:
    """Return logistic regression over the message's words and letters."""
    texts = [example.text for example in examples]
    words = Vocabulary.learn(texts, 2)
    head = Head.fitted(words.counted(texts), _told(examples), _C)

    def read(texts: Sequence[str], encoded: Sequence[Encoded]) -> Found:
        return _found(head.probabilities(words.counted(texts)))

    return read


def encoder(examples: Sequence[Labelled], encoded: Sequence[Encoded]) -> Rival:
    """Return logistic regression over the message's vector."""
    head = Head.fitted(_vectors(encoded), _told(examples), _C)

    def read(texts: Sequence[str], encoded: Sequence[Encoded]) -> Found:
        return _found(head.probabilities(_vectors(encoded)))

    return read


def _vectors(encoded: Sequence[Encoded]) -> Array:
    return np.array([one.message for one in encoded])


def _told(examples: Sequence[Labelled]) -> Array:
    return np.array([[kind in e.types for kind in TYPES] for e in examples])


def _found(probabilities: Array) -> Found:
    # 0.35 suits both rivals on the development split better than a half does.
    return [
        tuple(kind for kind, p in zip(TYPES, row, strict=True) if p >= 0.35)
        for row in probabilities
    ]
