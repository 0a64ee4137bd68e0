"""A store with a damaged segment answers from the rest, says so, and never gives other numbers."""

import json
import shutil

import numpy as np
import pytest

from extract import run
from extract.block import LOST
from extract.errors import StoreError
from extract.photos import Photos
from rerank.protocols import Queries
from retrieval import Engine

CHAIN, EVERY = "sift-ratio,sift-geometric", 1000
SEGMENT = "000001.h5"


@pytest.fixture(scope="module")
def whole(places, small_recipe, tmp_path_factory):
    """A store of several segments."""
    path = tmp_path_factory.mktemp("damaged") / "whole.store"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(run, "MIN_BLOCK", 32)
        run.run(Photos.read(places.index), small_recipe, path)
    return path


@pytest.fixture(scope="module")
def described(whole, places):
    engine = Engine.open(whole)
    photos = Photos.read(places.queries).select(range(0, 60, 5))
    return engine.describe(photos, engine.chain(CHAIN)).queries


def answer_of(engine, described):
    """Rank every photograph, so that nothing moves in or out at the end."""
    return engine.search(described, EVERY, engine.chain(CHAIN, top=EVERY)).ranking


@pytest.fixture(scope="module")
def expected(whole, described):
    return answer_of(Engine.open(whole), described)


@pytest.fixture(scope="module")
def expected_without(whole, described):
    """What a whole store answers from which the photographs of SEGMENT were removed."""
    engine = Engine.open(whole)
    engine.store.live[rows_of(whole)] = False
    return answer_of(engine, described)


@pytest.fixture
def path(whole, tmp_path):
    return shutil.copytree(whole, tmp_path / "S.store")


@pytest.fixture
def segment(path):
    return path / "segments" / SEGMENT


def rows_of(path, segment=SEGMENT):
    """The rows of one segment."""
    engine = Engine.open(path)
    counts = [entry.photos for entry in engine.store.state.segments]
    number = [entry.file for entry in engine.store.state.segments].index(segment)
    return np.arange(sum(counts[:number]), sum(counts[: number + 1]))


def flip(segment, content):
    """Change one bit inside `content`, bytes that stand in the segment."""
    old = segment.read_bytes()
    place = old.index(content) + len(content) // 2
    segment.write_bytes(old[:place] + bytes([old[place] ^ 4]) + old[place + 1 :])


def flip_descriptors(path, row):
    flip(
        path / "segments" / SEGMENT, Engine.open(path).features("sift", np.array([row])).descriptors.tobytes()
    )


def assert_same(ranking, expected, ignored=()):
    """Compare everything bit by bit, but for the rows that are `ignored`."""
    for query in range(len(expected.rows)):
        kept, wanted = (~np.isin(one.rows[query], list(ignored)) for one in (ranking, expected))
        np.testing.assert_array_equal(ranking.rows[query, kept], expected.rows[query, wanted])
        np.testing.assert_array_equal(ranking.scores[query, kept], expected.scores[query, wanted])
        for name, column in expected.columns.items():
            np.testing.assert_array_equal(ranking.columns[name][query, kept], column[query, wanted])


def test_altered_descriptors_cost_their_photograph_its_local_evidence_alone(path, described, expected):
    row = int(next(row for row in expected.rows[:, 0] if row in rows_of(path)))
    flip_descriptors(path, row)
    engine = Engine.open(path)
    ranking = answer_of(engine, described)
    assert_same(ranking, expected, {row})
    found, before = ranking.rows == row, expected.rows == row
    assert (ranking.columns["local"][found] == 0).all()
    assert expected.columns["local"][before].max() > 0
    np.testing.assert_array_equal(ranking.columns["global"][found], expected.columns["global"][before])
    assert [damage.segment for damage in engine.damaged] == [SEGMENT]
    place = row - rows_of(path)[0]
    assert f"sift descriptors of its photograph {place} were altered" in engine.damaged[0].reason


@pytest.mark.parametrize("harm", ["delete", "cut", "empty"])
def test_photographs_of_an_unreadable_segment_are_missing_and_the_others_as_they_were(
    path, segment, described, expected_without, harm
):
    lost = set(rows_of(path).tolist())
    if harm == "delete":
        segment.unlink()
    else:
        segment.write_bytes(segment.read_bytes()[: 0 if harm == "empty" else 5000])
    engine = Engine.open(path)
    assert_same(answer_of(engine, described), expected_without)
    assert [damage.segment for damage in engine.damaged] == [SEGMENT]
    assert str(segment) in engine.damaged[0].reason
    assert not set(engine.rows_by_id.values()) & lost
    assert (engine.store.records.statuses[list(lost)] == LOST).all()


def test_altered_vectors_take_their_segment_out_of_the_search(path, segment, described, expected_without):
    lost = set(rows_of(path).tolist())
    flip(segment, Engine.open(path).store.vectors()[min(lost)].astype(np.float16).tobytes())
    engine = Engine.open(path)
    assert_same(answer_of(engine, described), expected_without)
    assert "'global' was altered" in engine.damaged[0].reason
    # A re-ranker that asks for them all the same gets numbers.
    np.testing.assert_array_equal(engine.vectors(np.array([min(lost)])), 0)


def test_a_segment_that_goes_while_the_engine_is_open_costs_local_evidence_alone(path, segment, described):
    engine = Engine.open(path)
    plain = engine.search(described, 20, engine.chain("none")).ranking
    segment.unlink()
    ranking = engine.search(described, 20, engine.chain(CHAIN, top=20)).ranking
    np.testing.assert_array_equal(np.sort(ranking.rows), np.sort(plain.rows))
    gone = np.isin(ranking.rows, rows_of(path))
    assert gone.any()
    assert (ranking.columns["local"][gone] == 0).all()
    assert np.isfinite(ranking.columns["local"]).all()
    assert len(engine.damaged) == 1


def test_damage_is_told_once_a_segment(path, segment, described, caplog):
    flip_descriptors(path, int(rows_of(path)[0]))
    engine = Engine.open(path)
    for _ in range(3):
        engine.search(described, 10, engine.chain(CHAIN, top=1000))
    (told,) = [record.getMessage() for record in caplog.records if "damaged" in record.getMessage()]
    assert SEGMENT in told
    assert told.endswith("answers come from the rest of the store")


def test_a_store_in_which_nothing_can_be_read_is_an_error(path, described):
    for file in (path / "segments").iterdir():
        file.write_bytes(b"")
    engine = Engine.open(path)
    with pytest.raises(StoreError, match="no photograph of .* can be read"):
        engine.search(described, 10, engine.chain("none"))


def test_a_whole_store_reports_nothing(whole, described):
    engine = Engine.open(whole)
    engine.search(described, 10, engine.chain(CHAIN))
    assert engine.damaged == []


def test_query_and_evaluate_answer_with_exit_code_3(retrieve, path, segment, places):
    flip_descriptors(path, int(rows_of(path)[3]))
    photo, other = Photos.read(places.queries).paths[:2]
    arguments = ["--rerank", "sift-geometric", "--top", 1000]
    done = retrieve("query", path, photo, *arguments)
    assert done.returncode == 3
    assert len(done.stdout.splitlines()) == 11
    assert done.stderr.count(str(segment)) == 1
    done = retrieve("-q", "query", path, photo, other, *arguments, "--json")
    assert done.returncode == 3
    for line in done.stdout.splitlines():
        (damage,) = json.loads(line)["damaged"]
        assert damage["segment"] == SEGMENT
        assert "altered" in damage["reason"]
    flip(segment, Engine.open(path).store.vectors()[rows_of(path)[0]].astype(np.float16).tobytes())
    evaluate = ["evaluate", path, "--queries", places.queries, "--rerank", "none", "--json"]
    done = retrieve(*evaluate)
    assert done.returncode == 3
    assert [damage["segment"] for damage in json.loads(done.stdout)["damaged"]] == [SEGMENT]
    assert done.stderr.count(str(segment)) == 1
    # Without its records nobody knows what would have been right; the damage is told before the error.
    segment.unlink()
    done = retrieve(*evaluate)
    assert done.returncode == 1
    assert str(segment) in done.stderr.splitlines()[0]
    assert "no relevant image" in done.stderr.splitlines()[-1]


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_query_vectors_that_are_not_finite_are_refused(whole, described, value):
    engine = Engine.open(whole)
    vectors = described.vectors.copy()
    vectors[2, 1] = value
    with pytest.raises(ValueError, match="must be finite"):
        engine.search(Queries(vectors, described.sizes, described.features), 5, engine.chain("none"))


def test_query_vectors_of_another_length_are_refused(whole, described):
    engine = Engine.open(whole)
    with pytest.raises(ValueError, match="length 192"):
        engine.search(Queries(described.vectors[:, :5], described.sizes, {}), 5, engine.chain("none"))


def test_queries_without_the_features_that_the_chain_needs_are_refused(whole, described):
    engine = Engine.open(whole)
    with pytest.raises(ValueError, match="needs sift features and the queries bring none"):
        engine.search(Queries(described.vectors, described.sizes, {}), 5, engine.chain(CHAIN))
