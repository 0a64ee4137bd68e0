"""What a finished run of an arm leaves: its outcomes and vectors, kept so that it is never run again."""

import io
import json
import zipfile
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from extract.errors import StoreError
from extract.publish import publish

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from evaluate.outcome import Outcome

FILE = "outcome.npz"
_VERSION = 1


@dataclass(frozen=True, eq=False)
class Points:
    """Vectors (N, D) and their N labels, to be drawn."""

    vectors: "NDArray[np.float32]"
    labels: tuple[str, ...]


@dataclass(frozen=True, eq=False)
class Measured:
    """The outcomes of one arm and seed by the name of the measure, and points to draw.

    `random_start` says that the network began at random where the study's did not: nothing follows from its
    figures.
    """

    outcomes: "Mapping[str, Outcome]"
    points: Points
    random_start: bool = False
    seconds: float = 0.0


def write(folder: Path, measured: Measured, digest: str) -> None:
    """Keep `measured` in `folder`, whole or not at all; `digest` is that of what it was made with.

    Of an outcome hits, counts, votes and ids of the queries are kept, which is what the experiments measure.

    Raises:
        StoreError: the disk is full or failing.
    """
    import numpy as np
    from numpy.typing import NDArray

    arrays: dict[str, NDArray[np.generic]] = {"vectors": measured.points.vectors.astype(np.float32)}
    told: dict[str, object] = {}
    for name, outcome in measured.outcomes.items():
        arrays[f"{name}/hits"] = outcome.hits
        arrays[f"{name}/num_relevant"] = outcome.num_relevant
        arrays[f"{name}/num_answers"] = outcome.num_answers
        if outcome.labels is not None:
            arrays[f"{name}/queries"] = outcome.labels.queries
            arrays[f"{name}/neighbours"] = outcome.labels.neighbours
        told[name] = {
            "labels": outcome.labels and list(outcome.labels.names),
            "query_ids": outcome.query_ids and list(outcome.query_ids),
        }
    head = {
        "version": _VERSION,
        "digest": digest,
        "outcomes": told,
        "point_labels": list(measured.points.labels),
        "random_start": measured.random_start,
        "seconds": measured.seconds,
    }
    arrays["head"] = np.frombuffer(json.dumps(head).encode(), np.uint8)
    content = io.BytesIO()
    np.savez_compressed(content, **arrays)  # type: ignore[arg-type]
    publish(folder / FILE, content.getvalue())


def read(folder: Path, digest: str) -> Measured | None:
    """Read what `folder` keeps, None where there is nothing or it was made with other settings.

    Raises:
        StoreError: the file is damaged.
    """
    import numpy as np

    path = folder / FILE
    if not path.is_file():
        return None
    try:
        with np.load(path, allow_pickle=False) as arrays:
            head = json.loads(arrays["head"].tobytes())
            if head["version"] != _VERSION or head["digest"] != digest:
                return None
            return Measured(
                {name: _outcome(arrays, name, told) for name, told in head["outcomes"].items()},
                Points(arrays["vectors"], tuple(head["point_labels"])),
                head["random_start"],
                head["seconds"],
            )
    except (OSError, EOFError, ValueError, KeyError, zipfile.BadZipFile, zlib.error) as error:
        raise StoreError(f"{str(path)!r} is damaged ({error}); delete it and run again") from error


def _outcome(
    arrays: "Mapping[str, NDArray[np.generic]]", name: str, told: Mapping[str, list[str] | None]
) -> "Outcome":
    from evaluate.labels import Labels
    from evaluate.outcome import Outcome

    names, query_ids = told["labels"], told["query_ids"]
    labels = None
    if names is not None:
        labels = Labels(tuple(names), arrays[f"{name}/queries"], arrays[f"{name}/neighbours"])  # type: ignore[arg-type]
    return Outcome(
        arrays[f"{name}/hits"],  # type: ignore[arg-type]
        arrays[f"{name}/num_relevant"],  # type: ignore[arg-type]
        arrays[f"{name}/num_answers"],  # type: ignore[arg-type]
        labels,
        query_ids=query_ids and tuple(query_ids),  # type: ignore[arg-type]
    )
