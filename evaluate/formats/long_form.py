"""Rankings as a long table, CSV `query,id,rank[,score]`: a record for each ranked image."""

import re
from array import array
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import numpy.typing as npt

from evaluate.arrays import FloatArray
from evaluate.errors import EvaluationError
from evaluate.formats.grouping import Rows
from evaluate.formats.reading import number
from evaluate.tables import read_table

# Nine digits: no ranking is longer, and the number fits 32 bits.
_RANK = re.compile(r"0*[1-9][0-9]{0,8}", re.ASCII)


def records(path: Path) -> Iterator[tuple[int, str, tuple[str, ...], tuple[float, ...] | None]]:
    """Yield (line of its first record, query id, ranked image ids best first, scores or None).

    Records may stand in any order; queries come as they first appear. The rank decides, not the score.
    The ranks of a query must be 1 to n, since a gap means that records were lost. Scores are None where
    there is no column, or nothing in it. The whole file is read before the first ranking comes.

    Raises:
        EvaluationError: the file is unfit, an id is empty, a rank is no positive integer, is there twice
            or is missing, a score is NaN, no number, or missing where others are there.
    """
    rows, ranks, scores = Rows(), array("i"), array("d")
    rank_of: dict[str, int] = {}  # few texts are ranks, and looking one up is the fastest way to read it
    scored: bool | None = None
    for line, (query_id, image_id, rank, score) in read_table(path, ("query", "id", "rank"), ("score",)):
        if not query_id:
            raise EvaluationError(f"{path}, line {line}: the query id is empty; every record needs one")
        if not image_id:
            raise EvaluationError(
                f"{path}, line {line}: the image id is empty (query {query_id!r}); every record needs one"
            )
        if rank not in rank_of and _RANK.fullmatch(rank.strip()):
            rank_of[rank] = int(rank)
        if rank not in rank_of:
            raise EvaluationError(
                f"{path}, line {line}: the rank of the image {image_id!r} (query {query_id!r}) must be a "
                f"positive integer, got {rank!r}"
            )
        if scored is None:
            scored = score != ""
        elif scored != (score != ""):
            raise EvaluationError(
                f"{path}, line {line}: the image {image_id!r} (query {query_id!r}) is the first "
                f"{'with' if score else 'without'} a score; give a score to all images or to none"
            )
        if score:
            value = number(score)
            if value != value:
                raise EvaluationError(
                    f"{path}, line {line}: the score of the image {image_id!r} (query {query_id!r}) must be "
                    f"a number, got {score!r}"
                )
            scores.append(value)
        rows.add(line, query_id, image_id)
        ranks.append(rank_of[rank])
    if not rows:
        raise EvaluationError(f"{path} holds no ranking; it must have a record for each ranked image")
    yield from _rankings(path, rows, np.frombuffer(ranks, np.intc), np.frombuffer(scores) if scores else None)


def _rankings(
    path: Path, rows: Rows, ranks: npt.NDArray[np.intc], scores: FloatArray | None
) -> Iterator[tuple[int, str, tuple[str, ...], tuple[float, ...] | None]]:
    for query_id, places, image_ids in rows.by_query():
        order = np.argsort(ranks[places], kind="stable")
        ordered = places[order]
        _check_ranks(path, query_id, rows, ranks[ordered].tolist(), ordered.tolist())
        yield (
            rows.line(places[0]),
            query_id,
            tuple(image_ids[place] for place in order.tolist()),
            None if scores is None else tuple(scores[ordered].tolist()),
        )


def _check_ranks(path: Path, query_id: str, rows: Rows, ranks: list[int], places: list[int]) -> None:
    if ranks == list(range(1, len(ranks) + 1)):
        return
    wrong = next(place for place, rank in enumerate(ranks) if rank != place + 1)
    line = rows.line(places[wrong])
    if wrong and ranks[wrong] == ranks[wrong - 1]:
        raise EvaluationError(
            f"{path}, line {line}: the query {query_id!r} has the rank {ranks[wrong]} a second time, first "
            f"on line {rows.line(places[wrong - 1])}; its ranks must be 1 to {len(ranks)}, each once"
        )
    raise EvaluationError(
        f"{path}, line {line}: the query {query_id!r} has the rank {ranks[wrong]} but no rank {wrong + 1}; "
        "its ranks must be 1, 2, 3 and so on, so look for lost records"
    )
