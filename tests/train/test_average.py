import contextlib

import pytest
import torch
from torch import nn

from train.average import RunningAverage


def network(value):
    built = nn.Sequential(nn.Linear(1, 1, bias=False), nn.BatchNorm1d(1))
    nn.init.constant_(built[0].weight, value)
    return built


def test_average_follows_the_formula_with_a_growing_decay():
    trained = network(1.0)
    average = RunningAverage(trained, 0.15)
    for value in (2.0, 4.0, 0.0):
        nn.init.constant_(trained[0].weight, value)
        average.update()
    # Decays min(.15, 1/10), min(.15, 2/11), min(.15, 3/12) = .1, .15, .15:
    # .1 * 1 + .9 * 2 = 1.9;  .15 * 1.9 + .85 * 4 = 3.685;  .15 * 3.685 = .55275
    with average.swapped():
        assert trained[0].weight.item() == pytest.approx(0.55275)
    assert trained[0].weight.item() == 0.0


def test_statistics_are_averaged_and_counts_are_taken_as_they_are():
    trained = network(1.0)
    average = RunningAverage(trained, 0.5)
    trained[1].running_mean.fill_(10.0)
    trained[1].num_batches_tracked.fill_(7)
    average.update()
    with average.swapped():
        # .1 * 0 + .9 * 10
        assert trained[1].running_mean.item() == pytest.approx(9.0)
        assert trained[1].num_batches_tracked.item() == 7


def test_own_weights_come_back_after_an_error():
    trained = network(1.0)
    average = RunningAverage(trained, 0.5)
    nn.init.constant_(trained[0].weight, 3.0)
    with contextlib.suppress(KeyError), average.swapped():
        assert trained[0].weight.item() == 1.0
        raise KeyError
    assert trained[0].weight.item() == 3.0


def test_frozen_parameters_are_not_kept_twice():
    trained = network(1.0)
    trained[0].weight.requires_grad_(False)
    kept = RunningAverage(trained, 0.5).state()["averages"]
    assert sorted(kept) == ["1.bias", "1.num_batches_tracked", "1.running_mean", "1.running_var", "1.weight"]


def test_average_goes_on_from_its_state():
    first, second = network(1.0), network(5.0)
    average, other = RunningAverage(first, 0.9), RunningAverage(second, 0.9)
    average.update()
    other.load(**average.state())
    for trained, running in ((first, average), (second, other)):
        nn.init.constant_(trained[0].weight, 2.0)
        running.update()
    assert torch.equal(average.state()["averages"]["0.weight"], other.state()["averages"]["0.weight"])


def test_state_of_another_network_is_refused():
    average = RunningAverage(nn.Linear(1, 1), 0.5)
    with pytest.raises(ValueError, match="another network"):
        average.load(**RunningAverage(network(1.0), 0.5).state())
