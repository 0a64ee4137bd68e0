"""How close search comes to the machine's limits, and what re-ranking costs beside the thesis's way.

    python scripts/bench_query.py --photos index.csv --quick --json

`search_vs_limit`: exact search of 100,000 x 512 float32; one query over the time that reading the vectors
once takes (`search_one_vs_bandwidth`), a batch of 100 over the bare matrix product
(`search_batch_vs_matmul`); the key itself is the smaller share.
`rerank_ms`: sift-geometric on 100 candidates, descriptors read from the store; `sift_ratio_vs_matmul`: time
of the ratio test over that of the bare matrix products of the same descriptors.
`vs_thesis`: the local work of one query (its own decoding and SIFT, reading the candidates, ratio test)
against the thesis's way: both pictures decoded, SIFT on both and FLANN, again for each pair.
`vs_thesis_query_once` spares the thesis's way the query's SIFT of all pairs but the first;
`vs_thesis_rerank_stage` leaves the query's one SIFT out of ours, as work done when it was described.
"""

import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import cv2
import numpy as np
from bench_common import note, photos_from, read_options, seconds, show
from bench_peers import ratio_vs_matmul
from threadpoolctl import ThreadpoolController

from extract import describe, images, recipe, run
from extract.local_descriptors import sift as sift_plugin
from extract.photos import Photos
from retrieval.engine import Engine
from retrieval.indexes import flat

CANDIDATES = 100


def search_shares(runs: int) -> dict[str, float]:
    """Exact search beside the memory's bandwidth and the matrix product."""
    rng = np.random.default_rng(0)
    vectors = rng.standard_normal((100_000, 512), dtype=np.float32)
    queries = rng.standard_normal((100, 512), dtype=np.float32)
    index = flat.build(flat.Config(), 512)
    index.add(np.arange(len(vectors)), vectors)
    halves = np.array_split(vectors, describe.num_cores())
    with ThreadPoolExecutor(len(halves)) as pool, ThreadpoolController().limit(limits=1, user_api="blas"):
        # Each core streams its part of the vectors once, with a dot product as the cheapest use of them.
        reading = seconds(lambda: list(pool.map(lambda part: part @ queries[0], halves)), runs)
    product = seconds(lambda: queries @ vectors.T, runs)
    one = seconds(lambda: index.search(queries[:1], 100), runs)
    batch = seconds(lambda: index.search(queries, 100), runs)
    return {
        "search_vs_limit": min(reading / one, product / batch),
        "search_one_vs_bandwidth": reading / one,
        "search_batch_vs_matmul": product / batch,
        "search_one_ms": 1000 * one,
        "search_batch_ms": 1000 * batch,
        "bandwidth_gb_per_second": vectors.nbytes / reading / 1e9,
    }


def thesis_seconds(engine: Engine, path: str, rows: np.ndarray, *, query_once: bool) -> float:
    """SIFT of both pictures of every pair, FLANN, ratio test: as the notebooks did."""
    config = engine.recipe.local["sift"]
    sift = cv2.SIFT_create(nfeatures=config.max_keypoints)
    flann = cv2.FlannBasedMatcher({"algorithm": 1, "trees": 5}, {"checks": 50})

    def describe_again(file: str) -> np.ndarray | None:
        pixels = images.read_photo(file, images.Config(max_side_px=config.max_side_px)).pixels
        return sift.detectAndCompute(cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY), None)[1]

    cv2.setNumThreads(describe.num_cores())
    started = time.perf_counter()
    query = describe_again(path)
    for row in rows:
        query = query if query_once else describe_again(path)
        candidate = describe_again(engine.store.records.paths[row].decode())
        if query is None or candidate is None or len(candidate) < 2:
            continue
        pairs = flann.knnMatch(query, candidate, k=2)
        sum(1 for nearest, second in pairs if nearest.distance < 0.7 * second.distance)
    return time.perf_counter() - started


def query_sift_seconds(engine: Engine, path: str, runs: int) -> float:
    """Decoding and SIFT of the query photograph, as a query does it."""
    extractor = sift_plugin.build(engine.recipe.local["sift"])
    return seconds(lambda: extractor.extract(images.read_photo(path, engine.recipe.photos)), runs)


def query_figures(photos: Photos, queries: int, runs: int) -> dict[str, float]:
    """Stages of a query on a real store, and the thesis's way beside them."""
    with tempfile.TemporaryDirectory() as folder:
        store = Path(folder) / "bench.store"
        run.run(photos, recipe.with_local(recipe.load("default"), ["sift"]), store)
        engine = Engine.open(store)
        chains = {name: engine.chain(name, top=CANDIDATES) for name in ("sift-ratio", "sift-geometric")}
        stages: dict[str, list[float]] = {}
        for path in photos.paths[:queries]:
            one = Photos.from_files([path])
            engine.describe(one, chains["sift-ratio"])
            started = time.perf_counter()
            described = engine.describe(one, chains["sift-ratio"])
            described_s = time.perf_counter() - started
            for name, chain in chains.items():
                answer = [engine.search(described.queries, CANDIDATES, chain) for _ in range(runs + 1)][1:]
                stages.setdefault(name, []).append(np.median([one.seconds["rerank"] for one in answer]))
                stages.setdefault("search", []).append(np.median([one.seconds["search"] for one in answer]))
            rows = engine.index.search(described.queries.vectors, CANDIDATES).rows[0]
            rows = rows[rows >= 0]
            candidates = engine.features("sift", rows)
            query = described.queries.features["sift"][0].descriptors
            local = query_sift_seconds(engine, path, runs) + stages["sift-ratio"][-1]
            for name, value in {
                "describe": described_s,
                "ratio_share": ratio_vs_matmul(query, candidates, runs),
                "thesis": thesis_seconds(engine, path, rows, query_once=False) / local,
                "thesis_once": thesis_seconds(engine, path, rows, query_once=True) / local,
                "local": local,
                "stage_share": local / stages["sift-ratio"][-1],
            }.items():
                stages.setdefault(name, []).append(value)
    middle = {name: float(np.median(values)) for name, values in stages.items()}
    return {
        "rerank_ms": 1000 * middle["sift-geometric"],
        "sift_ratio_ms": 1000 * middle["sift-ratio"],
        "sift_ratio_vs_matmul": middle["ratio_share"],
        "describe_ms": 1000 * middle["describe"],
        "search_ms": 1000 * middle["search"],
        "local_ms": 1000 * middle["local"],
        "vs_thesis": middle["thesis"],
        "vs_thesis_query_once": middle["thesis_once"],
        "vs_thesis_rerank_stage": middle["thesis"] * middle["stage_share"],
        "candidates": float(min(CANDIDATES, len(photos))),
    }


def main() -> None:
    options = read_options(__doc__ or "")
    note("search of 100,000 x 512")
    figures = search_shares(runs=5 if options.quick else 15)
    count, queries, runs = (100, 1, 3) if options.quick else (400, 10, 5)
    note(f"queries on {count} photos")
    figures |= query_figures(photos_from(options.photos, count), queries, runs)
    show(figures, options.json)


if __name__ == "__main__":
    main()
