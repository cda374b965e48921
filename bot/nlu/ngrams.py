"""Words and letter groups of a text as weighted counts, without scikit-learn.

The same counting serves training and reading, and its vocabulary is saved as JSON.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from functools import lru_cache
from itertools import pairwise

import numpy as np
from scipy.sparse import csr_matrix

from bot.nlu.arrays import Array

_WORD = re.compile(r"\d|[^\W\d_]+(?:'[^\W\d_]+)?|[!?]+")
_APOSTROPHES = str.maketrans({"’": "'", "‘": "'", "`": "'"})


def words_of(text: str) -> list[str]:
    """Return the words in lower case, with apostrophes dropped as phones drop them."""
    return [
        word.replace("'", "")
        for word in _WORD.findall(text.lower().translate(_APOSTROPHES))
    ]


def grams_of(text: str) -> Iterable[str]:
    """Yield word 1-2-grams ("w:", "v:") and letter 3-5-grams within words ("c:")."""
    words = words_of(text)
    for word in words:
        yield from _grams_in(word)
    for one, two in pairwise(words):
        yield f"v:{one} {two}"


# People use few words many times, and cutting them up is most of the work.
@lru_cache(maxsize=20_000)
def _grams_in(word: str) -> tuple[str, ...]:
    padded = f" {word} "
    letters = (
        f"c:{padded[i : i + size]}"
        for size in (3, 4, 5)
        for i in range(len(padded) - size + 1)
    )
    return (f"w:{word}", *letters)


class Vocabulary:
    """Which grams count, and how much each says."""

    def __init__(self, grams: Sequence[str], weights: Array) -> None:
        """Take the grams and their inverse document frequencies."""
        self.grams = list(grams)
        self.weights = weights.astype(np.float32)
        self._index = {gram: i for i, gram in enumerate(self.grams)}
        # As plain numbers: reading one out of an array costs more than using it.
        self._weights = self.weights.tolist()
        self._of_letters = [gram[0] == "c" for gram in self.grams]

    @classmethod
    def learn(cls, texts: Sequence[str], least: int) -> Vocabulary:
        """Return the grams that occur in at least `least` texts."""
        seen: Counter[str] = Counter()
        for text in texts:
            seen.update(set(grams_of(text)))
        kept = sorted(gram for gram, count in seen.items() if count >= least)
        counts = np.array([seen[gram] for gram in kept], dtype=np.float64)
        return cls(kept, np.log((1 + len(texts)) / (1 + counts)) + 1)

    def __len__(self) -> int:
        """Return the number of grams."""
        return len(self.grams)

    def knows(self, text: str) -> float:
        """Return which share of the words of a text were learnt; 1 for no words."""
        words = [word for word in words_of(text) if word[0].isalpha()]
        if not words:
            return 1.0
        return sum(f"w:{word}" in self._index for word in words) / len(words)

    def counted(self, texts: Sequence[str]) -> csr_matrix:
        """Return one row a text: words and letters each scaled to length one."""
        data: list[float] = []
        columns: list[int] = []
        starts = [0]
        for text in texts:
            row = self._row(text)
            columns += row.keys()
            data += row.values()
            starts.append(len(columns))
        return csr_matrix(
            (np.array(data, np.float32), np.array(columns, np.int32), starts),
            shape=(len(texts), len(self.grams)),
        )

    def _row(self, text: str) -> dict[int, float]:
        counts = Counter(map(self._index.get, grams_of(text)))
        counts.pop(None, None)
        row = {
            place: (1 + math.log(count)) * self._weights[place]
            for place, count in counts.items()
            if place is not None
        }
        norms = {True: 0.0, False: 0.0}
        for place, value in row.items():
            norms[self._of_letters[place]] += value * value
        return {
            place: value / math.sqrt(norms[self._of_letters[place]])
            for place, value in row.items()
        }
