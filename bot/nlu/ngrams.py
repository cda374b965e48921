"""Words and letter groups of a text as weighted counts, without scikit-learn.

The same counting serves training and reading, and its vocabulary is saved as JSON.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
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
        yield f"w:{word}"
        padded = f" {word} "
        for size in (3, 4, 5):
            for i in range(len(padded) - size + 1):
                yield f"c:{padded[i : i + size]}"
    for one, two in pairwise(words):
        yield f"v:{one} {two}"


class Vocabulary:
    """Which grams count, and how much each says."""

    def __init__(self, grams: Sequence[str], weights: Array) -> None:
        """Take the grams and their inverse document frequencies."""
        self.grams = list(grams)
        self.weights = weights.astype(np.float32)
        self._index = {gram: i for i, gram in enumerate(self.grams)}

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
        counts: Counter[int] = Counter()
        for gram in grams_of(text):
            place = self._index.get(gram)
            if place is not None:
                counts[place] += 1
        row = {
            place: (1 + np.log(count)) * float(self.weights[place])
            for place, count in counts.items()
        }
        norms = {"c": 0.0, "w": 0.0}
        for place, value in row.items():
            norms["c" if self.grams[place][0] == "c" else "w"] += value * value
        return {
            place: value / norms["c" if self.grams[place][0] == "c" else "w"] ** 0.5
            for place, value in row.items()
        }
