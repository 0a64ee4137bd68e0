import numpy as np
import pytest
import torch

from extract.photos import Photos
from train import loader
from train.broken import BrokenPhotos
from train.errors import TrainingError
from train.loader import batches, default_workers
from train.photo_dataset import PhotoDataset
from train.plan import Planned
from train.settings import Views
from train.split import hold_back

VIEWS = Views(size_px=32, policy="trivialaugment")


@pytest.fixture
def labelled(tmp_path, write_photos):
    """Nine photographs of three classes: 0 to 2 are a, 3 to 5 b, 6 to 8 c."""
    photos = write_photos(tmp_path / "photos", 9)
    return Photos(photos.ids, photos.paths, tuple("aaabbbccc"), photos.metadata)


def made(photos, plan, *, workers=0, views=VIEWS, seed=0, labels=True):
    dataset = PhotoDataset(hold_back(photos, 0.0, 0, labels=labels), views, seed)
    broken = BrokenPhotos(len(photos))
    planned = [Planned(epoch, np.array(places)) for epoch, places in plan]
    return list(batches(dataset, planned, broken, workers=workers)), broken


def ruin(photos, *places):
    for place in places:
        with open(photos.paths[place], "r+b") as file:
            file.truncate(700)


def test_batch_holds_what_the_plan_says(labelled):
    (batch,), _ = made(labelled, [(0, [3, 0, 17])])
    # Place 17 is photo 17 - 9 = 8 in its second view.
    assert batch.ids == ("003.jpg", "000.jpg", "008.jpg")
    assert batch.labels.tolist() == [1, 0, 2]
    assert batch.inputs.shape == (3, 3, 32, 32)
    assert batch.inputs.dtype == torch.uint8
    assert batch.inputs.is_contiguous(memory_format=torch.channels_last)


def test_pictures_depend_on_neither_workers_nor_where_the_plan_begins(labelled):
    ruin(labelled, 4)
    plan = [(0, [0, 4, 8, 12]), (0, [2, 3, 5, 7]), (1, [0, 4, 8, 12]), (1, [1, 2, 6, 6])]
    alone, broken = made(labelled, plan)
    apart, broken_apart = made(labelled, plan, workers=2)
    rest, _ = made(labelled, plan[2:])
    for one, two in zip(alone + alone[2:], apart + rest, strict=True):
        assert (one.inputs == two.inputs).all()
        assert one.ids == two.ids
    assert broken.failures == broken_apart.failures


def test_view_of_a_photo_does_not_depend_on_its_batch(labelled):
    (first, second), _ = made(labelled, [(0, [1, 2]), (0, [5, 1, 3])])
    assert (first.inputs[0] == second.inputs[1]).all()


def test_views_differ_between_copies_epochs_and_seeds(labelled):
    (batch, later), _ = made(labelled, [(0, [1, 10]), (1, [1, 10])])
    (other,), _ = made(labelled, [(0, [1, 10])], seed=1)
    pictures = [*batch.inputs, *later.inputs, *other.inputs]
    assert len({picture.numpy().tobytes() for picture in pictures}) == 6


def test_fixed_views_are_those_of_the_first_epoch(labelled):
    views = Views(size_px=32, copies=2, fixed=True)
    (first, second), _ = made(labelled, [(0, [1, 10]), (5, [1, 10])], views=views)
    assert (first.inputs == second.inputs).all()
    assert (first.inputs[0] != first.inputs[1]).any()


def test_next_photo_of_the_class_stands_in_for_a_broken_one(labelled):
    ruin(labelled, 4, 5)
    open(labelled.paths[0], "w").close()
    (batch, _), broken = made(labelled, [(0, [0, 4, 5]), (0, [0, 4, 5])])
    assert batch.ids == ("001.jpg", "003.jpg", "003.jpg")
    assert batch.labels.tolist() == [0, 1, 1]
    # Each in the view that the broken one would have had.
    assert (batch.inputs[1] != batch.inputs[2]).any()
    assert [photo_id for photo_id, _ in broken.failures] == ["000.jpg", "004.jpg", "005.jpg"]
    assert dict(broken.failures)["000.jpg"] == "empty file"


def test_without_labels_any_photo_stands_in_with_its_own_number(labelled):
    ruin(labelled, 2)
    (batch,), _ = made(labelled, [(0, [2, 11])], labels=False)
    assert batch.ids == ("003.jpg", "003.jpg")
    assert batch.labels.tolist() == [3, 3]


def test_class_of_broken_photos_alone_stops_the_run_by_name(labelled):
    ruin(labelled, 3, 4, 5)
    with pytest.raises(TrainingError, match=r"no photo of the class 'b' can be read \('003.jpg'"):
        made(labelled, [(0, [0, 4])])


def test_run_stops_where_more_than_half_are_broken(labelled):
    ruin(labelled, 0, 1, 3, 4, 6)
    with pytest.raises(TrainingError, match="5 of 9 photos cannot be read"):
        made(labelled, [(0, [0, 3]), (0, [6])])


def test_process_that_dies_is_one_sentence(labelled, monkeypatch):
    def died(*given, **settings):
        yield from ()
        raise RuntimeError("DataLoader worker (pid(s) 7) exited unexpectedly")

    monkeypatch.setattr(loader, "DataLoader", died)
    with pytest.raises(TrainingError, match=r"has died \(DataLoader worker .pid.s. 7.*--resume"):
        made(labelled, [(0, [0])])


def test_loader_leaves_the_state_of_torch_alone(labelled):
    torch.manual_seed(3)
    expected = torch.rand(2)
    torch.manual_seed(3)
    made(labelled, [(0, [0, 3])])
    assert torch.rand(2).tolist() == expected.tolist()


def test_processor_that_trains_has_one_worker():
    assert default_workers(torch.device("cpu")) == 1
