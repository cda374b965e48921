"""One name for NumPy's arrays, so that the signatures stay readable."""

from typing import Any, TypeAlias

from numpy.typing import NDArray

Array: TypeAlias = NDArray[Any]
