"""What re-ranking 100 candidates costs, method by method, and what a user would pay who wrote it himself.

    python scripts/bench_rerank.py --photos index.csv --quick --json

Each `NAME_ms` is the whole step for one query: candidates' descriptors read from the store, compared, fused
and ordered (`NAME_read_ms` is the reading alone, `read_ms` that of SIFT); queries are photographs of the set
and left out of their own ranking. `sift_ratio_vs_matmul`: time of the ratio test over that of the bare matrix
products, so 1 is the least; all other `…_vs_…` are above 1 where we are faster. The other side has its
features in memory already and reads nothing:
`vs_opencv_loop` (also `sift_geometric_vs_opencv_flann`): knnMatch, ratio test, MAGSAC against sift-geometric;
`sift_ratio_vs_kornia_snn`, `…_smnn`, `…_sklearn`: nearest neighbours and a ratio test against sift-ratio;
`vlad_vs_sklearn`: cosine_similarity once for all, `vlad_vs_sklearn_loop` once a candidate, against vlad;
`patch_maxsim_vs_sklearn`, `…_einsum`: a product a candidate against patch-maxsim.
`same_matches`: share of candidates for which OpenCV's loop counts as many matches as sift-geometric.
"""

import tempfile
from collections.abc import Callable
from pathlib import Path

import bench_peers as peers
import cv2
import numpy as np
import torch
from bench_common import note, photos_from, read_options, seconds, show

from extract import describe, recipe
from extract.features import PackedFeatures
from extract.photos import Photos
from rerank.methods import sift_geometric, sift_ratio
from rerank.protocols import Queries
from retrieval import build
from retrieval.engine import Engine

CANDIDATES = 100
KINDS = ("sift", "vlad", "patch", "asmk")
# What is printed for each chain.
CHAINS = {
    "sift_ratio": "sift-ratio",
    "sift_geometric": "sift-geometric",
    "vlad": "vlad",
    "patch_maxsim": "patch-maxsim",
    "asmk": "asmk",
    "alpha_qe": "aqe",
    "dba": "dba",
    "neighbourhood": "neighbourhood",
    "k_reciprocal": "k-reciprocal",
    "superglobal": "superglobal",
    "diffusion": "diffusion",
    "best": "best",
}
# Against which of ours each loop stands, by the name of its figure.
AGAINST = {
    "vs_opencv_loop": "sift_geometric",
    "sift_geometric_vs_opencv_flann": "sift_geometric",
    "sift_ratio_vs_kornia_snn": "sift_ratio",
    "sift_ratio_vs_kornia_smnn": "sift_ratio",
    "sift_ratio_vs_sklearn": "sift_ratio",
    "vlad_vs_sklearn": "vlad",
    "vlad_vs_sklearn_loop": "vlad",
    "patch_maxsim_vs_sklearn": "patch_maxsim",
    "patch_maxsim_vs_einsum": "patch_maxsim",
}
Work = Callable[[], object]


def query_figures(engine: Engine, row: int, runs: int) -> dict[str, float]:
    """Every figure for the photograph at `row` as the query."""
    own = np.array([row])
    features = {kind: engine.features(kind, own) for kind in KINDS}
    queries = Queries(engine.vectors(own), engine.sizes(own), features)

    def step(text: str) -> float:
        chain = engine.chain(text, top=CANDIDATES)
        found = [engine.search(queries, CANDIDATES, chain, exclude=own) for _ in range(runs + 1)]
        return float(np.median([answer.seconds["rerank"] for answer in found[1:]]))

    ours = {name: step(text) for name, text in CHAINS.items()}
    ranked = engine.search(queries, CANDIDATES, engine.chain("sift-geometric", top=CANDIDATES), exclude=own)
    rows = ranked.found.rows[0][ranked.found.rows[0] >= 0]
    figures = {f"{name}_ms": 1000 * taken for name, taken in ours.items()}
    for kind in KINDS:
        name = "read_ms" if kind == "sift" else f"{kind}_read_ms"
        figures[name] = 1000 * seconds(lambda kind=kind: engine.features(kind, rows), runs)
    candidates = {kind: engine.features(kind, rows) for kind in KINDS}
    figures["sift_ratio_vs_matmul"] = peers.ratio_vs_matmul(
        features["sift"][0].descriptors, candidates["sift"], runs
    )
    theirs = peers.best_seconds(loops(features, candidates), max(1, runs // 2))
    figures |= {"opencv_bf_ms": 1000 * theirs["vs_opencv_loop"]}
    figures |= {"opencv_flann_ms": 1000 * theirs["sift_geometric_vs_opencv_flann"]}
    figures |= {name: taken / ours[AGAINST[name]] for name, taken in theirs.items()}
    counted = dict(zip(ranked.ranking.rows[0], ranked.ranking.columns["matches"][0], strict=True))
    same = [
        counted[row] == matches
        for row, matches in zip(rows, opencv_matches(features["sift"], candidates["sift"]), strict=True)
    ]
    return figures | {"same_matches": float(np.mean(same)), "candidates": float(len(rows))}


def loops(features: dict[str, PackedFeatures], candidates: dict[str, PackedFeatures]) -> dict[str, Work]:
    """The loops over candidates that a user would write, ready to run."""
    held = {kind: peers.in_memory(packed) for kind, packed in candidates.items()}
    query = {kind: peers.in_memory(packed)[0] for kind, packed in features.items()}
    values = {kind: [one.descriptors for one in many] for kind, many in held.items()}
    geometric, ratio = sift_geometric.Config(), sift_ratio.Config().ratio
    vlads = np.concatenate(values["vlad"])
    mine = {kind: one.descriptors for kind, one in query.items()}
    found: dict[str, Work] = {
        "vs_opencv_loop": lambda: peers.opencv_loop(peers.bf(), query["sift"], held["sift"], geometric),
        "sift_geometric_vs_opencv_flann": lambda: peers.opencv_loop(
            peers.flann(), query["sift"], held["sift"], geometric
        ),
        "sift_ratio_vs_sklearn": lambda: peers.sklearn_neighbours(mine["sift"], values["sift"], ratio),
        "vlad_vs_sklearn": lambda: peers.sklearn_cosines(mine["vlad"], vlads),
        "vlad_vs_sklearn_loop": lambda: peers.sklearn_maxsim(mine["vlad"], values["vlad"]),
        "patch_maxsim_vs_sklearn": lambda: peers.sklearn_maxsim(mine["patch"], values["patch"]),
        "patch_maxsim_vs_einsum": lambda: peers.einsum_maxsim(mine["patch"], values["patch"]),
    }
    try:
        from kornia.feature import match_smnn, match_snn
    except ImportError:
        note("kornia is not installed: without it")
        return found
    tensors = [torch.from_numpy(one) for one in values["sift"]]
    for name, match in (("snn", match_snn), ("smnn", match_smnn)):
        found[f"sift_ratio_vs_kornia_{name}"] = lambda match=match: peers.kornia_loop(
            match, torch.from_numpy(mine["sift"]), tensors, ratio
        )
    return found


def opencv_matches(query: PackedFeatures, candidates: PackedFeatures) -> list[int]:
    """Matches that OpenCV's exact loop counts for each candidate."""
    config = sift_geometric.Config()
    held = peers.in_memory(candidates)
    return [matches for matches, _ in peers.opencv_loop(peers.bf(), peers.in_memory(query)[0], held, config)]


def figures_of(photos: Photos, queries: int, runs: int) -> dict[str, float]:
    """Medians over `queries` photographs of a store of all."""
    with tempfile.TemporaryDirectory() as folder:
        store = Path(folder) / "bench.store"
        build.build(photos, recipe.with_local(recipe.load("default"), KINDS), store)
        # Indexing keeps it to one thread; the loops are to have all cores.
        cv2.setNumThreads(describe.num_cores())
        engine = Engine.open(store)
        rows = engine.index.rows[:: max(1, len(engine.index) // queries)][:queries]
        note(f"{len(rows)} queries, {min(CANDIDATES, len(engine.index) - 1)} candidates each")
        each = [query_figures(engine, int(row), runs) for row in rows]
    return {name: float(np.median([one[name] for one in each])) for name in each[0]}


def main() -> None:
    options = read_options(__doc__ or "")
    count, queries, runs = (120, 2, 3) if options.quick else (400, 10, 5)
    photos = photos_from(options.photos, count)
    note(f"indexing {len(photos)} photos with {', '.join(KINDS)}")
    show(figures_of(photos, queries, runs), options.json)


if __name__ == "__main__":
    main()
