"""What re-rankers share that compare a query's local features with those of its candidates."""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from extract.features import Features, PackedFeatures
from rerank.protocols import Database, Queries
from rerank.ranking import Ranking


class Shortlist(NamedTuple):
    """Query number `query`, its features, and those of its candidates, which stand where `used` (K,) is."""

    query: int
    used: NDArray[np.bool_]
    features: Features
    candidates: PackedFeatures


def each(kind: str, ranking: Ranking, queries: Queries, database: Database) -> Iterator[Shortlist]:
    """Read the features of `kind` query by query; one without candidates is passed over."""
    for query, used in enumerate(ranking.used):
        if used.any():
            candidates = database.features(kind, ranking.rows[query, used])
            yield Shortlist(query, used, queries.features[kind][query], candidates)
