"""What it costs to evaluate rankings, and what other programs take for the same figures.

    python scripts/bench_evaluate.py --quick --json

All rankings hold 100 images and are made from a seed; every time is the best of several turns.
`labels_…_s`: 1,000 queries against 100,000 labelled images; the truth from labels, the rankings held
against it, four metrics with intervals of 10,000 resamples, and all of it (`labels_s`).
`gldv2_…_s`: a submission and a solution of 120,000 queries and 762,000 images (12,000 with --quick), both
read from files; three metrics with intervals, for all queries, public and private ones, and coverage; and
the peak memory of that process. `gldv2_read_vs_limit` is the time to read the submission over that of
splitting its lines into words.
`map_vs_limit` is the time of map@100 over that of the bare cumulative sum of the hits; `intervals_vs_limit`,
for 1,000 queries, and `many_intervals_vs_limit`, for 120,000, that of an interval over that of drawing its
random bits.
`vs_PROGRAM` is the time of another program over ours for the 1,000 queries, above 1 where we are faster,
after their figures were found equal. Both have ids in memory, or both have hits; what it takes to put the
ids into the objects that the program wants is `PROGRAM_prepare_s`, and not in the ratio.
"""

import json
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import bench_evaluate_peers as peers
import numpy as np
from bench_common import in_turns, note, read_options, show
from bench_rankings import Made, make

from evaluate import metrics
from evaluate.arrays import FloatArray
from evaluate.bootstrap import mean_intervals
from evaluate.draws import Block, blocks, shared_out
from evaluate.figures import figures
from evaluate.ground_truth import GroundTruth
from evaluate.image_index import ImageIndex
from evaluate.outcome import Outcome
from evaluate.rankings import Rankings
from evaluate.truth import Truth

RESAMPLES = 10_000
METRICS = ("map@100", "recall@1", "precision@10", "knn-f1")


def from_files(num_queries: int, runs: int) -> dict[str, float]:
    """Seconds and peak memory of a process of its own that evaluates two files, its fastest run."""
    with tempfile.TemporaryDirectory() as folder:
        solution, submission = Path(folder) / "solution.csv", Path(folder) / "submission.csv"
        make(num_queries, 762_000, 100_000, seed=1).write(solution, submission)
        program = Path(__file__).with_name("bench_evaluate_files.py")
        command = [sys.executable, str(program), str(solution), str(submission)]
        told = [
            json.loads(subprocess.run(command, check=True, capture_output=True).stdout) for _ in range(runs)
        ]
    best = min(told, key=lambda one: float(one["total"]))
    found = {f"gldv2_{name}_s": best[name] for name in ("read", "truth", "hold", "report")}
    return found | {
        "gldv2_s": best["total"],
        "gldv2_peak_gib": best["peak_gib"],
        "gldv2_read_vs_limit": best["read"] / best["split"],
    }


def truth_of(made: Made) -> GroundTruth:
    """The truth that the labels make."""
    images = ImageIndex.of(made.image_ids, made.image_labels)
    truth = Truth.from_labels(made.query_ids, made.query_labels, images.rows, images.ids, made.image_labels)
    return GroundTruth(truth, images, True, "the labels", query_labels=tuple(made.query_labels))


def from_labels(made: Made, rankings: Rankings, runs: int) -> dict[str, float]:
    """Seconds of each step where the truth comes from labels."""
    truth = truth_of(made)
    outcome = truth.hold(rankings).outcome
    chosen = [metrics.parse(name) for name in METRICS]
    everyone = {"all": np.ones(outcome.num_queries, dtype=np.bool_)}
    taken = in_turns(
        {
            "labels_truth_s": lambda: truth_of(made),
            # A truth anew: its images number their ids when they are first asked.
            "labels_hold_s": lambda: truth_of(made).hold(rankings),
            "labels_metrics_s": lambda: figures(chosen, outcome, everyone, resamples=RESAMPLES),
        },
        runs,
        min,
    )
    taken["labels_hold_s"] -= taken["labels_truth_s"]
    return taken | {"labels_s": sum(taken.values())}


def limits(outcome: Outcome, runs: int) -> dict[str, float]:
    """Our times over those of the least that has to be done."""
    metric = metrics.parse("map@100")
    values = metric.per_query(outcome)
    many = np.random.default_rng(0).random(120_000)
    # A draw among few takes 32 random bits, a count of many 16.
    works = {
        "map": lambda: metric.per_query(outcome),
        "sums": lambda: np.cumsum(outcome.hits, axis=1),
        "intervals": lambda: mean_intervals(values[None], kind="percentile", rng=0, resamples=RESAMPLES),
        "bits": lambda: random_bits(values.size, RESAMPLES, 32),
        "many intervals": lambda: mean_intervals(
            many[None], kind="percentile", rng=0, resamples=RESAMPLES // 10
        ),
        "many bits": lambda: random_bits(many.size, RESAMPLES // 10, 16),
    }
    taken = in_turns(works, runs, min)
    return {
        "map_ms": 1000 * taken["map"],
        "map_vs_limit": taken["map"] / taken["sums"],
        "intervals_s": taken["intervals"],
        "intervals_vs_limit": taken["intervals"] / taken["bits"],
        "many_intervals_vs_limit": taken["many intervals"] / taken["many bits"],
    }


def random_bits(num_queries: int, resamples: int, bits: int) -> None:
    """Draw the random numbers of an interval on all cores and do nothing with them."""

    def of_block(block: Block) -> None:
        block.stream.bit_generator.random_raw(block.rows * num_queries * bits // 64, False)

    shared_out(of_block, blocks(0, num_queries, resamples))


def against(made: Made, rankings: Rankings, runs: int) -> dict[str, float]:
    """The times of other programs over ours, and the seconds in which they are made ready."""
    # The labels of neighbours, which only votes need, are left out: no other program looks at them.
    truth = replace(truth_of(made), query_labels=None)
    outcome = truth.hold(rankings).outcome
    found: dict[str, float] = {}
    for name, peer in peers.all_of(made).items():
        metric = metrics.parse(f"map@100:{peer.dialect}")
        check_equal(name, peer.run(), float(metric.per_query(outcome).mean()))

        def ours(peer: peers.Peer = peer, metric: metrics.Metric = metric) -> FloatArray:
            return metric.per_query(truth.hold(rankings).outcome if peer.from_ids else outcome)

        taken = in_turns({"theirs": peer.run, "ours": ours}, runs, min)
        found[f"vs_{name}"] = taken["theirs"] / taken["ours"]
        if peer.prepare is not None:
            found[f"{name}_prepare_s"] = in_turns({"prepare": peer.prepare}, 1, min)["prepare"]
    values = metrics.parse("map@100").per_query(outcome)
    interval = peers.scipy_interval(values)
    if interval is not None:
        low, high = mean_intervals(values[None], kind="percentile", rng=0, resamples=RESAMPLES)[0]
        # Other draws: the ends of both are uncertain by some hundredths of the width.
        for ours_at, theirs_at in zip((low, high), interval(), strict=True):
            check_equal("scipy", theirs_at, ours_at, 0.1 * (high - low))
        works = {
            "theirs": interval,
            "ours": lambda: mean_intervals(values[None], kind="percentile", rng=0, resamples=RESAMPLES),
        }
        taken = in_turns(works, runs, min)
        found["vs_scipy_bootstrap"] = taken["theirs"] / taken["ours"]
    return found


def check_equal(name: str, theirs: float, ours: float, tolerance: float = 1e-6) -> None:
    """Leave with an error where two programs do not give the same figure: their times say nothing."""
    if abs(theirs - ours) > tolerance:
        sys.exit(f"{name} gives {theirs}, we give {ours}: not the same figure")


def main() -> None:
    options = read_options(__doc__ or "", photos=False)
    num_queries, file_runs, runs = (12_000, 2, 3) if options.quick else (120_000, 3, 7)
    note(f"two files of {num_queries} queries")
    found: Mapping[str, float] = from_files(num_queries, file_runs)
    made = make(1000, 100_000, 2000, seed=0)
    rankings = Rankings.from_ids(made.query_ids, [made.ranked_ids(query) for query in range(1000)])
    note("1000 queries against 100000 labelled images")
    found |= from_labels(made, rankings, runs)
    found |= limits(truth_of(made).hold(rankings).outcome, runs)
    note("other programs")
    show({**found, **against(made, rankings, runs)}, options.json)


if __name__ == "__main__":
    main()
