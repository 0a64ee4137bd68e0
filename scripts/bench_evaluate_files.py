"""Evaluate a submission by its solution and print seconds and peak memory, all of this process, as JSON.

    python scripts/bench_evaluate_files.py solution.csv submission.csv

`bench_evaluate.py` runs it: the peak of a process is told apart from others only in one of its own.
"""

import json
import resource
import sys
import time
from collections.abc import Callable
from typing import TypeVar

from evaluate import metrics
from evaluate.evaluation import report_of
from evaluate.ranking_files import read_rankings
from evaluate.truth_files import read_truth

METRICS = ("map@100", "recall@1", "mrr")
Result = TypeVar("Result")


def main() -> None:
    solution, submission = sys.argv[1:]
    seconds: dict[str, float] = {}

    def timed(name: str, work: Callable[[], Result]) -> Result:
        started = time.perf_counter()
        result = work()
        seconds[name] = time.perf_counter() - started
        return result

    rankings = timed("read", lambda: read_rankings(submission))
    truth = timed("truth", lambda: read_truth(solution, [rankings]))
    held = timed("hold", lambda: truth.hold(rankings))
    report = timed("report", lambda: report_of(held, truth, [metrics.parse(name) for name in METRICS]))
    total = sum(seconds.values())
    peak_gib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    timed("split", lambda: split(submission))
    value = report.metrics["map@100"].value
    print(json.dumps({**seconds, "total": total, "peak_gib": peak_gib, "map@100": value}))


def split(path: str) -> None:
    """Read the lines of a file and split them into ids: the least that any reader in Python does."""
    with open(path) as file:
        for line in file:
            line.split()


if __name__ == "__main__":
    main()
