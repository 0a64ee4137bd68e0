"""Read the rankings of any system from whatever kind of file they come in."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path

from evaluate.errors import EvaluationError
from evaluate.formats import detect, json_rankings, long_form, pairs, recognition, submission, trec
from evaluate.formats.reading import word_lines
from evaluate.rankings import Rankings
from evaluate.tables import read_table

Records = Iterator[tuple[int, str, Sequence[str], Sequence[float] | None]]


def read_rankings(path: str | Path) -> Rankings:
    """Read rankings: CSV `id,images`, `query,id,rank[,score]` or `id,landmarks`, a TREC run, pairs or JSON.

    What kind it is shows in the content. A prediction of GLDv2 recognition is a ranking of one landmark
    with its confidence for a score.

    Raises:
        EvaluationError: the file is unfit; file, line and id are named.
    """
    file = Path(path)
    kind = detect.ranking_format(file)
    read = _READERS[kind]
    rankings = Rankings.collect(
        ((query_id, image_ids, scores) for _, query_id, image_ids, scores in read(file)),
        str(path),
        partial(_line, file, kind),
    )
    if not rankings.query_ids:
        raise EvaluationError(f"{path} holds no ranking; it must have a record for each query")
    return rankings


def _predictions(path: Path) -> Records:
    for line, query_id, label, confidence in recognition.predictions(path):
        yield line, query_id, () if label is None else (label,), () if label is None else (confidence,)


_READERS: Mapping[str, Callable[[Path], Records]] = {
    "submission": submission.records,
    "long": long_form.records,
    "recognition": _predictions,
    "trec-run": trec.records,
    "pairs": pairs.records,
    "json": json_rankings.records,
}

# Of forms with a line for each image: line, query id and image id.
_PAIRS: Mapping[str, Callable[[Path], Iterator[tuple[int, str, str]]]] = {
    "long": lambda path: ((line, ids[0], ids[1]) for line, ids in read_table(path, ("query", "id"))),
    "trec-run": lambda path: ((line, words[0], words[2]) for line, words in word_lines(path, 6, "")),
    "pairs": lambda path: ((line, words[0], words[1]) for line, words in word_lines(path, 2, "")),
}


def _line(path: Path, kind: str, query_id: str, image_id: str | None) -> int | None:
    """Find the line of a query, or of one of its images where each has its own, by reading again."""
    if image_id is not None and kind in _PAIRS:
        found = (line for line, *ids in _PAIRS[kind](path) if ids == [query_id, image_id])
    else:
        found = (line for line, name, _, _ in _READERS[kind](path) if name == query_id)
    return next(found, None)
