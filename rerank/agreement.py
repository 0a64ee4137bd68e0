"""How many matches agree on one turn, scale and shift: a cheap look before a homography is sought."""

import numpy as np
from numpy.typing import NDArray

# A homography is no similarity, so the look is coarse: positions within 40 px at a longest side of 1000 px,
# scales within a factor of two, angles within 45 degrees.
_TOLERANCE_PX = 40.0
_MAX_LOG_SCALE = 0.7
_MIN_COSINE = 0.7
# Of 300 pairs of training photographs with 10 inliers or more none had fewer than 6 matches that agree; of
# those taken at random three in four had fewer than 4, and are spared the search for a homography.
ENOUGH = 4
# More hypotheses than this find nothing that these do not, at the square of the cost.
_HYPOTHESES = 100


def most_agreeing(
    query: NDArray[np.float32], candidate: NDArray[np.float32], ratios: NDArray[np.float32]
) -> int:
    """Count the matches that agree with the best single match, itself included.

    `query` and `candidate` (M, 4) hold x, y, diameter and angle of matched keypoints at a common scale;
    each match by itself says how the picture is turned, scaled and moved. The best by `ratios` (M,) are
    tried.
    Source: Lowe, IJCV 2004, section 7.3; one match a hypothesis as in Philbin et al., CVPR 2007.
    """
    if not len(query):
        return 0
    tried = np.argsort(ratios, kind="stable")[:_HYPOTHESES]
    log_scales = np.log(candidate[:, 2] / query[:, 2])
    turns = np.deg2rad(candidate[:, 3] - query[:, 3])
    # Plane points as complex numbers: a similarity is one product and one sum.
    left, right = query[:, 0] + 1j * query[:, 1], candidate[:, 0] + 1j * candidate[:, 1]
    factors = np.exp(log_scales[tried] + 1j * turns[tried])
    shifts = right[tried] - factors * left[tried]
    errors = np.abs(factors[:, None] * left + shifts[:, None] - right)
    agree = errors < _TOLERANCE_PX * np.maximum(1.0, np.abs(factors))[:, None]
    agree &= np.abs(log_scales[tried, None] - log_scales) < _MAX_LOG_SCALE
    agree &= np.cos(turns[tried, None] - turns) > _MIN_COSINE
    return int(agree.sum(axis=1).max())
