"""How far each query moves a figure: the jackknife, in groups where queries are many."""

from collections.abc import Callable

import numpy as np

from evaluate.arrays import FloatArray
from evaluate.draws import shared_out

# The acceleration of BCa is a skewness, which a thousand groups tell as well as all queries.
_MAX_GROUPS = 1000
# Figures computed at once, as many as a block of resamples has of many queries.
_ROWS = 64


def influences(figure: Callable[[FloatArray], FloatArray], num_queries: int) -> FloatArray:
    """Return the mean of the figures without one group less the figure without each, (G,).

    `figure` takes weights (R, Q) and gives figures (R,). A group is one query; with more than 1,000
    queries it is every 1,000th of them. Squares and cubes of influences add up over independent queries,
    so those of groups have the sums that BCa asks for, with some noise. Source: Efron and Tibshirani 1993,
    sections 14.3 and, for groups, 11.5.

    Raises:
        ValueError: there is one query only.
    """
    if num_queries < 2:
        raise ValueError("a jackknife needs two queries or more")
    groups = np.arange(num_queries) % min(num_queries, _MAX_GROUPS)
    num_groups = int(groups.max()) + 1

    def without(start: int) -> FloatArray:
        left_out = np.arange(start, min(start + _ROWS, num_groups))
        return figure((groups != left_out[:, None]).astype(np.float64))

    figures = np.concatenate(shared_out(without, range(0, num_groups, _ROWS)))
    return np.asarray(figures.mean() - figures)
