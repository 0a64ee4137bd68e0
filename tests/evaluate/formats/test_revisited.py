"""The truth of revisited Oxford and Paris, from pickles and JSON, checked through."""

import json
import pickle
from pathlib import Path

import numpy as np
import pytest

from evaluate.errors import EvaluationError
from evaluate.formats import revisited

REAL = sorted(Path(__file__).parents[3].parent.glob("shared/data/revisitop/*.json"))


def content(**changes):
    gnd = [
        {"easy": [3, 0], "hard": [1], "junk": [], "bbx": [1.5, 2, 30, 40]},
        {"easy": [], "hard": [], "junk": [4]},
    ]
    return {"imlist": ["a", "b", "c", "d", "e"], "qimlist": ["q1", "q2"], "gnd": gnd} | changes


def with_query(**changes):
    whole = content()
    whole["gnd"][0] |= changes
    return whole


@pytest.fixture
def saved(tmp_path):
    def save(whole):
        path = tmp_path / "gnd.json"
        path.write_text(json.dumps(whole))
        return path

    return save


def refusal(path):
    with pytest.raises(EvaluationError) as caught:
        revisited.read(path)
    return str(caught.value)


def plain(truth):
    sets = [[places.tolist() for places in one] for one in (truth.easy, truth.hard, truth.junk)]
    return truth.image_ids, truth.query_ids, sets, truth.boxes.tolist()


def test_json_is_read(saved):
    truth = revisited.read(saved(content()))
    assert truth.image_ids == ("a", "b", "c", "d", "e")
    assert truth.query_ids == ("q1", "q2")
    assert [places.tolist() for places in truth.easy] == [[0, 3], []]
    assert [places.tolist() for places in truth.hard] == [[1], []]
    assert [places.tolist() for places in truth.junk] == [[], [4]]
    assert truth.boxes[0].tolist() == [1.5, 2, 30, 40]
    assert np.isnan(truth.boxes[1]).all()
    assert all(places.dtype == np.int64 for places in (*truth.easy, *truth.hard, *truth.junk))


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_a_pickle_with_arrays_says_the_same(saved, tmp_path, protocol):
    whole = content()
    for query in whole["gnd"]:
        # As the published files have it: arrays, an empty one of floats among them.
        query |= {name: np.array(query[name]) for name in ("easy", "hard", "junk")}
    whole["gnd"][0]["bbx"] = np.array(whole["gnd"][0]["bbx"], dtype=np.float32)
    path = tmp_path / "gnd.pkl"
    path.write_bytes(pickle.dumps(whole, protocol))
    expected = revisited.read(saved(content()))
    np.testing.assert_equal(plain(revisited.read(path)), plain(expected))


def test_what_is_written_is_read_back(saved, tmp_path):
    truth = revisited.read(saved(content(imlist=["é\n", '"', "c d", "\u2028", "\ufeff"])))
    revisited.write(tmp_path / "again.json", truth)
    np.testing.assert_equal(plain(revisited.read(tmp_path / "again.json")), plain(truth))


@pytest.mark.skipif(not REAL, reason="the published truth is not here")
@pytest.mark.parametrize("path", REAL, ids=lambda path: path.stem)
def test_the_published_truth_is_read_as_json_and_as_a_pickle(path, tmp_path):
    whole = json.loads(path.read_bytes())
    truth = revisited.read(path)
    assert truth.image_ids == tuple(whole["imlist"])
    assert [places.tolist() for places in truth.junk] == [sorted(query["junk"]) for query in whole["gnd"]]
    assert np.isfinite(truth.boxes).all()
    for protocol in (0, 4):
        again = tmp_path / f"{protocol}.pkl"
        again.write_bytes(pickle.dumps(whole, protocol))
        np.testing.assert_equal(plain(revisited.read(again)), plain(truth))


# Each: the content, and the sentence after the file's name.
FAULTS = {
    "a key is missing": (
        {"imlist": ["a"], "gnd": []},
        " has no 'qimlist' (found: imlist, gnd); revisited Oxford and Paris have imlist, qimlist and gnd",
    ),
    "no image": (content(imlist=[]), ": imlist must be a list of ids that is not empty, got 0 entries"),
    "images as text": (content(imlist="abc"), ": imlist must be a list of ids that is not empty, got str"),
    "an id that is a number": (
        content(imlist=["a", 7]),
        ": imlist[1] must be an id, a text that is not empty, got int",
    ),
    "an image twice": (
        content(imlist=["a", "b", "a"]),
        ": imlist has the id 'a' twice (0 and 2); keep one of the two",
    ),
    "a query twice": (
        content(qimlist=["q", "q"]),
        ": qimlist has the id 'q' twice (0 and 1); keep one of the two",
    ),
    "too few queries in gnd": (
        content(gnd=[]),
        ": gnd must be a list with an entry for each of the 2 queries of qimlist, got 0 entries",
    ),
    "a query that is no object": (
        content(gnd=[[], []]),
        ": the query 'q1' must have an object or dict in gnd, got 0 entries",
    ),
    "a set is missing": (
        content(gnd=[{"easy": [], "hard": []}, {}]),
        ": the query 'q1' has no 'junk' in gnd; it needs easy, hard, junk",
    ),
    "a set that is no list": (
        with_query(easy=3),
        ": the query 'q1', easy must be a list of places in imlist, got int",
    ),
    "a place outside": (
        with_query(hard=[5]),
        ": the query 'q1', hard has 5, which is not a place in imlist (0 to 4)",
    ),
    "a place before": (
        with_query(hard=[-1]),
        ": the query 'q1', hard has -1, which is not a place in imlist (0 to 4)",
    ),
    "half a place": (
        with_query(hard=[0.5]),
        ": the query 'q1', hard has 0.5, which is not a place in imlist (0 to 4)",
    ),
    "a name for a place": (
        with_query(hard=["a"]),
        ": the query 'q1', hard has str, which is not a place in imlist (0 to 4)",
    ),
    "an image in two sets": (
        with_query(junk=[3]),
        ": the query 'q1' has the image 'd' (place 3) twice in easy, hard and junk together; "
        "keep one of the two",
    ),
    "an image twice in a set": (
        with_query(easy=[2, 2]),
        ": the query 'q1' has the image 'c' (place 2) twice in easy, hard and junk together; "
        "keep one of the two",
    ),
    "a box of three": (
        with_query(bbx=[1, 2, 3]),
        ": the query 'q1' must have four numbers as bbx (x1, y1, x2, y2)",
    ),
    "a box that is not a number": (
        with_query(bbx=[1, 2, 3, float("nan")]),
        ": the query 'q1' must have four numbers as bbx (x1, y1, x2, y2)",
    ),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_is_told_with_file_and_query(saved, fault):
    whole, sentence = FAULTS[fault]
    path = saved(whole)
    assert refusal(path) == f"{path}{sentence}"


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_in_a_pickle_is_told_alike(tmp_path, fault):
    whole, sentence = FAULTS[fault]
    path = tmp_path / "gnd.pkl"
    path.write_bytes(pickle.dumps(whole))
    assert refusal(path) == f"{path}{sentence}"


def test_a_pickle_of_something_else_is_told(tmp_path):
    path = tmp_path / "gnd.pkl"
    path.write_bytes(pickle.dumps(["a"]))
    assert refusal(path) == f"{path} must hold a dict of imlist, qimlist and gnd, got 1 entries"


def test_a_missing_file_is_told(tmp_path):
    assert "cannot be read (No such file or directory)" in refusal(tmp_path / "absent.pkl")
