"""What the benchmarks share: photographs to work on, repeated timing, one way to print."""

import argparse
import json
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path

from extract.photos import Photos


def read_options(description: str, *, photos: bool = True) -> argparse.Namespace:
    """Read the options that every benchmark takes: --photos, where it works on some, --quick and --json."""
    parser = argparse.ArgumentParser(
        description=description, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    if photos:
        parser.add_argument("--photos", help="a folder or CSV; else photographs that packages ship")
    parser.add_argument("--quick", action="store_true", help="about a minute")
    parser.add_argument("--json", action="store_true")
    return parser.parse_args()


def seconds(work: Callable[[], object], runs: int) -> float:
    """Median wall time of `runs` calls, after one that is not counted."""
    work()
    times = []
    for _ in range(runs):
        started = time.perf_counter()
        work()
        times.append(time.perf_counter() - started)
    return statistics.median(times)


def in_turns(
    works: Mapping[str, Callable[[], object]],
    runs: int,
    summary: Callable[[list[float]], float] = statistics.median,
) -> dict[str, float]:
    """Wall time of each of several works, one after the other in rounds, as they are to be compared.

    Of the times of all rounds the median counts, or another `summary`: `min` for what is all arithmetic.
    What else the machine does then falls on all of them; a round that is not counted goes ahead.
    """
    times: dict[str, list[float]] = {name: [] for name in works}
    for _ in range(runs + 1):
        for name, work in works.items():
            started = time.perf_counter()
            work()
            times[name].append(time.perf_counter() - started)
    return {name: summary(taken[1:]) for name, taken in times.items()}


def photos_from(source: str | None, count: int) -> Photos:
    """Take `count` photographs of a folder or CSV, or else views of those that packages ship."""
    if source is None:
        from retrieval import demo

        folder = Path(tempfile.mkdtemp(prefix="bench-"))
        source = str(demo.make(folder).index)
    photos = Photos.read(source)
    step = max(1, len(photos) // count)
    return photos.select(list(range(0, len(photos), step))[:count])


def show(values: Mapping[str, float], as_json: bool) -> None:
    """Print figures, as one JSON object or a line each."""
    rounded = {name: round(value, 4) for name, value in values.items()}
    if as_json:
        print(json.dumps(rounded))
        return
    width = max(len(name) for name in rounded)
    for name, value in rounded.items():
        print(f"{name:<{width}}  {value:g}")


def note(text: str) -> None:
    """Say on stderr what is being measured."""
    print(text, file=sys.stderr, flush=True)
