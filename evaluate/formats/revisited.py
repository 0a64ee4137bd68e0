"""The ground truth of revisited Oxford and Paris, `gnd_roxford5k.pkl` or the same as JSON."""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from evaluate.arrays import FloatArray, IntArray
from evaluate.errors import EvaluationError
from evaluate.formats.json_object import entries
from evaluate.formats.plain_pickle import load
from evaluate.formats.writing import replace_text

# Of protocol 2 and later: any; before, no byte says it is a pickle, but how a dict begins.
_PICKLE = re.compile(rb"\x80|\(dp[0-9]*\r?\n|\}q[\x00\x01]")
_SETS = ("easy", "hard", "junk")


@dataclass(frozen=True, eq=False)
class Revisited:
    """For each of Q queries the `easy`, `hard` and `junk` images, as ascending places in `image_ids`.

    `boxes` (Q, 4) are the part of the query that is asked for, x1, y1, x2, y2 in pixels; NaN where there is
    none. `source` is the file.
    """

    image_ids: tuple[str, ...]
    query_ids: tuple[str, ...]
    easy: tuple[IntArray, ...]
    hard: tuple[IntArray, ...]
    junk: tuple[IntArray, ...]
    boxes: FloatArray
    source: str


def is_pickle(start: bytes) -> bool:
    """Tell from its first bytes whether a file is the pickle of a dict, of any protocol."""
    return _PICKLE.match(start) is not None


def read(path: Path) -> Revisited:
    """Read a pickle (by `plain_pickle`, so from anywhere) or JSON; what it is shows in the first byte.

    Both hold imlist, qimlist and gnd, which has easy, hard, junk and perhaps bbx for each query.
    Source: Radenović et al., CVPR 2018.

    Raises:
        EvaluationError: the file is unfit, a part is missing or of the wrong kind, an id is there twice, a
            place is not in imlist, or an image is there twice for a query; the query is named.
    """
    content = _content(path)
    for name in ("imlist", "qimlist", "gnd"):
        if name not in content:
            found = ", ".join(map(str, content))[:80] or "nothing"
            raise EvaluationError(
                f"{path} has no {name!r} (found: {found}); "
                "revisited Oxford and Paris have imlist, qimlist and gnd"
            )
    image_ids = _ids(path, "imlist", content["imlist"])
    query_ids = _ids(path, "qimlist", content["qimlist"])
    queries = _sequence(content["gnd"])
    if queries is None or len(queries) != len(query_ids):
        raise EvaluationError(
            f"{path}: gnd must be a list with an entry for each of the {len(query_ids)} queries of qimlist, "
            f"got {_shown(queries)}"
        )
    places: dict[str, list[IntArray]] = {name: [] for name in _SETS}
    boxes = np.full((len(query_ids), 4), np.nan)
    for row, (query_id, query) in enumerate(zip(query_ids, queries, strict=True)):
        where = f"{path}: the query {query_id!r}"
        if not isinstance(query, Mapping):
            raise EvaluationError(f"{where} must have an object or dict in gnd, got {_shown(query)}")
        for name in _SETS:
            if name not in query:
                raise EvaluationError(f"{where} has no {name!r} in gnd; it needs {', '.join(_SETS)}")
            places[name].append(_places(f"{where}, {name}", query[name], len(image_ids)))
        _refuse_overlap(where, image_ids, [places[name][-1] for name in _SETS])
        if query.get("bbx") is not None:
            boxes[row] = _box(where, query["bbx"])
    easy, hard, junk = (tuple(places[name]) for name in _SETS)
    return Revisited(image_ids, query_ids, easy, hard, junk, boxes, str(path))


def write(path: Path, truth: Revisited) -> None:
    """Write JSON with imlist, qimlist and gnd, as `read` takes it; a query without a box has no bbx.

    Raises:
        EvaluationError: the file cannot be written.
    """
    gnd: list[dict[str, list[int] | list[float]]] = []
    for easy, hard, junk, box in zip(truth.easy, truth.hard, truth.junk, truth.boxes, strict=True):
        gnd.append({"easy": easy.tolist(), "hard": hard.tolist(), "junk": junk.tolist()})
        if not np.isnan(box).any():
            gnd[-1]["bbx"] = box.tolist()
    content = {"imlist": truth.image_ids, "qimlist": truth.query_ids, "gnd": gnd}
    replace_text(path, json.dumps(content, ensure_ascii=False) + "\n")


def _content(path: Path) -> Mapping[object, object]:
    try:
        with path.open("rb") as file:
            start = file.read(16)
    except OSError:
        start = b""  # the reader of JSON says what is wrong
    if not is_pickle(start):
        return {name: value for _, name, value in entries(path)}
    content = load(path)
    if not isinstance(content, Mapping):
        raise EvaluationError(f"{path} must hold a dict of imlist, qimlist and gnd, got {_shown(content)}")
    return content


def _sequence(value: object) -> Sequence[object] | None:
    """Take a list, a tuple or an array as a list of Python's own values; None for anything else."""
    if isinstance(value, np.ndarray):
        return list(value.tolist()) if value.ndim == 1 else None
    return value if isinstance(value, list | tuple) else None


def _shown(value: object) -> str:
    return f"{len(value)} entries" if isinstance(value, list | tuple) else type(value).__name__


def _ids(path: Path, name: str, value: object) -> tuple[str, ...]:
    listed = _sequence(value)
    if not listed:
        raise EvaluationError(f"{path}: {name} must be a list of ids that is not empty, got {_shown(value)}")
    place_of: dict[str, int] = {}
    for place, identifier in enumerate(listed):
        if not isinstance(identifier, str) or not identifier:
            raise EvaluationError(
                f"{path}: {name}[{place}] must be an id, a text that is not empty, got {_shown(identifier)}"
            )
        if place_of.setdefault(identifier, place) != place:
            raise EvaluationError(
                f"{path}: {name} has the id {identifier!r} twice ({place_of[identifier]} and {place}); "
                "keep one of the two"
            )
    return tuple(place_of)


def _places(where: str, value: object, num_images: int) -> IntArray:
    listed = _sequence(value)
    if listed is None:
        raise EvaluationError(f"{where} must be a list of places in imlist, got {_shown(value)}")
    for place in listed:
        if not isinstance(place, int) or isinstance(place, bool) or not 0 <= place < num_images:
            given = place if isinstance(place, int | float) else type(place).__name__
            raise EvaluationError(
                f"{where} has {given!s:.40}, which is not a place in imlist (0 to {num_images - 1})"
            )
    return np.array(sorted(place for place in listed if isinstance(place, int)), dtype=np.int64)


def _refuse_overlap(where: str, image_ids: tuple[str, ...], sets: list[IntArray]) -> None:
    joined = np.sort(np.concatenate(sets))
    twice = joined[1:][joined[1:] == joined[:-1]]
    if twice.size:
        raise EvaluationError(
            f"{where} has the image {image_ids[twice[0]]!r} (place {twice[0]}) twice in easy, hard and junk "
            "together; keep one of the two"
        )


def _box(where: str, value: object) -> list[float]:
    listed = _sequence(value) or ()
    corners = [float(side) for side in listed if isinstance(side, int | float) and abs(side) < 1e9]
    if len(listed) != 4 or len(corners) != 4:
        raise EvaluationError(f"{where} must have four numbers as bbx (x1, y1, x2, y2)")
    return corners
