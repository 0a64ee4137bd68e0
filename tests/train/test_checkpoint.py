import errno
import os

import pytest
import torch

from evaluate.figures import Figure
from train import checkpoint
from train.checkpoint import Best, Progress
from train.errors import TrainingError
from train.judge import Judged
from train.origin import Origin

ORIGIN = Origin({"epochs": 3, "network": {"dim": 8}}, "abc", 1)
PROGRESS = Progress(
    step=7, epoch=2, loss_sum=0.1 + 0.2, best=Best(1, Judged("map@100", Figure(1 / 3, 0.1, 0.9, 30), False)),
    waited=1, failures=(("a", "cut off"), ("b", "gone")), seconds=1.5, step_seconds=1.0,
)  # fmt: skip


def test_a_checkpoint_gives_back_what_was_saved(tmp_path):
    state = {"weights": torch.rand(3), "nested": {"steps": 4, "nothing": None}}
    assert not checkpoint.exists(tmp_path)
    checkpoint.save(tmp_path, ORIGIN, PROGRESS, state)
    progress, read = checkpoint.load(tmp_path, ORIGIN)
    assert progress == PROGRESS
    assert torch.equal(read["weights"], state["weights"])
    assert read["nested"] == state["nested"]
    checkpoint.mark_finished(tmp_path, ORIGIN)
    assert checkpoint.load(tmp_path, ORIGIN)[0].is_finished


def test_a_run_goes_on_with_nothing_but_what_it_was_begun_with(tmp_path):
    checkpoint.save(tmp_path, ORIGIN, PROGRESS, {})
    with pytest.raises(TrainingError, match="begun with another recipe .network.dim: 8, not 9.; go on with"):
        checkpoint.load(tmp_path, Origin({"epochs": 3, "network": {"dim": 9}}, "abc", 1))


@pytest.mark.parametrize(
    "content",
    [b"", b"no checkpoint", b"junk\n", b"PK\3\4 cut off"],
    ids=["empty", "text", "word", "cut"],
)
def test_a_damaged_checkpoint_is_one_sentence(tmp_path, content):
    (tmp_path / checkpoint.LAST_FILE).write_bytes(content)
    with pytest.raises(TrainingError, match="checkpoint.pt' cannot be read; train into a new folder"):
        checkpoint.load(tmp_path, ORIGIN)


def test_a_checkpoint_runs_no_code(tmp_path):
    class Harmful:
        def __reduce__(self):
            return os.mkdir, (str(tmp_path / "harm"),)

    torch.save({"origin": Harmful()}, tmp_path / checkpoint.LAST_FILE)
    with pytest.raises(TrainingError, match="cannot be read"):
        checkpoint.load(tmp_path, ORIGIN)
    assert not (tmp_path / "harm").exists()


def test_a_file_of_something_else_is_told(tmp_path):
    torch.save({"weights": torch.rand(2)}, tmp_path / checkpoint.LAST_FILE)
    with pytest.raises(TrainingError, match="is no checkpoint of a training"):
        checkpoint.load(tmp_path, ORIGIN)


def test_a_full_disk_leaves_the_checkpoint_before(tmp_path, monkeypatch):
    checkpoint.save(tmp_path, ORIGIN, PROGRESS, {"step": 7})

    def full(descriptor):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(TrainingError, match="No space left on device; what was written before is whole"):
        checkpoint.save(tmp_path, ORIGIN, PROGRESS, {"step": 8})
    assert checkpoint.load(tmp_path, ORIGIN)[1] == {"step": 7}
    assert [path.name for path in tmp_path.iterdir()] == [checkpoint.LAST_FILE]


def test_of_the_best_weights_those_stay_that_a_checkpoint_names(tmp_path):
    checkpoint.save_best(tmp_path, 1, {"epoch": 1})
    checkpoint.save_best(tmp_path, 12, {"epoch": 12})
    checkpoint.drop_others(tmp_path, 12)
    assert [path.name for path in tmp_path.iterdir()] == ["best-12.pt"]
    assert checkpoint.load_best(tmp_path, 12) == {"epoch": 12}
