import numpy as np

from train.samplers.random import Config, build

order = build(Config())


def test_every_photo_is_shown_once_but_for_the_last_batch():
    places = order(np.zeros(11, np.int64), 4, np.random.default_rng(0))
    assert places.shape == (2, 4)
    assert len(set(places.ravel().tolist()) & set(range(11))) == 8


def test_only_batch_is_kept_though_it_is_not_full():
    places = order(np.zeros(3, np.int64), 4, np.random.default_rng(0))
    assert sorted(places[0]) == [0, 1, 2]


def test_generator_alone_decides():
    first, again, other = (
        order(np.zeros(20, np.int64), 5, np.random.default_rng(seed)) for seed in (1, 1, 2)
    )
    assert (first == again).all()
    assert (first != other).any()
