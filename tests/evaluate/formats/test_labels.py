"""Lists of labels: those of GLDv2 and our own become one table, or one sentence names file, line and id."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from evaluate.errors import EvaluationError
from evaluate.formats import labels
from evaluate.formats.labels import LabelTable

text = st.text(st.characters(codec="utf-8", exclude_characters="\0\r"))


@pytest.fixture
def table(tmp_path):
    def write(content):
        path = tmp_path / "labels.csv"
        path.write_bytes(content.encode())
        return path

    return write


def test_columns_besides_id_and_label_are_kept(table):
    path = table("ID,File,label,Usage\nb,x.jpg,tower,public\n\na,y.jpg,,private\n")
    read = labels.read(path)
    assert read.ids == ("b", "a")
    assert read.labels == ("tower", "")
    assert read.columns == {"file": ("x.jpg", "y.jpg"), "usage": ("public", "private")}
    assert read.lines.tolist() == [2, 4]
    assert read.place(1) == f"{path}, line 4: the image 'a'"


@pytest.mark.parametrize(
    ("content", "further"),
    [
        ("id,url,landmark_id\na,http://x,7\n", {"url": ("http://x",)}),
        ("id,landmark_id\na,7\n", {}),
        ("id,class\na,7\n", {}),
        ("class,id,label\nbird,a,7\n", {"class": ("bird",)}),
        ('\ufeff"id","label",\r\na,7,0\r\n', {}),
    ],
)
def test_the_label_has_several_names(table, content, further):
    read = labels.read(table(content))
    assert (read.ids, read.labels, read.columns) == (("a",), ("7",), further)


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ("id,label\n", " lists no image; it must have a record for each, such as 'a.jpg,tower'"),
        (
            "",
            ", line 1: the column 'id' is missing (found: nothing, the file is empty); "
            "the first line must name the columns id,label",
        ),
        (
            "id,file\na,b\n",
            ", line 1: the column 'label' is missing (found: id, file); "
            "the first line must name the columns id,label",
        ),
        (
            "id,landmark_id\na,1\nb,2\na,1\n",
            ", line 4: the image 'a' was already given on line 2; keep one of the two",
        ),
        ("id,label\n ,1\n", ", line 2: the image id is empty; every record needs one"),
        (
            "id,label,split,Split\na,1,x,y\n",
            ", line 1: the column 'split' is there twice; keep one of the two",
        ),
    ],
)
def test_a_fault_is_told_with_file_line_and_id(table, content, sentence):
    path = table(content)
    with pytest.raises(EvaluationError) as caught:
        labels.read(path)
    assert str(caught.value) == f"{path}{sentence}"


@given(st.dictionaries(text.filter(str.strip), st.tuples(text, text), min_size=1))
def test_what_is_written_is_read_back(tmp_path_factory, images):
    path = tmp_path_factory.getbasetemp() / "round.csv"
    values, notes = zip(*images.values(), strict=True)
    lines = np.zeros(len(images), dtype=np.int64)
    labels.write(path, LabelTable(tuple(images), values, {"note": notes}, lines, "made up"))
    read = labels.read(path)
    assert (read.ids, read.labels, read.columns) == (tuple(images), values, {"note": notes})


def test_a_zero_byte_is_not_written(tmp_path):
    made = LabelTable(("a",), ("x\0",), {}, np.zeros(1, dtype=np.int64), "made up")
    with pytest.raises(EvaluationError, match="the image 'a' has an empty id or a value with a zero byte"):
        labels.write(tmp_path / "labels.csv", made)


@pytest.mark.parametrize(
    ("ids", "values", "message"),
    [(("a", "a"), ("1", "1"), "each image once"), (("a",), (), "must have 1 values")],
)
def test_contradictions_are_refused(ids, values, message):
    with pytest.raises(ValueError, match=message):
        LabelTable(ids, values, {}, np.zeros(len(ids), dtype=np.int64), "made up")


def test_an_image_of_a_folder_has_no_line():
    made = LabelTable(("a",), ("1",), {}, np.zeros(1, dtype=np.int64), "photos")
    assert made.place(0) == "photos: the image 'a'"
