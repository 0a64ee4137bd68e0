import logging
import os
import pickle
from pathlib import Path

import pytest

from extract.errors import PhotosError
from extract.photos import Photos


def touch(folder, *names):
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()


def photos(*ids):
    return Photos(ids, tuple(f"/p/{i}" for i in ids), ("",) * len(ids), tuple({} for _ in ids))


def test_photos_of_unequal_lengths_are_refused():
    with pytest.raises(PhotosError, match="equally many, got 2, 1, 1 and 1"):
        Photos(("a", "b"), ("a",), ("",), ({},))


def test_repeated_id_is_named():
    with pytest.raises(PhotosError, match="'b'"):
        photos("a", "b", "c", "b")


def test_empty_id_is_refused_with_its_path():
    with pytest.raises(PhotosError, match="'/p/'"):
        photos("a", "")


def test_select_keeps_the_order_asked_for():
    chosen = Photos(("a", "b", "c"), ("1", "2", "3"), ("x", "y", "z"), ({"n": "1"}, {"n": "2"}, {"n": "3"}))
    chosen = chosen.select([2, 0])
    assert chosen == Photos(("c", "a"), ("3", "1"), ("z", "x"), ({"n": "3"}, {"n": "1"}))
    assert len(chosen) == 2
    assert len(chosen.select([])) == 0


@pytest.mark.parametrize("row", [-1, 3])
def test_select_refuses_a_row_out_of_range(row):
    with pytest.raises(ValueError, match=f"between 0 and 2, got {row}"):
        photos("a", "b", "c").select([0, row])


def test_photos_travel_to_other_processes():
    assert pickle.loads(pickle.dumps(photos("a", "b"))) == photos("a", "b")


def test_folder_is_walked_and_sorted_by_id(tmp_path):
    touch(tmp_path, "z.jpg", "b/deep/er/x.PNG", "b/a.JpEg", "a b/ü\n.webp", "B.heic")
    found = Photos.read(tmp_path)
    assert found.ids == ("B.heic", "a b/ü\n.webp", "b/a.JpEg", "b/deep/er/x.PNG", "z.jpg")
    assert found.paths == tuple(str(tmp_path / photo_id) for photo_id in found.ids)
    assert found.labels == ("",) * 5
    assert found.metadata == ({},) * 5


def test_ids_do_not_depend_on_how_the_folder_is_written(tmp_path, monkeypatch):
    touch(tmp_path, "in/a.jpg", "b.jpg")
    monkeypatch.chdir(tmp_path)
    ways = [".", "./", str(tmp_path) + "/", "in/.."]
    assert {Photos.read(way).ids for way in ways} == {("b.jpg", "in/a.jpg")}
    assert all(os.path.exists(path) for path in Photos.read("in/..").paths)


@pytest.mark.parametrize(
    "suffix",
    ["jpg", "jpeg", "jpe", "jfif", "png", "webp", "tif", "tiff", "bmp", "gif", "heic", "heif", "avif"],
)
def test_every_suffix_is_found_in_either_case(tmp_path, suffix):
    touch(tmp_path, f"a.{suffix}", f"b.{suffix.upper()}")
    assert len(Photos.from_folder(tmp_path)) == 2


def test_hidden_and_other_files_are_left_out(tmp_path):
    touch(
        tmp_path, "a.jpg", "._a.jpg", ".b.png", ".git/c.jpg", "sub/.d/e.jpg", "notes.txt", "jpg", "x.jpg.part"
    )
    assert Photos.from_folder(tmp_path).ids == ("a.jpg",)


def test_photos_of_a_hidden_folder_itself_are_found(tmp_path):
    touch(tmp_path, ".cache/a.jpg")
    assert Photos.from_folder(tmp_path / ".cache").ids == ("a.jpg",)


def test_linked_files_are_followed_and_linked_folders_not(tmp_path):
    touch(tmp_path, "outside/o.jpg", "in/a.jpg")
    (tmp_path / "in/linked.jpg").symlink_to(tmp_path / "outside/o.jpg")
    (tmp_path / "in/folder").symlink_to(tmp_path / "outside")
    (tmp_path / "in/loop").symlink_to(tmp_path / "in")
    assert Photos.from_folder(tmp_path / "in").ids == ("a.jpg", "linked.jpg")


def test_name_that_is_no_utf8_has_a_text_id_and_a_path_that_opens(tmp_path):
    name = b"caf\xe9.jpg"
    try:
        with open(os.path.join(os.fsencode(tmp_path), name), "wb") as file:
            file.write(b"x")
    except OSError:
        pytest.skip("this file system takes UTF-8 names only")
    found = Photos.from_folder(tmp_path)
    assert found.ids == (r"caf\xe9.jpg",)
    found.ids[0].encode("utf-8")
    assert Path(found.paths[0]).read_bytes() == b"x"
    assert Photos.from_files(found.paths).ids[0].endswith(r"caf\xe9.jpg")


def test_missing_folder_is_named(tmp_path):
    with pytest.raises(PhotosError, match=r"nowhere' is not there; give a folder"):
        Photos.read(tmp_path / "nowhere")
    with pytest.raises(PhotosError, match=r"nowhere' is not there; give a folder"):
        Photos.from_folder(tmp_path / "nowhere")


def test_file_that_is_neither_folder_nor_list_is_named(tmp_path):
    touch(tmp_path, "a.jpg")
    with pytest.raises(PhotosError, match=r"a\.jpg' is neither a folder nor a \.csv list"):
        Photos.read(tmp_path / "a.jpg")
    with pytest.raises(PhotosError, match=r"a\.jpg' is not a folder"):
        Photos.from_folder(tmp_path / "a.jpg")


def test_folder_without_photos_says_what_was_looked_for(tmp_path):
    touch(tmp_path, "a.txt")
    with pytest.raises(PhotosError, match=r"no photo in .*\.jpg, \.jpeg, .*\.avif"):
        Photos.read(tmp_path)


def test_unreadable_subfolder_is_named(tmp_path, monkeypatch):
    touch(tmp_path, "a.jpg", "closed/b.jpg")
    really = os.scandir

    def scandir(path):  # permission bits do not stop root, who runs these tests in containers
        if str(path).endswith("closed"):
            raise PermissionError(13, "Permission denied", str(path))
        return really(path)

    monkeypatch.setattr(os, "scandir", scandir)
    with pytest.raises(PhotosError, match=r"closed' cannot be read \(Permission denied\)"):
        Photos.read(tmp_path)


def test_folder_whose_name_ends_in_csv_is_a_folder(tmp_path):
    touch(tmp_path, "set.csv/a.jpg")
    assert Photos.read(tmp_path / "set.csv").ids == ("a.jpg",)


def test_csv_is_read_with_its_folder_labels_and_metadata(tmp_path):
    (tmp_path / "list.CSV").write_text(
        "id,file,label,usage\na,sub/a.jpg,Tower,Private\nb,/abs/b.jpg,,Public\n"
    )
    found = Photos.read(tmp_path / "list.CSV")
    assert found.ids == ("a", "b")
    assert found.paths == (str(tmp_path / "sub/a.jpg"), "/abs/b.jpg")
    assert found.labels == ("Tower", "")
    assert found.metadata == ({"usage": "Private"}, {"usage": "Public"})


def test_files_are_known_by_the_paths_as_given(tmp_path):
    given = Photos.from_files(["b.jpg", tmp_path / "a.jpg", "./b.jpg"])
    assert given.ids == given.paths == ("b.jpg", str(tmp_path / "a.jpg"), "./b.jpg")


def test_file_given_twice_is_named():
    with pytest.raises(PhotosError, match=r"'b\.jpg'"):
        Photos.from_files(["b.jpg", "b.jpg"])


def test_ids_that_differ_only_in_case_are_kept_with_one_warning(tmp_path, caplog):
    (tmp_path / "l.csv").write_text("id,file\nTower,1\ntower,2\nTOWER,3\nx,4\n")
    with caplog.at_level(logging.WARNING):
        found = Photos.read(tmp_path / "l.csv")
    assert len(found) == 4
    assert [record.getMessage() for record in caplog.records] == [
        "ids that differ only in case: 2, first 'Tower' and 'tower'; all are kept"
    ]
    caplog.clear()
    found.select([0, 1])
    assert not caplog.records
