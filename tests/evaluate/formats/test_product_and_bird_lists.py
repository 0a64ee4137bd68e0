"""The lists of Stanford Online Products and of CUB-200-2011 become labels."""

import pytest

from evaluate.errors import EvaluationError
from evaluate.formats import cub, sop

HEADER = "image_id class_id super_class_id path\n"
TRAIN = HEADER + "1 1 1 bicycle_final/1_0.JPG\n2 1 1 bicycle_final/1_1.JPG\n"
TEST = HEADER + "3 11319 2 chair_final/3_0.JPG\n"


def refusal(read, path):
    with pytest.raises(EvaluationError) as caught:
        read(path)
    return str(caught.value)


class TestStanfordOnlineProducts:
    @pytest.fixture
    def folder(self, tmp_path):
        (tmp_path / "Ebay_train.txt").write_text(TRAIN)
        (tmp_path / "Ebay_test.txt").write_text(TEST)
        return tmp_path

    def test_a_folder_has_both_lists(self, folder):
        read = sop.read(folder)
        assert read.ids == ("bicycle_final/1_0.JPG", "bicycle_final/1_1.JPG", "chair_final/3_0.JPG")
        assert read.labels == ("1", "1", "11319")
        assert read.columns == {
            "image_id": ("1", "2", "3"),
            "super_class_id": ("1", "1", "2"),
            "split": ("train", "train", "test"),
        }
        assert read.lines.tolist() == [2, 3, 2]

    def test_one_list_is_of_the_part_in_its_name(self, folder):
        assert sop.read(folder / "Ebay_test.txt").columns["split"] == ("test",)
        (folder / "mine.txt").write_text(TEST)
        assert sop.read(folder / "mine.txt").columns["split"] == ("",)

    @pytest.mark.parametrize(
        ("content", "sentence"),
        [
            (HEADER, " lists no image; it must have a line for each below the first"),
            ("", ": the first line must be 'image_id class_id super_class_id path'; put it there"),
            (
                "3 11319 2 a.JPG\n",
                ": the first line must be 'image_id class_id super_class_id path'; put it there",
            ),
            (
                TEST + "4 11319 bad.JPG\n",
                ", line 3: the line of '4' has 3 column(s) where 4 are expected "
                "(image_id class_id super_class_id path); names must not hold white space",
            ),
            (
                HEADER + "3 11319 2 bicycle_final/1_1.JPG\n",
                ", line 2: the image 'bicycle_final/1_1.JPG' was already given (Ebay_train.txt, line 3); "
                "keep one of the two",
            ),
        ],
    )
    def test_a_fault_is_told(self, folder, content, sentence):
        path = folder / "Ebay_test.txt"
        path.write_text(content)
        assert refusal(sop.read, folder) == f"{path}{sentence}"


class TestBirds:
    LISTS = {  # noqa: RUF012
        "images.txt": "1 001.Albatross/a.jpg\n2 101.Pelican/b.jpg\n3 100.Gull/c.jpg\n",
        "image_class_labels.txt": "1 1\n2 101\n3 100\n",
        "classes.txt": "1 001.Albatross\n100 100.Gull\n101 101.Pelican\n",
        "train_test_split.txt": "1 0\n2 1\n3 1\n",
    }

    @pytest.fixture
    def folder(self, tmp_path):
        for name, content in self.LISTS.items():
            (tmp_path / name).write_text(content)
        return tmp_path

    def test_the_lists_are_put_together(self, folder):
        read = cub.read(folder)
        assert read.ids == ("001.Albatross/a.jpg", "101.Pelican/b.jpg", "100.Gull/c.jpg")
        assert read.labels == ("1", "101", "100")
        assert read.columns == {
            "image_id": ("1", "2", "3"),
            "class_name": ("001.Albatross", "101.Pelican", "100.Gull"),
            "split": ("test", "train", "train"),
            "zero_shot_split": ("train", "test", "train"),
        }
        assert read.place(1) == f"{folder / 'images.txt'}, line 2: the image '101.Pelican/b.jpg'"

    @pytest.mark.parametrize(
        ("file", "content", "sentence"),
        [
            ("images.txt", "", " is empty; it must have a line 'image path' for each"),
            (
                "images.txt",
                "1 a.jpg\n1 b.jpg\n",
                ", line 2: the number '1' was already given on line 1; keep one of the two",
            ),
            (
                "images.txt",
                "1 a.jpg\n2 a.jpg\n",
                ", line 2: the image 'a.jpg' (number 2) was already given on line 1; keep one of the two",
            ),
            ("image_class_labels.txt", "1 1\n2 101\n", " has no line for the image '3'; add it"),
            ("classes.txt", "1 001.Albatross\n", " has no line for the class '101'; add it"),
            ("train_test_split.txt", "1 1\n3 1\n", " has no line for the image '2'; add it"),
            (
                "train_test_split.txt",
                "1 0\n2 yes\n3 1\n",
                ", line 2: the image '2' must have 1 (training) or 0 (test), got 'yes'",
            ),
        ],
    )
    def test_a_fault_is_told(self, folder, file, content, sentence):
        (folder / file).write_text(content)
        assert refusal(cub.read, folder) == f"{folder / file}{sentence}"

    def test_a_class_must_be_a_number(self, folder):
        (folder / "image_class_labels.txt").write_text("1 gull\n2 101\n3 100\n")
        (folder / "classes.txt").write_text("gull G\n100 H\n101 P\n")
        assert refusal(cub.read, folder).endswith(
            "line 1: the class of the image '1' must be a number, got 'gull'"
        )

    def test_a_missing_list_is_named(self, folder):
        (folder / "classes.txt").unlink()
        assert refusal(cub.read, folder).startswith(f"{folder / 'classes.txt'} cannot be read")
