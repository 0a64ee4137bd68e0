"""The clean training list of GLDv2: a record for each landmark."""

import pytest

from evaluate.errors import EvaluationError
from evaluate.formats import detect, label_formats, landmark_lists


@pytest.fixture
def saved(tmp_path):
    def save(content):
        path = tmp_path / "train_clean.csv"
        path.write_text(content)
        return path

    return save


def test_each_image_has_its_landmark(saved):
    path = saved("landmark_id,images\n7,a b\n9,c\n")
    assert detect.truth_format(path) == "landmark-lists"
    table = label_formats.READERS["landmark-lists"](path)
    assert (table.ids, table.labels) == (("a", "b", "c"), ("7", "7", "9"))
    assert table.place(2) == f"{path}, line 3: the image 'c'"


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ("7,a b\n8,b\n", "line 3: the image 'b' is there twice, first for the landmark '7'"),
        (",a\n", "line 2: the landmark is empty"),
        ("7,\n", "lists no image"),
    ],
)
def test_what_is_unfit_is_told(saved, content, sentence):
    with pytest.raises(EvaluationError, match=sentence):
        landmark_lists.read(saved("landmark_id,images\n" + content))
