"""What a user would write himself to compare one photograph with many; features lie in memory."""

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor

import cv2
import numpy as np
import torch
from bench_common import in_turns
from numpy.typing import NDArray
from threadpoolctl import ThreadpoolController

from extract import describe
from extract.features import Features, PackedFeatures
from rerank.matching.ratio import each_candidate
from rerank.matching.unit import numbers
from rerank.methods.sift_geometric import Config

Floats = NDArray[np.float32]


def ratio_vs_matmul(query: NDArray[np.generic], candidates: PackedFeatures, runs: int) -> float:
    """Time of the ratio test over that of the bare products of the same descriptors, both on all cores."""
    left = query.astype(np.float32)
    rights = [candidates[place].descriptors.astype(np.float32) for place in range(len(candidates))]

    def products() -> None:
        with ThreadPoolExecutor(describe.num_cores()) as pool:
            list(pool.map(lambda right: left @ right.T, rights))

    def ratio_test() -> None:
        each_candidate(query, candidates, 0.7, lambda *_: None)

    with ThreadpoolController().limit(limits=1, user_api="blas"):
        taken = in_turns({"products": products, "ratio test": ratio_test}, runs)
    return taken["ratio test"] / taken["products"]


def best_seconds(works: Mapping[str, Callable[[], object]], runs: int) -> dict[str, float]:
    """Median seconds of each work with one thread of the matrix libraries or all of them, the better one.

    On a machine that others use too, two threads may wait for each other a hundred times as long as one
    computes; where a few small products show that, all threads are not tried.
    """
    libraries = ThreadpoolController()
    small = np.ones((49, 1408), np.float32)

    def together() -> None:
        for _ in range(20):
            small @ small.T

    def alone() -> None:
        with libraries.limit(limits=1):
            together()

    torch.set_num_threads(1)
    with libraries.limit(limits=1):
        taken = in_turns(works, runs)
    torch.set_num_threads(describe.num_cores())
    probe = in_turns({"alone": alone, "together": together}, 3)
    if probe["together"] > 2 * probe["alone"]:
        return taken
    others = in_turns(works, runs)
    return {name: min(taken[name], others[name]) for name in works}


def bf() -> cv2.DescriptorMatcher:
    """OpenCV's exact matcher."""
    return cv2.BFMatcher(cv2.NORM_L2)


def flann() -> cv2.DescriptorMatcher:
    """OpenCV's approximate matcher as its tutorial sets it, and the study."""
    return cv2.FlannBasedMatcher({"algorithm": 1, "trees": 5}, {"checks": 50})


def opencv_loop(
    matcher: cv2.DescriptorMatcher, query: Features, candidates: Sequence[Features], config: Config
) -> list[tuple[int, int]]:
    """Two nearest neighbours, ratio test, MAGSAC: matches and inliers of each candidate."""
    found = []
    for candidate in candidates:
        pairs = matcher.knnMatch(query.descriptors, candidate.descriptors, k=2)
        good = [
            pair[0] for pair in pairs if len(pair) == 2 and pair[0].distance < config.ratio * pair[1].distance
        ]
        inliers = 0
        if len(good) >= config.min_inliers:
            source = np.array([query.points[match.queryIdx, :2] for match in good])
            target = np.array([candidate.points[match.trainIdx, :2] for match in good])
            _, mask = cv2.findHomography(
                source, target, cv2.USAC_MAGSAC, config.threshold_px, maxIters=config.tries, confidence=0.999
            )
            inliers = 0 if mask is None else int(mask.sum())
        found.append((len(good), inliers))
    return found


def kornia_loop(
    match: Callable[..., tuple[torch.Tensor, torch.Tensor]],
    query: torch.Tensor,
    candidates: Sequence[torch.Tensor],
    ratio: float,
) -> list[int]:
    """Kornia's `match_snn` or `match_smnn`: matches of each candidate."""
    return [len(match(query, candidate, ratio)[1]) for candidate in candidates if len(candidate) > 1]


def sklearn_neighbours(query: Floats, candidates: Sequence[Floats], ratio: float) -> list[int]:
    """Ratio test by scikit-learn's nearest neighbours: matches of each candidate."""
    from sklearn.neighbors import NearestNeighbors

    found = []
    for candidate in candidates:
        if len(candidate) < 2:
            continue
        distances, _ = NearestNeighbors(n_neighbors=2).fit(candidate).kneighbors(query)
        found.append(int((distances[:, 0] < ratio * distances[:, 1]).sum()))
    return found


def sklearn_maxsim(query: Floats, candidates: Sequence[Floats]) -> list[float]:
    """Mean of best cosines by scikit-learn, of each candidate; for one row each it is their cosine."""
    from sklearn.metrics.pairwise import cosine_similarity

    return [float(cosine_similarity(query, candidate).max(axis=1).mean()) for candidate in candidates]


def sklearn_cosines(query: Floats, candidates: Floats) -> Floats:
    """Cosines with one row a candidate (n, D) in one call."""
    from sklearn.metrics.pairwise import cosine_similarity

    return np.asarray(cosine_similarity(query, candidates)[0])


def einsum_maxsim(query: Floats, candidates: Sequence[Floats]) -> list[float]:
    """Mean of best products of unit vectors by einsum, of each candidate."""
    return [
        float(np.einsum("qd,cd->qc", query, candidate, optimize=True).max(axis=1).mean())
        for candidate in candidates
    ]


def in_memory(packed: PackedFeatures) -> list[Features]:
    """Hold features one by one, descriptors as the float32 numbers that libraries give and take."""
    whole = [packed[place] for place in range(len(packed))]
    values = [one.descriptors for one in whole]
    # SIFT is bytes in OpenCV too, which gives them as float32; others may be halves.
    floats = [one.astype(np.float32) if one.dtype == np.uint8 else numbers(one) for one in values]
    return [Features(one.points, value, one.scores) for one, value in zip(whole, floats, strict=True)]
