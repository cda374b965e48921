"""Linear classifiers over words and letters: learnt with scikit-learn, read without."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.sparse import csr_matrix

from bot.nlu.arrays import Array

# Where a label was never or always seen, this is as sure as the head will be.
_SURE = 6.0


@dataclass(frozen=True)
class Head:
    """One linear classifier a label; probabilities come out."""

    weights: Array
    bias: Array

    def probabilities(self, features: csr_matrix) -> Array:
        """Return one row a text and one column a label, each 0 to 1 by itself."""
        logits = np.asarray(features @ self.weights) + self.bias
        return np.asarray(1 / (1 + np.exp(-logits)))

    @classmethod
    def fitted(cls, features: csr_matrix, targets: Array, c: float) -> Head:
        """Return the head that tells the columns of `targets` apart.

        Args:
            features: one row a text.
            targets: one row a text, one column a label, zeros and ones.
            c: how far the weights may go to fit what was seen.
        """
        # Only training needs scikit-learn, and it takes a second to import.
        from sklearn.linear_model import LogisticRegression

        weights, bias = [], []
        for column in targets.T:
            if column.min() == column.max():
                weights.append(np.zeros(features.shape[1]))
                bias.append(_SURE if column.max() else -_SURE)
                continue
            # The dual, ended a little early: the same weights to two places, in a
            # quarter of the time.
            fit = LogisticRegression(
                C=c, solver="liblinear", dual=True, tol=1e-2, random_state=7
            )
            fit.fit(features, column)
            weights.append(fit.coef_[0])
            bias.append(float(fit.intercept_[0]))
        return cls(np.array(weights, np.float32).T.copy(), np.array(bias, np.float32))
