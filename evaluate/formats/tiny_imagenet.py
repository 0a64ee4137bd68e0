"""Labels of Tiny ImageNet: folders of training classes, and a list that tells the classes of the rest."""

from pathlib import Path

from evaluate.errors import EvaluationError
from evaluate.formats.folders import folder_table, pictures
from evaluate.formats.labels import LabelTable
from evaluate.formats.reading import word_lines

CLASSES_FILE = "wnids.txt"


def read(folder: Path) -> LabelTable:
    """Take train/<class>/images and val/images below `folder`, with their part in the column split.

    Ids are paths from `folder`, such as train/n01443537/images/n01443537_0.JPEG. The pictures of test/ have
    no label and are left out. Source: the archive tiny-imagenet-200.

    Raises:
        EvaluationError: a file or folder is missing or unfit, a class is not in wnids.txt, or a picture of
            val has no class or a class there has no picture.
    """
    classes = {words[0] for _, words in word_lines(folder / CLASSES_FILE, 1, "class")}
    train = [f"train/{name}" for name in pictures(folder / "train")]
    labels = [image_id.split("/")[1] for image_id in train]
    for image_id, label in zip(train, labels, strict=True):
        if label not in classes:
            raise EvaluationError(
                f"{folder}: the picture {image_id!r} lies in a folder that {CLASSES_FILE} does not list; "
                "move it into the folder of its class"
            )
    class_of = _annotations(folder / "val" / "val_annotations.txt", classes)
    names = pictures(folder / "val" / "images")
    for name in names:
        if name not in class_of:
            raise EvaluationError(
                f"{folder / 'val' / 'val_annotations.txt'} has no line for the picture {name!r} of "
                "val/images; add its class or take the picture away"
            )
    for name in class_of.keys() - set(names):
        raise EvaluationError(
            f"{folder / 'val' / 'images'}: the picture {name!r} of val_annotations.txt is missing; "
            "unpack the archive anew"
        )
    val = [f"val/images/{name}" for name in names]
    splits = ["train"] * len(train) + ["val"] * len(val)
    return folder_table(folder, train + val, labels + [class_of[name] for name in names], {"split": splits})


def _annotations(path: Path, classes: set[str]) -> dict[str, str]:
    class_of: dict[str, str] = {}
    for line, (name, label, *_) in word_lines(path, 6, "picture class x0 y0 x1 y1"):
        if label not in classes:
            raise EvaluationError(
                f"{path}, line {line}: the picture {name!r} has the class {label!r}, which {CLASSES_FILE} "
                "does not list; mend one of the two"
            )
        if name in class_of:
            raise EvaluationError(
                f"{path}, line {line}: the picture {name!r} is there a second time; keep one of the two"
            )
        class_of[name] = label
    return class_of
