"""`retrieve leaks` with real processes: copies of real photographs are told, other photographs are not."""

import csv
import io
import json

import pytest
from PIL import Image

from extract.photos import Photos
from retrieval import same_shot

STEMS = ("astronaut-00", "chelsea-01", "coffee-10", "china-10")


def write_list(path, rows):
    with path.open("w", newline="") as file:
        csv.writer(file).writerows([("id", "file", "label"), *rows])
    return path


def jpeg(image, quality=80):
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=quality)
    return buffer.getvalue()


@pytest.fixture(scope="module")
def originals(places):
    """Photographs of the index by id."""
    photos = Photos.read(places.index)
    return dict(zip(photos.ids, photos.paths, strict=True))


@pytest.fixture(scope="module")
def index_list(originals, tmp_path_factory):
    """An index of four places, one photograph each."""
    folder = tmp_path_factory.mktemp("four")
    return write_list(folder / "index.csv", [(stem, originals[f"{stem}-a"], stem) for stem in STEMS])


def copies(path):
    """What is made of a photograph on its way through the web, by name."""
    with open(path, "rb") as file:
        content = file.read()
    image = Image.open(path).convert("RGB")
    width, height = image.size
    return {
        "file": content,
        "encoded": jpeg(image, 40),
        "halved": jpeg(image.resize((width // 2, height // 2))),
        "mirrored": jpeg(image.transpose(Image.Transpose.FLIP_LEFT_RIGHT)),
        "toned": jpeg(image.point(lambda value: min(255, value * 0.8 + 30))),
    }


@pytest.fixture(scope="module")
def copied(originals, tmp_path_factory):
    """Copies of the first place's photograph in a folder."""
    folder = tmp_path_factory.mktemp("copies")
    for name, content in copies(originals[f"{STEMS[0]}-a"]).items():
        (folder / f"{name}.jpg").write_bytes(content)
    return folder


def leaks(done):
    return [(leak["kind"], leak["id_a"], leak["id_b"]) for leak in json.loads(done.stdout)["leaks"]]


def test_copies_are_told_and_the_run_succeeds(retrieve, copied, index_list):
    done = retrieve("leaks", "--queries", copied, "--index", index_list, "--json")
    assert done.returncode == 0, done.stderr
    assert leaks(done) == [
        ("same picture", "encoded.jpg", STEMS[0]),
        ("same file", "file.jpg", STEMS[0]),
        ("same picture", "halved.jpg", STEMS[0]),
        ("same picture", "mirrored.jpg", STEMS[0]),
        ("same picture", "toned.jpg", STEMS[0]),
    ]
    result = json.loads(done.stdout)
    assert result["splits"] == {"queries": 5, "index": 4}
    assert (result["near_duplicates_looked_for"], result["failed"]) == (False, 0)
    assert "is no store" in done.stderr
    assert "LEAK: 5 pair(s) of photos shared between splits" in done.stderr


def test_strict_ends_in_one_sentence_after_the_result(retrieve, copied, index_list):
    done = retrieve("leaks", "--queries", copied, "--index", index_list, "--strict")
    assert done.returncode == 1
    assert (
        "error: 5 pair(s) of photos shared between splits, the first 'encoded.jpg' in queries" in done.stderr
    )
    assert "Traceback" not in done.stderr
    assert "queries, index  same picture         4         4          1" in done.stdout


def test_other_photographs_of_the_places_are_no_leak(retrieve, originals, index_list, tmp_path):
    # The second views, seen from aside in other light, and the queries of other places.
    others = write_list(tmp_path / "b.csv", [(f"{stem}-b", originals[f"{stem}-b"], "") for stem in STEMS])
    done = retrieve("leaks", "--queries", others, "--index", index_list, "--strict", "--json")
    assert done.returncode == 0, done.stderr
    assert leaks(done) == []
    assert "LEAK" not in done.stderr


@pytest.fixture(scope="module")
def crops(originals, tmp_path_factory):
    """Crops of the places' photographs, without a fifth of width and height, one of them mirrored."""
    folder = tmp_path_factory.mktemp("crops")
    for stem in STEMS:
        image = Image.open(originals[f"{stem}-a"]).convert("RGB")
        width, height = image.size
        crop = image.crop((0, 0, width * 4 // 5, height * 4 // 5))
        if stem == STEMS[1]:
            crop = crop.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
        (folder / f"{stem}.jpg").write_bytes(jpeg(crop))
    return folder


def test_a_store_tells_crops_and_no_other_place(retrieve, crops, store):
    done = retrieve("leaks", "--queries", crops, "--index", store, "--json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["near_duplicates_looked_for"] is True
    found = leaks(done)
    assert {kind for kind, _, _ in found} == {"near-duplicate"}
    # A thumbnail's vector is no judge of crops, so not each of them becomes a candidate; none is wrong. The
    # view PLACE-b is warped from PLACE-a, so it may be told as well.
    assert found
    assert all(id_b[:-2] == id_a.removesuffix(".jpg") for _, id_a, id_b in found)
    assert all(leak["strength"] >= same_shot.SAME for leak in json.loads(done.stdout)["leaks"])


def test_a_query_of_the_index_itself_is_a_note_and_its_copy_a_leak(retrieve, originals, index_list, tmp_path):
    path = originals[f"{STEMS[0]}-a"]
    twice = write_list(tmp_path / "index.csv", [(STEMS[0], path, ""), ("copy", path, "")])
    done = retrieve("leaks", "--queries", index_list, "--index", twice, "--json")
    assert leaks(done) == [("same file", STEMS[0], "copy")]
    assert json.loads(done.stdout)["notes"] == [
        "1 id stands in queries and index; such a query never finds the photo of its own id"
    ]


def test_classes_and_photographs_of_train_are_told(retrieve, originals, index_list, tmp_path):
    train = write_list(
        tmp_path / "train.csv",
        [("t1", originals[f"{STEMS[2]}-a"], "cup"), ("t2", originals[f"{STEMS[3]}-b"], STEMS[3])],
    )
    queries = write_list(tmp_path / "queries.csv", [("q1", originals[f"{STEMS[1]}-b"], STEMS[3])])
    done = retrieve("leaks", "--queries", queries, "--index", index_list, "--train", train, "--json")
    found = [(leak["split_a"], leak["split_b"], leak["kind"]) for leak in json.loads(done.stdout)["leaks"]]
    assert found == [
        ("train", "index", "same file"),
        ("train", "index", "shared class"),
        ("train", "queries", "shared class"),
    ]
    assert "1 pair(s) of photos and 2 class(es)" in done.stderr


def test_flat_and_broken_photos_are_told_and_equal_to_nothing(retrieve, index_list, tmp_path):
    for folder, grey in (("queries", 90), ("index", 160)):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / f"{folder} flat.jpg").write_bytes(jpeg(Image.new("L", (80, 60), grey)))
        (tmp_path / folder / f"{folder} broken.jpg").write_bytes(folder.encode())
    done = retrieve("leaks", "--queries", tmp_path / "queries", "--index", tmp_path / "index", "--json")
    assert done.returncode == 3
    result = json.loads(done.stdout)
    assert result["leaks"] == []
    assert [(one["split"], one["id"]) for one in result["failures"]] == [
        ("queries", "queries broken.jpg"),
        ("index", "index broken.jpg"),
    ]
    assert all(one["reason"] for one in result["failures"])
    assert [note.split(" is too")[0] for note in result["notes"]] == [
        "1 photo of queries",
        "1 photo of index",
    ]
    assert "failed: queries broken.jpg of queries: " in done.stderr


def test_a_list_that_is_not_there_is_one_sentence(retrieve, index_list):
    done = retrieve("leaks", "--queries", "nowhere.csv", "--index", index_list)
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1].startswith("error: 'nowhere.csv' is not there")
