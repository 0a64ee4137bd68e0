"""Say why a photograph is a hit: its rank before, its scores, and the matches that one plane explains."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from rerank.chain import Chain
from rerank.geometric import Geometric, Geometry, verify
from rerank.protocols import Queries
from rerank.ranking import Ranking

if TYPE_CHECKING:
    from retrieval.engine import Answer, Engine

# What verifies where the chain does not, and the features that it needs.
_VERIFYING = {"sift-geometric": "sift", "learned": "learned"}


@dataclass(frozen=True, eq=False)
class LocalMatches:
    """Matches of a query with a hit, in pixels of both original upright photographs.

    `query_points` and `hit_points` (M, 2) float32; `inliers` (M,) bool is true where `homography` (3, 3),
    from query to hit, explains the match. It is None where fewer matches agree than count as evidence.
    `keypoints` is how many the query has, all matched or not.
    """

    kind: str
    query_points: NDArray[np.float32]
    hit_points: NDArray[np.float32]
    inliers: NDArray[np.bool_]
    homography: NDArray[np.float64] | None
    keypoints: int

    @property
    def share(self) -> float:
        """Share of the query's keypoints that are matched, in [0, 1]."""
        return len(self.inliers) / max(1, self.keypoints)


@dataclass(frozen=True, eq=False)
class Explanation:
    """Why a photograph is a hit.

    `before` is its rank in the global ranking, from 1, or None where it was not among those searched first;
    `after` the rank in the answer. `local` is None where the chain gave no local score, `matches` where
    query or store have no features to match.
    """

    before: int | None
    after: int
    global_score: float | None
    local: float | None
    matches: LocalMatches | None

    @property
    def verified(self) -> bool:
        """Whether enough matches lie on one plane to count as evidence."""
        return self.matches is not None and self.matches.homography is not None

    def sentence(self) -> str:
        """Say it in words, on one line."""
        moved = f"rank {'-' if self.before is None else self.before} -> {self.after}"
        parts = [] if self.global_score is None else [f"global {self.global_score:.2f}"]
        if self.local is not None:
            parts.append(f"local {self.local:.2f}")
        if self.matches is not None and len(self.matches.inliers):
            count = len(self.matches.inliers)
            noun = "match" if count == 1 else "matches"
            parts.append(f"{count} {noun} ({self.matches.share:.0%} of the query's keypoints)")
            parts.append(f"{self.matches.inliers.sum()} on one plane")
        elif self.matches is not None:
            parts.append("no local match")
        if self.before is None:
            parts.append("found through the collection's own neighbours")
        return f"{moved}: {', '.join(parts)}"

    def to_dict(self) -> dict[str, object]:
        """Give the fields that `--json` adds to a hit, as plain values."""
        found = self.matches
        homography = None if found is None or found.homography is None else found.homography.tolist()
        return {
            "rank_before": self.before,
            "matches": None if found is None else len(found.inliers),
            "inliers": None if found is None else int(found.inliers.sum()),
            "homography": homography,
            "matched_share": None if found is None else round(found.share, 4),
            "sentence": self.sentence(),
        }


def geometry(engine: "Engine", chain: Chain) -> Geometry | None:
    """Give how the last step of `chain` that verifies geometry does it, or else how another step would.

    None: the store has no features for any.
    """
    others = [name for name, kind in _VERIFYING.items() if kind in engine.store.recipe.local]
    for steps in (chain.steps[::-1], *(engine.chain(name).steps for name in others)):
        for step in steps:
            if isinstance(step, Geometric):
                return step.geometry
    return None


def kinds(engine: "Engine", chain: Chain) -> frozenset[str]:
    """Name the kinds of local features that queries must bring to be explained."""
    how = geometry(engine, chain)
    return frozenset() if how is None else frozenset({how.kind})


def explain(engine: "Engine", queries: Queries, answer: "Answer", chain: Chain) -> list[list[Explanation]]:
    """Explain every hit of `answer`, a list a query in the order of its ranks.

    Query and hits are matched and verified again. Where the store has no features for it, or `queries` lack
    them, ranks and scores are all there is.
    """
    how = geometry(engine, chain)
    ranking = answer.ranking
    explained = []
    for query, used in enumerate(ranking.used):
        rows = ranking.rows[query, used]
        matches: list[LocalMatches | None] = [None] * len(rows)
        if how is not None and how.kind in queries.features and len(rows):
            matches = _match(engine, queries.one(query), rows, how)
        explained.append(
            [
                Explanation(
                    before=_rank(answer.found, query, int(row)),
                    after=place + 1,
                    global_score=_score(ranking, "global", query, place),
                    local=_score(ranking, "local", query, place),
                    matches=matches[place],
                )
                for place, row in enumerate(rows)
            ]
        )
    return explained


def _match(
    engine: "Engine", query: Queries, rows: NDArray[np.int64], how: Geometry
) -> list[LocalMatches | None]:
    features, candidates = query.features[how.kind][0], engine.features(how.kind, rows)
    pairs = verify(features, query.sizes[0], candidates, engine.sizes(rows), how)
    return [
        LocalMatches(
            kind=how.kind,
            query_points=features.points[found.query, :2],
            hit_points=candidates[place].points[found.candidate, :2],
            inliers=verified.inliers,
            homography=verified.homography if verified.count >= how.min_inliers else None,
            keypoints=len(features),
        )
        for place, (found, verified) in enumerate(pairs)
    ]


def _rank(found: Ranking, query: int, row: int) -> int | None:
    places = np.flatnonzero(found.rows[query] == row)
    return int(places[0]) + 1 if len(places) else None


def _score(ranking: Ranking, name: str, query: int, place: int) -> float | None:
    if name not in ranking.columns:
        return None
    value = float(ranking.columns[name][query, place])
    return None if np.isnan(value) else value
