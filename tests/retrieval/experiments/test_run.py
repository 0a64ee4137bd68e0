"""Runs of arms and seeds: kept ones are not run again, changed ones are, and all ask the same queries."""

import dataclasses

import numpy as np
import pytest

from evaluate.outcome import Outcome
from extract.errors import ConfigError
from retrieval.experiments import _run


@pytest.fixture
def work(tmp_path):
    return _run.Work(tmp_path, True, 0, tmp_path, tmp_path / "out", {})


def run_all(work, seeds=2):
    told = []
    return _run.run_all("fake", work, seeds, lambda *one: told.append(one)), told


def test_every_arm_runs_once_a_seed_and_then_never_again(fake, work):
    found, _ = run_all(work)
    assert fake.calls == [("good", 0), ("bad", 0), ("good", 1), ("bad", 1)]
    again, told = run_all(work)
    assert len(fake.calls) == 4
    assert all(is_kept for _, _, is_kept in told)
    for arm in found:
        for first, second in zip(found[arm], again[arm], strict=True):
            np.testing.assert_array_equal(first.outcomes["accuracy"].hits, second.outcomes["accuracy"].hits)


def test_a_run_that_was_broken_off_goes_on_with_what_is_missing(fake, work):
    run_all(work, seeds=1)
    run_all(work, seeds=2)
    assert fake.calls[2:] == [("good", 1), ("bad", 1)]


def test_changed_settings_are_run_again(fake, work):
    run_all(work, seeds=1)
    good, bad = fake.STUDY.small_arms
    changed = dataclasses.replace(good, settings={"share": 0.8})
    fake.STUDY = dataclasses.replace(fake.STUDY, small_arms=(changed, bad))
    run_all(work, seeds=1)
    assert fake.calls[2:] == [("good", 0)]


def test_an_arm_of_one_seed_runs_once(fake, work):
    good, bad = fake.STUDY.small_arms
    fake.STUDY = dataclasses.replace(fake.STUDY, small_arms=(good, dataclasses.replace(bad, one_seed=True)))
    found, _ = run_all(work)
    assert fake.calls == [("good", 0), ("bad", 0), ("good", 1)]
    assert len(found["bad"]) == 1


def test_arms_that_ask_other_queries_are_refused(fake, work):
    def run(arm, own):
        count = 3 if arm.name == "good" else 4
        ones = np.ones(count, np.int64)
        measured = original(arm, own)
        return dataclasses.replace(measured, outcomes={"accuracy": Outcome(ones[:, None] > 0, ones, ones)})

    original, fake.run = fake.run, run
    with pytest.raises(ConfigError, match="other queries"):
        run_all(work)
