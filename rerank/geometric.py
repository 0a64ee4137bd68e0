"""Matches and inliers of every query with each of its candidates, however descriptors are matched."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from extract.features import Features, PackedFeatures
from rerank import ransac
from rerank.agreement import ENOUGH, most_agreeing
from rerank.fusion import Fusion, fuse
from rerank.matching.ratio import Matches
from rerank.protocols import Database, Queries
from rerank.ranking import Ranking
from rerank.shortlist import each

_REFERENCE_SIDE_PX = 1000.0

Pair = tuple[Matches, ransac.Verified]


class Matcher(Protocol):
    """Match descriptors (M, D) with every candidate's and give what `visit(place, matches)` makes of each."""

    def __call__(
        self,
        query: NDArray[np.generic],
        candidates: PackedFeatures,
        *,
        visit: Callable[[int, Matches], Pair],
    ) -> list[Pair]:
        """Match, in whatever order, and give what came of each candidate in theirs."""
        ...


@dataclass(frozen=True)
class Geometry:
    """How features of `kind` are matched and verified; fewer inliers than `min_inliers` are no evidence.

    `ransac.threshold_px` is measured where the longest side of a photograph is 1000 px. `oriented` says that
    keypoints have a size and an angle of their own; pairs whose matches do not agree on one (see
    `rerank.agreement`) then have no inlier, and no homography is sought.
    """

    kind: str
    matcher: Matcher
    min_inliers: int
    ransac: ransac.Config
    oriented: bool = False


@runtime_checkable
class Geometric(Protocol):
    """A re-ranker that verifies geometry, and can say how."""

    geometry: Geometry


def verify(
    query: Features,
    size: NDArray[np.int32],
    candidates: PackedFeatures,
    sizes: NDArray[np.int32],
    geometry: Geometry,
) -> list[Pair]:
    """Match a query's features with every candidate's and verify the matches; none of too few is an inlier.

    `size` (2,) and `sizes` (N, 2) are width and height of the photographs in pixels; homographies lead from
    the query's pixels to the candidate's.
    """
    query_scale = _REFERENCE_SIDE_PX / float(size.max())
    scales = _REFERENCE_SIDE_PX / sizes.max(axis=1)

    def one(candidate: int, found: Matches) -> Pair:
        none = ransac.Verified(None, np.zeros(len(found.query), np.bool_))
        if len(found.query) < geometry.min_inliers:
            return found, none
        left = query.points[found.query] * _factors(query_scale)
        right = candidates.points[candidates.offsets[candidate] + found.candidate] * _factors(
            scales[candidate]
        )
        if geometry.oriented and most_agreeing(left, right, found.ratios) < ENOUGH:
            return found, none
        # Contiguous, since OpenCV reads them as they lie.
        left, right = np.ascontiguousarray(left[:, :2]), np.ascontiguousarray(right[:, :2])
        verified = ransac.verify(left, right, geometry.ransac)
        return found, _in_pixels(verified, query_scale, float(scales[candidate]))

    return geometry.matcher(query.descriptors, candidates, visit=one)


def rerank(
    ranking: Ranking, queries: Queries, database: Database, geometry: Geometry, fusion: Fusion
) -> Ranking:
    """Verify every candidate and fuse log(1 + inliers), with the columns `local`, `matches` and `inliers`."""
    columns = matches_and_inliers(ranking, queries, database, geometry)
    return fuse(ranking.with_columns(columns), evidence(columns["inliers"], geometry.min_inliers), fusion)


def matches_and_inliers(
    ranking: Ranking, queries: Queries, database: Database, geometry: Geometry
) -> dict[str, NDArray[np.float32]]:
    """Count the columns `matches` and `inliers`, both like `ranking` and NaN where there is no candidate."""
    matches = np.full(ranking.rows.shape, np.nan, np.float32)
    inliers = np.full(ranking.rows.shape, np.nan, np.float32)
    for query, used, features, candidates in each(geometry.kind, ranking, queries, database):
        sizes = database.sizes(ranking.rows[query, used])
        pairs = verify(features, queries.sizes[query], candidates, sizes, geometry)
        matches[query, used] = [len(found.query) for found, _ in pairs]
        inliers[query, used] = [verified.count for _, verified in pairs]
    return {"matches": matches, "inliers": inliers}


def evidence(inliers: NDArray[np.float32], min_inliers: int) -> NDArray[np.float32]:
    """Turn inliers into a local score: log(1 + inliers), 0 below `min_inliers`, which are no evidence."""
    return np.log1p(np.where(inliers >= min_inliers, inliers, 0)).astype(np.float32)


def _factors(scale: float) -> NDArray[np.float32]:
    """Scale x, y and diameter of a keypoint; its angle stays."""
    return np.array([scale, scale, scale, 1], np.float32)


def _in_pixels(verified: ransac.Verified, query_scale: float, scale: float) -> ransac.Verified:
    """Give a homography between scaled pictures as one between the pictures; its last entry is 1."""
    if verified.homography is None:
        return verified
    whole = np.diag([1 / scale, 1 / scale, 1]) @ verified.homography @ np.diag([query_scale, query_scale, 1])
    return ransac.Verified(whole / whole[2, 2], verified.inliers)
