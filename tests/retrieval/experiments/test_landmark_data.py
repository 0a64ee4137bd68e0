"""The landmark study's data: two lists joined by name, and GLDv2 drawn to the study's size."""

import pytest

from evaluate.errors import EvaluationError
from extract.errors import PhotosError
from retrieval.experiments import _landmark_data

SMALL = {
    "landmarks.csv": "label,name\n1,taj_mahal\n2,qutub_minar\n3,eiffel_tower\n",
    "train.csv": "id,file,label\nt1,t1.jpg,2\nt2,t2.jpg,2\n",
    "weak.csv": "id,file,label\nw1,w1.jpg,Qutub Minar\nw2,w2.jpg,uw_dc\n",
    "index.csv": "id,file,label\ni1,i1.jpg,1\ni2,i2.jpg,3\ni3,i3.jpg,\ni4,i4.jpg,1\n",
    "query.csv": "id,file,label,usage\nq1,q1.jpg,3,public\nq2,q2.jpg,1,private\n",
}


@pytest.fixture
def small(tmp_path):
    (tmp_path / "landmarks").mkdir()
    for name, text in SMALL.items():
        (tmp_path / "landmarks" / name).write_text(text)
    return tmp_path


def test_places_of_both_lists_become_one_class_each(small):
    data = _landmark_data.small(small)
    assert data.train.ids == ("t1", "t2", "w1", "w2")
    assert data.train.labels == ("qutub_minar", "qutub_minar", "qutub_minar", "uw_dc")


def test_queries_and_index_are_never_trained_on_and_judged_by_label(small):
    data = _landmark_data.small(small / "landmarks")
    assert not set(data.train.ids) & {*data.database.ids, *data.queries.ids}
    assert [rows.tolist() for rows in data.truth.relevant] == [[1], [0, 3]]
    assert data.truth.usages == ("public", "private")


def test_at_most_so_many_of_a_class_are_trained_on(small, monkeypatch):
    monkeypatch.setattr(_landmark_data, "MOST_A_CLASS", 2)
    data = _landmark_data.small(small)
    assert sorted(data.train.labels) == ["qutub_minar", "qutub_minar", "uw_dc"]
    assert _landmark_data.small(small).train.ids == data.train.ids


def test_a_folder_without_the_lists_is_refused(small):
    (small / "landmarks" / "weak.csv").unlink()
    with pytest.raises(PhotosError, match=r"landmarks/weak\.csv is not there"):
        _landmark_data.small(small)


@pytest.fixture
def gldv2(tmp_path):
    """Two private queries, a public one and an ignored one; four of eight indexed images are correct."""
    (tmp_path / "train.csv").write_text("id,url,landmark_id\naaa1,http://x,7\naaa2,http://y,9\n")
    (tmp_path / "retrieval_solution_v2.1.csv").write_text(
        "id,images,Usage\nqqq1,iii1 iii2,Private\nqqq2,iii3,Private\n"
        "qqq3,iii2 iii4,Public\nqqq4,None,Ignored\n"
    )
    for number in range(1, 9):
        folder = tmp_path / "index" / "i" / "i" / "i"
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"iii{number}.jpg").write_bytes(b"")
    return tmp_path


def test_gldv2_is_read_as_it_is_unpacked(gldv2):
    data = _landmark_data.gldv2(gldv2)
    assert data.train.paths == tuple(str(gldv2 / "train/a/a/a" / name) for name in ("aaa1.jpg", "aaa2.jpg"))
    assert data.train.labels == ("7", "9")
    assert data.database.ids == tuple(f"iii{number}" for number in range(1, 9))
    assert data.queries.paths[0] == str(gldv2 / "test/q/q/q/qqq1.jpg")
    assert data.truth.query_ids == ("qqq1", "qqq2", "qqq3")
    assert [rows.tolist() for rows in data.truth.relevant] == [[0, 1], [2], [1, 3]]


def test_as_many_are_drawn_as_the_study_had_and_all_that_is_correct_is_among_them(gldv2, monkeypatch):
    monkeypatch.setattr(_landmark_data, "NUM_INDEXED", 5)
    monkeypatch.setattr(_landmark_data, "NUM_QUERIES", {"private": 1, "public": 1})
    data = _landmark_data.gldv2(gldv2)
    assert data.truth.usages == ("private", "public")
    assert len(data.database) == 5
    assert _landmark_data.gldv2(gldv2).database.ids == data.database.ids


def test_the_clean_list_goes_first(gldv2):
    (gldv2 / "train_clean.csv").write_text("landmark_id,images\n5,bbb1 bbb2\n")
    assert _landmark_data.gldv2(gldv2).train.ids == ("bbb1", "bbb2")


@pytest.mark.parametrize("name", ["train.csv", "retrieval_solution_v2.1.csv"])
def test_what_is_not_there_is_named(gldv2, name):
    (gldv2 / name).unlink()
    with pytest.raises(PhotosError, match=name.partition("_v2")[0]):
        _landmark_data.gldv2(gldv2)


def test_a_correct_image_that_is_not_indexed_is_named(gldv2):
    (gldv2 / "index/i/i/i/iii2.jpg").unlink()
    with pytest.raises(EvaluationError, match="iii2"):
        _landmark_data.gldv2(gldv2)
