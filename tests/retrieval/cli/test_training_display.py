"""What a training says of itself on stderr."""

import pytest

from evaluate.figures import Figure
from retrieval.cli._training import TrainingDisplay
from train.events import EpochDone, Untrained
from train.judge import Judged


def judged(value):
    return Judged("map@100", Figure(value, value - 0.1, value + 0.1, 8), False)


@pytest.mark.parametrize(
    ("values", "is_told"), [((0.5, 0.4), True), ((0.4, 0.7), False), ((0.7, 0.4), False)]
)
def test_a_training_that_did_not_help_says_so(capsys, values, is_told):
    display = TrainingDisplay()
    display(Untrained(judged(0.6)))
    best = 0.0
    for epoch, value in enumerate(values, 1):
        display(EpochDone(epoch, 2, 4 * epoch, 1.0, judged(value), value > best, 1.0))
        best = max(best, value)
    display.close()
    told = capsys.readouterr().err
    assert "before training: map@100 0.600 [0.500, 0.700] over 8 queries" in told
    assert ("no epoch was better than the network before training" in told) == is_told
