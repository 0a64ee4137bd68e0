import dataclasses

import pytest

from evaluate.figures import Figure
from train import log
from train.errors import TrainingError
from train.events import EpochDone, StepDone
from train.judge import Judged
from train.log import Log

JUDGED = Judged("map@100", Figure(0.5, 0.25, 0.75, 40), False)
STEP = StepDone(1, 1, 2.5, 1e-4, 31.25)
EPOCH = EpochDone(1, 2, 2, 2.0, JUDGED, True, 1.5)


@pytest.fixture(autouse=True)
def without_tensorboard(monkeypatch, request):
    if "tensorboard" not in request.node.name:
        monkeypatch.setattr(log, "has_tensorboard", lambda: False)


def test_rows_are_written_as_they_come(tmp_path):
    kept = Log(tmp_path)
    kept.add_step(STEP)
    kept.add_epoch(EPOCH)
    # Not closed: a run that is killed has them all the same.
    assert log.read(tmp_path / log.STEPS_FILE) == [
        {"step": "1", "epoch": "1", "loss": "2.5", "rate": "0.0001", "images_per_second": "31.2"}
    ]
    (row,) = log.read(tmp_path / log.EPOCHS_FILE)
    assert (row["metric"], row["value"], row["low"], row["high"]) == ("map@100", "0.5", "0.25", "0.75")
    assert (row["queries"], row["best"], row["seconds"]) == ("40", "1", "1.5")
    kept.close()


def test_an_epoch_that_was_not_judged_has_no_figure(tmp_path):
    kept = Log(tmp_path)
    kept.add_epoch(dataclasses.replace(EPOCH, judged=None, is_best=False))
    kept.close()
    (row,) = log.read(tmp_path / log.EPOCHS_FILE)
    assert (row["value"], row["best"], row["loss"]) == ("", "0", "2.0")


def test_steps_behind_the_checkpoint_are_taken_out(tmp_path):
    kept = Log(tmp_path)
    for step in range(1, 6):
        kept.add_step(dataclasses.replace(STEP, step=step))
    kept.add_epoch(EPOCH)
    kept.add_epoch(dataclasses.replace(EPOCH, epoch=2, step=4))
    kept.close()
    with (tmp_path / log.STEPS_FILE).open("a") as file:
        file.write("6,1,2.")  # killed in the midst of a row
    kept = Log(tmp_path, step=3, epoch=1)
    kept.add_step(dataclasses.replace(STEP, step=4, loss=9.0))
    kept.close()
    rows = log.read(tmp_path / log.STEPS_FILE)
    assert [(row["step"], row["loss"]) for row in rows] == [
        ("1", "2.5"),
        ("2", "2.5"),
        ("3", "2.5"),
        ("4", "9.0"),
    ]
    assert [row["epoch"] for row in log.read(tmp_path / log.EPOCHS_FILE)] == ["1"]


def test_a_log_that_cannot_be_written_is_one_sentence(tmp_path):
    (tmp_path / log.STEPS_FILE).mkdir()
    with pytest.raises(TrainingError, match="cannot write the log in .*; the last checkpoint is whole"):
        Log(tmp_path)


def test_tensorboard_is_told_the_same(tmp_path):
    loading = pytest.importorskip("tensorboard.backend.event_processing.event_file_loader")
    kept = Log(tmp_path)
    kept.add_step(STEP)
    kept.add_epoch(EPOCH)
    kept.close()
    (file,) = (tmp_path / log.EVENTS_FOLDER).iterdir()
    told = {
        value.tag: (event.step, value.tensor.float_val[0])
        for event in loading.EventFileLoader(str(file)).Load()
        for value in event.summary.value
    }
    assert told["train/loss"] == (1, 2.5)
    assert told["validation/map@100 value"] == (2, 0.5)
