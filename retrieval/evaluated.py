"""One evaluation with all that a report says of it, whether a store answered or a file of rankings."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path

from evaluate import dialects, metrics
from evaluate.errors import EvaluationError
from evaluate.ground_truth import GroundTruth, Held
from evaluate.metric import Metric
from evaluate.report import Report, Sampling

_HASHED_CHARS = 12
# What systems are measured by where nothing says otherwise.
DEFAULT_METRIC = "map@100"


@dataclass(frozen=True)
class Wanted:
    """What is to be computed: metrics by name, map@K in other dialects, and columns to group queries by.

    Of revisited Oxford and Paris: `whole_queries` asks with whole photographs in place of their boxes,
    `paper_mode` takes junk out of a ranking before it is re-ranked.
    """

    metric_names: tuple[str, ...] = ()
    dialect: str | None = None
    all_dialects: bool = False
    columns: tuple[str, ...] = ()
    sampling: Sampling = field(default_factory=Sampling)
    whole_queries: bool = False
    paper_mode: bool = False

    def metrics(self, default: Sequence[str] = (DEFAULT_METRIC,)) -> tuple[Metric, ...]:
        """Make the metrics, those of `default` where none is named.

        Raises:
            EvaluationError: a metric or dialect is unknown, or there is no map@K to compute in it.
        """
        names = list(dict.fromkeys(self.metric_names or default))
        maps = [name for name in names if name.startswith("map@") and name[4:].isdecimal()]
        if self.dialect is not None or self.all_dialects:
            if self.metric_names and not maps:
                raise _no_dialects(names)
            if not maps:
                names, maps = [DEFAULT_METRIC], [DEFAULT_METRIC]
        if self.dialect is not None:
            names = [f"{name}:{self.dialect}" if name in maps else name for name in names]
        if self.all_dialects:
            # The first dialect is the plain name.
            names += [*maps, *(f"{name}:{other}" for name in maps for other in dialects.names()[1:])]
        return tuple(metrics.parse(name) for name in dict.fromkeys(names))


@dataclass(frozen=True)
class Evaluated:
    """A report, what it rests on, and what produced it.

    `details` go into JSON as they are, `facts` to the end of a page. `query_files` and `image_files` tell
    where photographs are, by id, as far as that is known.
    """

    report: Report
    known: GroundTruth
    held: Held
    metrics: tuple[Metric, ...]
    title: str
    details: Mapping[str, object]
    facts: Mapping[str, str | int | float]
    query_files: Mapping[str, str]
    image_files: Mapping[str, str]


def dialect_lines() -> list[str]:
    """Say of each dialect how it divides, and who computes it so."""
    return [f"{one.name}: {one.description} ({'; '.join(one.used_by)})" for one in dialects.DIALECTS]


def file_facts(files: Mapping[str, str]) -> dict[str, str]:
    """Name files with the start of their SHA-256; a folder has its name alone."""
    return {
        name: f"{file} (sha256 {_digest(file)})" if Path(file).is_file() else file
        for name, file in files.items()
    }


def versions(*others: str) -> dict[str, str]:
    """Give the versions that figures may depend on: our own, numpy's and those of `others`."""
    return {name: version(name) for name in ("landmark-retrieval", "numpy", *others)}


def _no_dialects(names: Sequence[str]) -> EvaluationError:
    """Say why none of these metrics can be computed in another dialect."""
    named = [name for name in names if name.startswith("map@") and ":" in name]
    if named:
        return EvaluationError(
            f"{named[0]} names its dialect already; leave --dialect and --all-dialects away, "
            f"or give --metric {named[0].partition(':')[0]}"
        )
    return EvaluationError(
        f"only map@K has dialects, and {', '.join(names)} has none; add --metric {DEFAULT_METRIC}"
    )


def _digest(file: str) -> str:
    with open(file, "rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()[:_HASHED_CHARS]
