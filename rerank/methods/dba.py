"""dba: search vectors that were averaged with their neighbours' (database-side augmentation)."""

from dataclasses import dataclass

from rerank.calibration import Calibration
from rerank.fusion import Fusion
from rerank.protocols import Database, Queries, SpaceName
from rerank.ranking import Ranking
from rerank.searching import best, projected, ranked
from rerank.space import Expansion


@dataclass(frozen=True)
class Config:
    """Space, expansion (see `rerank.space.Expansion`), and fusion with the global score.

    The defaults are the field's usual ones: 10 neighbours, weights cosine ** 3, in the space of the global
    vectors; `neighbourhood` is the same with what did best here.
    """

    space: SpaceName = "global"
    k: int = 10
    alpha: float = 3.0
    background: int = 0
    own: float = 1.0
    v: float = 0.0
    calibration: Calibration = "none"
    curve: tuple[float, ...] = ()

    def __post_init__(self) -> None:
        self.expansion()
        Fusion(self.v, self.calibration, self.curve)

    def expansion(self) -> Expansion:
        """Give the settings of the averages."""
        return Expansion(self.k, self.alpha, self.background, self.own)


def build(config: Config) -> "DatabaseAugmentation":
    """Give the re-ranker."""
    return DatabaseAugmentation(
        config.space, config.expansion(), Fusion(config.v, config.calibration, config.curve)
    )


class DatabaseAugmentation:
    """Replaces the ranking by that of a second exact search; `local` holds the cosine with the averages.

    Costs one product of the averaged vectors (N, d) with the query; their memory is 4 x N x d bytes.
    Source: Turcot and Lowe, ICCV workshop 2009; weights as in Radenović et al., TPAMI 2018.
    """

    needs: frozenset[str] = frozenset()

    def __init__(self, space: SpaceName, expansion: Expansion, fusion: Fusion) -> None:
        self._space = space
        self._expansion = expansion
        self._fusion = fusion

    def rerank(self, ranking: Ranking, queries: Queries, database: Database) -> Ranking:
        """Rank as many photographs as `ranking` has places, of all that there are."""
        space = database.space(self._space)
        vectors = space.expanded(self._expansion)
        rows, scores = best(space, vectors, projected(space, queries), ranking.rows.shape[1])
        return ranked(ranking, rows, scores, queries, database, self._fusion)
