"""A folder a class becomes labels, and Tiny ImageNet with its two parts."""

import os

import pytest

from evaluate.errors import EvaluationError
from evaluate.formats import folders, tiny_imagenet


def fill(folder, *names):
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).touch()
    return folder


def refusal(read, folder):
    with pytest.raises(EvaluationError) as caught:
        read(folder)
    return str(caught.value)


class TestFolders:
    def test_the_first_folder_is_the_class(self, tmp_path):
        names = ["tower/b.JPG", "tower/2020/a.png", "bridge/a.webp"]
        others = ["tower/.hidden.jpg", ".git/x.jpg", "tower/notes.txt", "list.csv"]
        read = folders.read(fill(tmp_path, *names, *others))
        assert read.ids == ("bridge/a.webp", "tower/2020/a.png", "tower/b.JPG")
        assert read.labels == ("bridge", "tower", "tower")
        assert read.columns == {}
        assert read.place(0) == f"{tmp_path}: the image 'bridge/a.webp'"

    def test_a_picture_without_a_class_is_named(self, tmp_path):
        fill(tmp_path, "tower/b.jpg", "cover.jpg")
        assert refusal(folders.read, tmp_path) == (
            f"{tmp_path}: the picture 'cover.jpg' lies in no folder of a class; move it into one or away"
        )

    def test_a_folder_without_pictures_is_told(self, tmp_path):
        fill(tmp_path, "tower/readme.txt")
        assert refusal(folders.read, tmp_path).startswith(f"{tmp_path} holds no picture; looked for")

    def test_a_missing_folder_is_told(self, tmp_path):
        path = tmp_path / "absent"
        assert refusal(folders.read, path) == (
            f"{path} cannot be read (No such file or directory); check the path and its permissions"
        )

    def test_a_name_that_is_not_utf8_becomes_text(self, tmp_path):
        fill(tmp_path, "tower/a.jpg")
        with open(os.fsencode(tmp_path) + b"/tower/\xff.jpg", "wb"):
            pass
        assert folders.read(tmp_path).ids == ("tower/\\xff.jpg", "tower/a.jpg")


class TestTinyImageNet:
    @pytest.fixture
    def folder(self, tmp_path):
        fill(
            tmp_path,
            "train/n01/images/n01_0.JPEG",
            "train/n02/images/n02_0.JPEG",
            "val/images/val_0.JPEG",
            "test/images/test_0.JPEG",
        )
        (tmp_path / "wnids.txt").write_text("n02\nn01\n")
        (tmp_path / "val" / "val_annotations.txt").write_text("val_0.JPEG\tn02\t0\t32\t44\t62\n")
        (tmp_path / "train" / "n01" / "n01_boxes.txt").write_text("n01_0.JPEG\t0\t10\t63\t58\n")
        return tmp_path

    def test_both_parts_are_read(self, folder):
        read = tiny_imagenet.read(folder)
        assert read.ids == (
            "train/n01/images/n01_0.JPEG",
            "train/n02/images/n02_0.JPEG",
            "val/images/val_0.JPEG",
        )
        assert read.labels == ("n01", "n02", "n02")
        assert read.columns == {"split": ("train", "train", "val")}

    @pytest.mark.parametrize(
        ("file", "content", "sentence"),
        [
            ("wnids.txt", "n02\n", "lies in a folder that wnids.txt does not list"),
            ("wnids.txt", "n01 n02\n", "line 1: the line of 'n01' has 2 column(s) where 1 are expected"),
            (
                "val/val_annotations.txt",
                "val_0.JPEG n03 0 0 9 9\n",
                "line 1: the picture 'val_0.JPEG' has the class",
            ),
            ("val/val_annotations.txt", "", "has no line for the picture 'val_0.JPEG'"),
            (
                "val/val_annotations.txt",
                "val_0.JPEG n02 0 0 9 9\nval_1.JPEG n02 0 0 9 9\n",
                "the picture 'val_1.JPEG' of val_annotations.txt is missing",
            ),
            (
                "val/val_annotations.txt",
                "val_0.JPEG n02 0 0 9 9\nval_0.JPEG n01 0 0 9 9\n",
                "line 2: the picture 'val_0.JPEG' is there a second time",
            ),
        ],
    )
    def test_a_fault_is_told(self, folder, file, content, sentence):
        (folder / file).write_text(content)
        assert sentence in refusal(tiny_imagenet.read, folder)
