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


def read_options(description: str) -> argparse.Namespace:
    """Read the options that every benchmark takes: --photos, --quick and --json."""
    parser = argparse.ArgumentParser(
        description=description, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--photos", help="a folder or CSV; else photographs that packages ship")
    parser.add_argument("--quick", action="store_true", help="under a minute")
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
