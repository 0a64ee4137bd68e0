"""How large a paired difference is: in standard deviations, by ranks, and in wins, ties and losses."""

from dataclasses import dataclass

import numpy as np

from evaluate.arrays import FloatArray
from evaluate.intervals import ROUNDING


@dataclass(frozen=True)
class Tally:
    """How many queries the first system answers better, as well and worse."""

    wins: int
    ties: int
    losses: int


def tally(differences: FloatArray) -> Tally:
    """Count the positive, zero and negative of `differences` (Q,); within 1e-12 of zero is a tie."""
    wins = int((differences > ROUNDING).sum())
    losses = int((differences < -ROUNDING).sum())
    return Tally(wins, differences.size - wins - losses, losses)


def cohens_d(differences: FloatArray) -> float | None:
    """Divide the mean of `differences` (Q,) by their standard deviation: d_z, 0.2 is small and 0.8 large.

    It is infinite, with the sign of the mean, where every query differs by the same amount: no query
    speaks against the difference. It is None where none differs, and with fewer than two queries.
    Source: Cohen 1988, section 2.3.5.
    """
    if differences.size < 2:
        return None
    mean, deviation = float(differences.mean()), float(differences.std(ddof=1))
    if deviation > ROUNDING:
        return mean / deviation
    return float(np.copysign(np.inf, mean)) if abs(mean) > ROUNDING else None


def rank_biserial(differences: FloatArray) -> float | None:
    """Return the share of rank sums that speaks for the first system less the share against it, -1 to 1.

    The sizes of `differences` (Q,) are ranked, equal ones share their mean rank; ties have no rank. It is
    None where all are ties. Source: Kerby 2014, Comprehensive Psychology 3 (matched pairs).
    """
    untied = differences[np.abs(differences) > ROUNDING]
    if not untied.size:
        return None
    # Sizes within a rounding error are equal; a sort of the rounded ones finds each run of them.
    sizes = np.round(np.abs(untied) / ROUNDING)
    _, places, counts = np.unique(sizes, return_inverse=True, return_counts=True)
    ranks = (np.cumsum(counts) - (counts - 1) / 2)[places]
    return float((ranks * np.sign(untied)).sum() / ranks.sum())
