import math

import pytest

from train.schedule import factor
from train.settings import Optimiser


def factors(total, steps_per_epoch=10, **settings):
    return [factor(Optimiser(**settings), step, total, steps_per_epoch) for step in range(total)]


def test_rate_rises_in_equal_parts_then_falls_along_a_cosine():
    # Warm-up of 2: 1/2, 1. Then (1 + cos(pi * progress)) / 2 at progress 0, 1/4, 2/4, 3/4.
    root = math.sqrt(0.5)
    expected = [0.5, 1.0, 1.0, (1 + root) / 2, 0.5, (1 - root) / 2]
    assert factors(6, schedule="cosine", warmup_steps=2) == pytest.approx(expected)


def test_rate_is_multiplied_every_few_epochs():
    # Epochs of two steps, gamma every second epoch: four steps each.
    given = factors(10, 2, schedule="step", warmup_steps=0, step_epochs=2, gamma=0.1)
    assert given == pytest.approx([1.0] * 4 + [0.1] * 4 + [0.01] * 2)


def test_constant_rate_stays_after_the_warm_up():
    assert factors(8, schedule="constant", warmup_steps=4) == [0.25, 0.5, 0.75, 1.0, 1.0, 1.0, 1.0, 1.0]


def test_warm_up_takes_at_most_half_of_a_run():
    assert factors(4, schedule="constant", warmup_steps=30) == [0.5, 1.0, 1.0, 1.0]
    assert factors(1, schedule="cosine", warmup_steps=30) == [1.0]


def test_step_behind_the_last_one_is_refused():
    with pytest.raises(ValueError, match="below 4, got 4"):
        factor(Optimiser(), 4, 4, 1)
