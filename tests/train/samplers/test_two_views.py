import numpy as np
import pytest

from train.errors import TrainingError
from train.samplers.two_views import Config, build

order = build(Config())


def test_every_photo_is_twice_in_a_row_in_two_views():
    # 7 photos in batches of 4: 3 batches of 2 photos; place p + 7 is the second view of photo p.
    places = order(np.arange(7), 4, np.random.default_rng(0))
    assert places.shape == (3, 4)
    pairs = places.reshape(-1, 2)
    assert (pairs[:, 1] - pairs[:, 0] == 7).all()
    assert len(set(pairs[:, 0].tolist()) & set(range(7))) == 6


def test_odd_batch_is_refused():
    with pytest.raises(TrainingError, match="batch_size is 5; set an even one"):
        order(np.arange(7), 5, np.random.default_rng(0))
