"""Writes a truth in any format that holds it, and says what the format cannot carry."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from evaluate.errors import EvaluationError
from evaluate.formats import qrels
from evaluate.formats.solution_writer import write_solution
from evaluate.formats.usages import IGNORED
from evaluate.ground_truth import GroundTruth
from evaluate.words import counted

FORMATS = ("solution", "qrels")


def write(path: Path, known: GroundTruth, to: str) -> list[str]:
    """Write who is asked and what is correct as `to`, one of FORMATS; tell each detail that is lost.

    Raises:
        EvaluationError: the format cannot carry what figures depend on, or the file cannot be written.
    """
    _check(path, known, to)
    notes = [*known.notes]
    if known.truth.easy is not None:
        notes.append("easy and hard images are no longer told apart, and the boxes of queries are left out")
    if known.query_labels is not None:
        notes.append("labels, which votes of neighbours need, are left out")
    if known.is_whole:
        notes.append("images that are correct for no query are left out")
    if to == "solution":
        write_solution(path, _records(known))
        if known.truth.gains is not None:
            notes.append("grades are left out, so every relevant image counts the same")
        return notes
    qrels.write(path, _judgements(known))
    if any(known.truth.usages):
        notes.append("usages are left out")
    if known.passed_over:
        notes.append(
            f"{counted(len(known.passed_over), 'query does', 'queries do')} not count and left the truth; "
            "take such out of rankings"
        )
    return notes


def _check(path: Path, known: GroundTruth, to: str) -> None:
    """Refuse what would give other figures."""
    truth = known.truth
    for query_id, relevant, ignored in zip(truth.query_ids, truth.relevant, truth.ignored, strict=True):
        if truth.closes_up and ignored.size:
            raise EvaluationError(
                f"{path}: {to} cannot carry the junk of the query {query_id!r}, such as "
                f"{known.images.id_of_row[int(ignored[0])]!r}, and figures would change; write revisited-json"
            )
        if not relevant.size:
            raise EvaluationError(
                f"{path}: {to} cannot carry the query {query_id!r} of {known.source}, for which nothing is "
                "correct, and figures would change; keep the format it has"
            )
        own = known.images.row_of_id.get(query_id)
        if own is not None and own in relevant:
            raise EvaluationError(
                f"{path}: {to} cannot carry the query {query_id!r} of {known.source}, for which an answer of "
                "the same name is correct, and figures would change; rename one of the two"
            )


def _records(known: GroundTruth) -> Iterator[tuple[str, Sequence[str], str]]:
    truth = known.truth
    for place, (query_id, usage) in enumerate(zip(truth.query_ids, truth.usages, strict=True)):
        yield query_id, _relevant_ids(known, place), usage
    for query_id in sorted(known.passed_over):
        yield query_id, (), IGNORED


def _judgements(known: GroundTruth) -> Iterator[tuple[str, Sequence[str], Sequence[int]]]:
    gains = known.truth.gains
    for place, query_id in enumerate(known.truth.query_ids):
        image_ids = _relevant_ids(known, place)
        grades = [1] * len(image_ids) if gains is None else [int(gain) for gain in gains[place]]
        yield query_id, image_ids, grades


def _relevant_ids(known: GroundTruth, place: int) -> list[str]:
    return [known.images.id_of_row[row] for row in known.truth.relevant[place].tolist()]
