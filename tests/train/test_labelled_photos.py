import pytest

from extract import run
from extract.photos import Photos
from train.errors import TrainingError
from train.labelled_photos import read


@pytest.fixture
def folder(tmp_path, photograph):
    for number, name in enumerate(("arch/a.jpg", "arch/old/b.jpg", "dom/c.jpg", "stray.jpg")):
        path = tmp_path / "photos" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(photograph(number))
    return tmp_path / "photos"


def test_first_folder_is_the_label_and_stray_photos_are_left_out(folder, caplog):
    photos = read(folder)
    assert photos.ids == ("arch/a.jpg", "arch/old/b.jpg", "dom/c.jpg")
    assert photos.labels == ("arch", "arch", "dom")
    assert "1 of 4 photos have no label" in caplog.text


def test_without_labels_every_photo_is_kept(folder):
    assert read(folder, labels=False).labels == ("arch", "arch", "dom", "")


def test_list_keeps_its_columns(tmp_path):
    (tmp_path / "list.csv").write_text(
        "id,file,label,split\n1,a.jpg,x,train\n2,b.jpg,,train\n3,c.jpg,y,test\n"
    )
    photos = read(tmp_path / "list.csv")
    assert photos.ids == ("1", "3")
    assert [one["split"] for one in photos.metadata] == ["train", "test"]


def test_list_without_labels_is_refused(tmp_path):
    (tmp_path / "list.csv").write_text("id,file\n1,a.jpg\n")
    with pytest.raises(TrainingError, match=r"no photo of .*list.csv' has a label"):
        read(tmp_path / "list.csv")


def test_store_gives_the_photos_that_were_indexed(tmp_path, folder, thumbnails):
    given = Photos(
        ("1", "2"),
        (str(folder / "arch/a.jpg"), str(folder / "dom/c.jpg")),
        ("x", "y"),
        ({"split": "test"}, {}),
    )
    run.run(given, thumbnails, tmp_path / "some.store")
    assert read(tmp_path / "some.store") == given
