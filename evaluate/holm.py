"""Several tests at once: p-values made larger, so that all of them together err as seldom as one would."""

import numpy as np

from evaluate.arrays import FloatArray


def adjusted(p_values: FloatArray) -> FloatArray:
    """Return Holm's step-down p-values, (M,), in the order given.

    The smallest of M is multiplied by M, the next by M - 1 and so on; none is below the one before it nor
    above 1. To call those below 0.05 significant makes a false claim in at most 5 % of all such families,
    whatever the tests have to do with each other. Source: Holm 1979, Scandinavian Journal of Statistics 6.

    Raises:
        ValueError: a p-value is not between 0 and 1.
    """
    if p_values.ndim != 1 or not ((p_values >= 0) & (p_values <= 1)).all():
        raise ValueError(f"p-values must be between 0 and 1, got {p_values!r}")
    order = np.argsort(p_values, kind="stable")
    steps = p_values[order] * np.arange(p_values.size, 0, -1)
    result = np.empty(p_values.size)
    result[order] = np.minimum(np.maximum.accumulate(steps), 1.0)
    return result
