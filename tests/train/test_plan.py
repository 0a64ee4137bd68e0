import numpy as np

from train import recipe as recipes
from train.plan import Plan


def plan_of(labels, **values):
    return Plan(recipes.from_plain({"batch_size": 4, "epochs": 3, **values}), np.array(labels))


def test_run_that_goes_on_sees_what_was_left():
    plan = plan_of(range(10))
    whole = list(plan.from_step(0))
    rest = list(plan.from_step(3))
    # 10 photos in batches of 4 are 2 steps an epoch: step 3 is the last of epoch 1.
    assert len(whole) == 6
    assert [one.epoch for one in rest] == [1, 2, 2]
    assert all((one.places == two.places).all() for one, two in zip(whole[3:], rest, strict=True))


def test_too_few_photos_for_a_batch_are_a_batch_of_their_own():
    plan = plan_of(range(3))
    assert (plan.num_steps, plan.batch_size) == (1, 3)
    assert sorted(next(plan.from_step(0)).places) == [0, 1, 2]


def test_epochs_are_drawn_anew_and_by_the_seed():
    first, second = plan_of(range(40)).epoch(0), plan_of(range(40)).epoch(1)
    assert (first != second).any()
    assert (plan_of(range(40), seed=1).epoch(0) != first).any()


def test_copies_of_a_photo_are_places_of_their_own():
    places = plan_of(range(4), views={"copies": 3}).epoch(0)
    assert sorted(places.ravel()) == list(range(12))


def test_copies_have_the_class_of_their_photo():
    # With 2 copies of 4 photos a class of 2 photos has 4 places.
    places = plan_of(
        [0, 1, 0, 1], views={"copies": 2}, sampler={"kind": "m-per-class", "per_class": 2}
    ).epoch(0)
    assert places.shape == (2, 4)
    assert all(sorted(batch % 4 % 2) == [0, 0, 1, 1] for batch in places)
    assert sorted(places.ravel()) == list(range(8))
