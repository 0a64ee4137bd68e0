import pytest

from train import run_folder
from train.errors import TrainingError


def test_a_folder_that_suits_is_let_pass(tmp_path, tiny_recipe):
    run_folder.check(tmp_path / "new", resume=False)
    run_folder.check(tmp_path, resume=False)
    # Killed before it had written anything.
    (tmp_path / "LOCK").touch()
    (tmp_path / "train.toml.part").touch()
    run_folder.check(tmp_path, resume=True)
    run_folder.check(tmp_path, resume=False)
    run_folder.write_settings(tmp_path, tiny_recipe())
    run_folder.check(tmp_path, resume=True)
    # Ended by a mistake before its first step.
    run_folder.check(tmp_path, resume=False)


def test_a_folder_that_does_not_is_refused_with_what_to_do(tmp_path, tiny_recipe):
    with pytest.raises(TrainingError, match="holds no run to go on with; leave out --resume"):
        run_folder.check(tmp_path / "new", resume=True)
    (tmp_path / "holiday.jpg").touch()
    with pytest.raises(TrainingError, match="is not empty; give a new one"):
        run_folder.check(tmp_path, resume=False)
    with pytest.raises(TrainingError, match="is a file"):
        run_folder.check(tmp_path / "holiday.jpg", resume=False)
    run_folder.write_settings(tmp_path, tiny_recipe())
    with pytest.raises(TrainingError, match="go on with the run in it by --resume"):
        run_folder.check(tmp_path, resume=False)


def test_a_folder_is_one_trainings_at_a_time(tmp_path):
    with (
        run_folder.held(tmp_path / "run"),
        pytest.raises(TrainingError, match="another training writes to"),
        run_folder.held(tmp_path / "run"),
    ):
        pass
