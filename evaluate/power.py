"""How many queries a difference takes to be seen, and which difference the queries at hand can show."""

import math
from statistics import NormalDist

import numpy as np

from evaluate.arrays import FloatArray

_NORMAL = NormalDist()


def queries_needed(differences: FloatArray, size: float, power: float = 0.8, level: float = 0.95) -> int:
    """Return how many queries would show a mean difference of `size`, in the unit of the differences.

    A two-sided test at `level` finds it with a chance of `power`, if queries scatter as `differences` (Q,)
    do. A normal approximation, so at least 2; below some 20 queries the truth is a few more.
    Source: Cohen 1988, section 2.4.

    Raises:
        ValueError: `size` is 0 or not a number, or as for `detectable`.
    """
    if not abs(size) > 0:
        raise ValueError(f"size must not be 0, got {size}")
    needed = (_reach(power, level) * _deviation(differences) / size) ** 2
    return max(2, math.ceil(needed))


def detectable(differences: FloatArray, power: float = 0.8, level: float = 0.95) -> float:
    """Return the smallest mean difference that as many queries as `differences` (Q,) show.

    Raises:
        ValueError: there are fewer than two differences, `power` or `level` is not between 0 and 1, or
            `power` is so low that chance alone finds as much.
    """
    return _reach(power, level) * _deviation(differences) / math.sqrt(differences.size)


def _deviation(differences: FloatArray) -> float:
    if differences.size < 2:
        raise ValueError(f"two differences or more are needed to know their scatter, got {differences.size}")
    return float(np.std(differences, ddof=1))


def _reach(power: float, level: float) -> float:
    """Return how many standard errors a true mean must lie from 0."""
    if not (0.0 < level < 1.0 and (1 - level) / 2 < power < 1.0):
        raise ValueError(
            f"level must be between 0 and 1 and power from (1 - level) / 2 to 1, got {level} and {power}"
        )
    return _NORMAL.inv_cdf((1 + level) / 2) + _NORMAL.inv_cdf(power)
