"""What kind of file it is shows in its content; anything else is told with what is accepted."""

import gzip
import pickle

import pytest

from evaluate.errors import EvaluationError
from evaluate.formats import detect

RANKINGS = {
    "submission": ["id,images\n", '\ufeff"ID","Images"\r\n', "\n\nimages,note,id\n"],
    "long": ["query,id,rank\n", "Rank,Score,ID,Query\n"],
    "recognition": ["id,landmarks\n"],
    "trec-run": ["q Q0 a 1 0.5 t\n", "q\tQ0\ta\t1\t0.5\tt"],
    "pairs": ["query/1.jpg db/1.jpg\n", "a,b.jpg c.jpg\n", "\ufeffa b"],
    "json": ['{"q": []}', '\n {\n"q": {"a": 1}}', '{"q": ["' + "a" * 100_000],
}
TRUTHS = {
    "solution": ["id,images,Usage\n", "\ufeffID,IMAGES\r\n"],
    "labels": ["id,label\n", "id,url,landmark_id\n", "class,id\n", "id,file,label,usage\n"],
    "recognition": ["id,landmarks,Usage\n"],
    "qrels": ["q 0 a 1\n", "q\t0\ta\t-1\r\n"],
    "revisited": ['{"gnd": []', *(pickle.dumps({"gnd": []}, protocol) for protocol in range(6))],
    "sop": ["image_id class_id super_class_id path\n"],
}
NOTHING = {
    "empty": "",
    "blank": "\n \n",
    "unknown columns": "name,picture\n",
    "unknown columns with a space, which are no pairs": "url, picture\n",
    "a list in JSON": '["a"]',
    "three words": "a b c\n",
    "packed": gzip.compress(b"id,images\n"),
    "UTF-16": "id,images\n".encode("utf-16"),
    "Latin-1": "é b\n".encode("latin-1"),
    "a picture": b"\x89PNG\r\n\x1a\n\0\0",
}


@pytest.fixture
def saved(tmp_path):
    def save(content):
        path = tmp_path / "given"
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return save


def cases(kinds):
    return [(kind, content) for kind, contents in kinds.items() for content in contents]


def fill(folder, *names):
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).touch()


@pytest.mark.parametrize(("kind", "content"), cases(RANKINGS))
def test_rankings_are_told_apart(saved, kind, content):
    assert detect.ranking_format(saved(content)) == kind


@pytest.mark.parametrize(("kind", "content"), cases(TRUTHS))
def test_truths_are_told_apart(saved, kind, content):
    assert detect.truth_format(saved(content)) == kind


@pytest.mark.parametrize("name", NOTHING)
@pytest.mark.parametrize("look", [detect.ranking_format, detect.truth_format])
def test_anything_else_is_told_with_what_is_accepted(saved, name, look):
    path = saved(NOTHING[name])
    with pytest.raises(EvaluationError) as caught:
        look(path)
    message = str(caught.value)
    assert message.startswith(f"{path} is ")
    assert "CSV with the columns id,images" in message
    assert "\n" not in message


def test_the_first_line_is_shown(saved):
    path = saved("id,picture\na,b\n")
    with pytest.raises(
        EvaluationError, match="is of no known kind, its first line is 'id,picture'; rankings are"
    ):
        detect.ranking_format(path)


def test_a_ranking_is_no_truth_and_a_truth_no_ranking(saved):
    with pytest.raises(EvaluationError, match="a truth is CSV"):
        detect.truth_format(saved("q Q0 a 1 0.5 t\n"))
    with pytest.raises(EvaluationError, match="rankings are CSV"):
        detect.ranking_format(saved("q 0 a 1\n"))
    with pytest.raises(EvaluationError, match="is no text"):
        detect.ranking_format(saved(pickle.dumps({})))


@pytest.mark.parametrize(
    ("kind", "names"),
    [
        ("folder", ["tower/a.jpg"]),
        ("tiny-imagenet", ["wnids.txt", "train/n01/images/a.JPEG"]),
        ("cub", ["images.txt", "image_class_labels.txt", "images/001.Albatross/a.jpg"]),
        ("sop", ["Ebay_train.txt", "Ebay_test.txt", "chair_final/a.JPG"]),
    ],
)
def test_folders_are_told_apart(tmp_path, kind, names):
    fill(tmp_path, *names)
    assert detect.truth_format(tmp_path) == kind


def test_a_folder_without_classes_is_no_truth(tmp_path):
    fill(tmp_path, "a.jpg", ".git/x")
    with pytest.raises(EvaluationError, match="is a folder without a folder for each class; a truth is"):
        detect.truth_format(tmp_path)


def test_a_folder_is_no_ranking(tmp_path):
    with pytest.raises(EvaluationError, match="is a folder, not a file of rankings; rankings are"):
        detect.ranking_format(tmp_path)


@pytest.mark.parametrize("look", [detect.ranking_format, detect.truth_format])
def test_a_missing_file_is_told(tmp_path, look):
    with pytest.raises(EvaluationError, match=r"cannot be read \(No such file or directory\)"):
        look(tmp_path / "absent")


def test_a_list_without_labels_is_left_to_the_reader_of_labels(saved):
    # It says which column is missing.
    assert detect.truth_format(saved("id,file\na,a.jpg\n")) == "labels"
