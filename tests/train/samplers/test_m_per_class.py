import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from extract.errors import ConfigError
from train.errors import TrainingError
from train.samplers.m_per_class import Config, build, order


def epoch(labels, batch_size, per_class, seed=0):
    return order(np.array(labels), batch_size, np.random.default_rng(seed), per_class)


def test_classes_of_like_size_are_shown_whole_once():
    # 6 classes of 8 photos are 12 groups of 4: 6 batches of 2 groups, and no photo is left.
    labels = np.repeat(np.arange(6), 8)
    places = epoch(labels, 8, 4)
    assert places.shape == (6, 8)
    assert sorted(places.ravel()) == list(range(48))


def test_class_smaller_than_its_share_of_a_batch_comes_again_in_other_views():
    # Class 0 has photos 0 and 1; as 5 places it is 0, 1, 0', 1', 0'': photo p in its r-th view is p + 7 r.
    places = epoch([0, 0, 1, 1, 1, 1, 1], 10, 5)
    assert places.shape == (1, 10)
    of_class_0 = places[0][places[0] % 7 < 2]
    assert sorted(of_class_0) in ([0, 1, 7, 8, 14], [0, 1, 7, 8, 15])


def test_last_group_is_filled_up_with_photos_that_are_not_in_it():
    # 2 classes of 5 in groups of 4: 4 groups, 2 batches; of each class 3 photos are shown twice.
    places = epoch([0] * 5 + [1] * 5, 8, 4)
    assert places.shape == (2, 8)
    assert np.bincount(np.bincount(places.ravel() % 10)).tolist() == [0, 4, 6]
    assert all(len(set(batch % 10)) == 8 for batch in places)


def test_class_that_is_too_large_does_not_fill_batches_by_itself():
    # Groups of 2: class 0 has 50, classes 1, 2 and 3 one each. Batches of 2 classes: 3 of them, each
    # with one of the small classes and another group of class 0.
    labels = np.array([0] * 100 + [1, 1, 2, 2, 3, 3])
    places = epoch(labels, 4, 2)
    assert places.shape == (3, 4)
    assert (labels[places] == 0).sum(axis=1).tolist() == [2, 2, 2]
    assert set(range(100, 106)) <= set(places.ravel().tolist())


@given(
    sizes=st.lists(st.integers(1, 30), min_size=2, max_size=12),
    num_classes=st.integers(1, 4),
    per_class=st.integers(2, 5),
    seed=st.integers(0, 2**32),
)
def test_every_batch_is_balanced_and_no_view_is_shown_twice(sizes, num_classes, per_class, seed):
    num_classes = min(num_classes, len(sizes))
    labels = np.random.default_rng(seed).permutation(np.repeat(np.arange(len(sizes)), sizes))
    places = epoch(labels, num_classes * per_class, per_class, seed)
    assert len(set(places.ravel().tolist())) == places.size
    for batch in places:
        counts = np.bincount(labels[batch % len(labels)])
        assert sorted(counts[counts > 0].tolist()) == [per_class] * num_classes
    # The slow version of the number of steps: as long as the classes can fill one batch more.
    groups = [-(-size // per_class) for size in sizes]
    steps = 1
    while sum(min(one, steps + 1) for one in groups) >= (steps + 1) * num_classes:
        steps += 1
    assert len(places) == steps


def test_same_generator_draws_the_same_epoch_and_another_draws_another():
    labels = np.repeat(np.arange(5), 9)
    assert (epoch(labels, 8, 4, 3) == epoch(labels, 8, 4, 3)).all()
    assert (epoch(labels, 8, 4, 3) != epoch(labels, 8, 4, 4)).any()


def test_plug_in_takes_its_setting():
    drawn = build(Config(per_class=2))(np.repeat(np.arange(4), 4), 8, np.random.default_rng(0))
    assert drawn.shape == (2, 8)


def test_batch_that_is_no_multiple_is_refused():
    with pytest.raises(TrainingError, match=r"multiple of sampler.per_class \(4\), got 10"):
        epoch([0, 1], 10, 4)


def test_too_few_classes_are_told_with_a_batch_size_that_works():
    with pytest.raises(TrainingError, match="needs 4 classes, and there are 3; set batch_size to 12"):
        epoch([0, 1, 2], 16, 4)


def test_one_photo_a_class_is_refused():
    with pytest.raises(ConfigError, match="per_class must be at least 2"):
        Config(per_class=1)
