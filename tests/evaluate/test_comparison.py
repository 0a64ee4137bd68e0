"""Systems compared on the same queries: differences, tests, tallies and what moved, worked by hand."""

import json
from dataclasses import replace

import numpy as np
import pytest

from evaluate import metrics
from evaluate.comparison import Moved, compare
from evaluate.effect_size import Tally
from evaluate.errors import EvaluationError
from evaluate.ground_truth import GroundTruth
from evaluate.image_index import ImageIndex
from evaluate.metric import MeanMetric
from evaluate.paired import difference_interval
from evaluate.rankings import Rankings
from evaluate.report import Sampling
from evaluate.truth import Truth

MAP = metrics.parse("map@100")
FEW = Sampling(resamples=500)
NOTHING = np.empty(0, dtype=np.int64)


def known_of(num_queries, relevant=("r",)):
    """A truth in which the images `relevant` are correct for every query q1, q2, …"""
    images = ImageIndex.of(relevant)
    return GroundTruth(
        Truth(
            tuple(f"q{number}" for number in range(1, num_queries + 1)),
            (np.arange(len(relevant)),) * num_queries,
            (NOTHING,) * num_queries,
            ("",) * num_queries,
        ),
        images,
        is_whole=False,
        source="solution.csv",
        notes=("two queries were left out",),
    )


def answers(known, *ranks):
    """Hold rankings with the image r at each of `ranks`, 0 for nowhere, against a truth."""
    wrong = [f"w{place}" for place in range(max(ranks) + 1)]
    ranked = [[*wrong[: rank - 1], "r"] if rank else wrong[:1] for rank in ranks]
    return known.hold(Rankings.from_ids(known.truth.query_ids, ranked))


@pytest.fixture(scope="module")
def done():
    """AP before: 1, 1/2, 1/4, 0, 1; after: 1, 1, 1, 0, 1/2."""
    known = known_of(5)
    systems = [("old", answers(known, 1, 2, 4, 0, 1)), ("new", answers(known, 1, 1, 1, 0, 2))]
    return compare(systems, known, MAP, sampling=FEW)


class TestByHand:
    def test_figures_and_their_difference(self, done):
        # 2.75 / 5 and 3.5 / 5.
        assert [(name, figure.value, figure.queries) for name, figure in done.figures.items()] == [
            ("old", pytest.approx(0.55), 5),
            ("new", pytest.approx(0.7), 5),
        ]
        (one,) = done.differences
        assert (one.system, one.value, one.queries) == ("new", pytest.approx(0.15), 5)
        assert (done.metric, done.baseline, done.lower_is_better) == ("map@100", "old", False)
        assert done.loss_of(one) == pytest.approx(-0.15)

    def test_wins_ties_and_losses(self, done):
        assert done.differences[0].tally == Tally(2, 2, 1)

    def test_p_counts_every_way_to_swap(self, done):
        # Gains 1/2, 3/4 and -1/2 add up to 3/4. Of the eight sums +-1/2 +-3/4 +-1/2 two are +-7/4, four
        # are +-3/4 and two are +-1/4.
        assert done.differences[0].p == pytest.approx(6 / 8)
        assert done.differences[0].p_holm == done.differences[0].p

    def test_effect_sizes(self, done):
        one = done.differences[0]
        # Differences 0, .5, .75, 0, -.5: mean .15, squares off it add up to .95, deviation sqrt(.95 / 4).
        assert one.d == pytest.approx(0.15 / np.sqrt(0.95 / 4))
        # Sizes .5, .75, .5 have the ranks 1.5, 3, 1.5.
        assert one.rank_biserial == pytest.approx((1.5 + 3 - 1.5) / 6)
        # 1.960 and .8416 standard errors.
        assert one.detectable == pytest.approx(2.8016 * np.sqrt(0.95 / 4) / np.sqrt(5), rel=1e-4)
        assert one.queries_for_a_point == pytest.approx((2.8016 / 0.01) ** 2 * 0.95 / 4, rel=1e-3)

    def test_what_moved_most_comes_first(self, done):
        assert done.differences[0].moved == (
            Moved("q3", 0.25, 1.0, 1, (4,), (1,)),
            Moved("q2", 0.5, 1.0, 1, (2,), (1,)),
            Moved("q5", 1.0, 0.5, 1, (1,), (2,)),
        )

    def test_the_interval_is_the_paired_one(self, done):
        known = known_of(5)
        new, old = answers(known, 1, 1, 1, 0, 2), answers(known, 1, 2, 4, 0, 1)
        expected = difference_interval(MAP, new.outcome, old.outcome, rng=0, resamples=500)
        one = done.differences[0]
        assert (one.low, one.high) == expected
        assert one.low < one.value < one.high

    def test_the_other_way_round_all_signs_turn(self, done):
        known = known_of(5)
        systems = [("new", answers(known, 1, 1, 1, 0, 2)), ("old", answers(known, 1, 2, 4, 0, 1))]
        one, turned = done.differences[0], compare(systems, known, MAP, sampling=FEW).differences[0]
        assert turned.value == pytest.approx(-one.value)
        assert (turned.low, turned.high) == (pytest.approx(-one.high), pytest.approx(-one.low))
        assert (turned.p, turned.tally) == (one.p, Tally(1, 2, 2))

    def test_notes_of_the_truth_stay(self, done):
        assert done.notes[0] == "two queries were left out"


def test_several_systems_are_corrected_after_holm():
    # Gains of n equal queries: only all signs alike are as large, 2 of 2^n. The last query is a tie.
    known = known_of(7)
    systems = [
        ("none", answers(known, 0, 0, 0, 0, 0, 0, 1)),
        ("six", answers(known, 1, 1, 1, 1, 1, 1, 1)),
        ("two", answers(known, 1, 1, 0, 0, 0, 0, 1)),
        ("four", answers(known, 1, 1, 1, 1, 0, 0, 1)),
    ]
    done = compare(systems, known, MAP, sampling=FEW)
    assert [one.p for one in done.differences] == pytest.approx([2 / 64, 2 / 4, 2 / 16])
    # The smallest times three, the next times two, the last times one.
    assert [one.p_holm for one in done.differences] == pytest.approx([6 / 64, 2 / 4, 4 / 16])


@pytest.mark.parametrize("name", ["first-hit", "first-hit-median"])
def test_where_lower_is_better_a_larger_figure_is_worse(name):
    known = known_of(3)
    systems = [("old", answers(known, 1, 2, 3)), ("new", answers(known, 4, 5, 1))]
    done = compare(systems, known, metrics.parse(name), sampling=FEW)
    one = done.differences[0]
    # Means 2 and 10/3; medians 2 and 4. Two queries are found later, one earlier.
    assert one.value == pytest.approx(4 / 3 if name == "first-hit" else 2)
    assert done.loss_of(one) == one.value
    assert one.tally == Tally(1, 0, 2)
    # Gains in ranks -3, -3, 2: mean -4/3, squares off it add up to 2 * 25/9 + 100/9. Sizes 3, 3, 2 have
    # the ranks 2.5, 2.5, 1. As the tally, both are below 0 where the system is worse.
    deviation = np.sqrt((50 / 9 + 100 / 9) / 2)
    assert one.d == pytest.approx(-4 / 3 / deviation)
    assert one.rank_biserial == pytest.approx((1 - 5) / 6)
    # Nobody asks for a hundredth of a rank; of a median the scatter of queries says nothing.
    assert one.queries_for_a_point is None
    if name == "first-hit":
        assert one.detectable == pytest.approx(2.8016 * deviation / np.sqrt(3), rel=1e-4)
    else:
        assert one.detectable is None
    assert done.lower_is_better


def test_a_query_that_a_system_lacks_counts_as_wrong():
    known = known_of(2)
    whole = answers(known, 1, 1)
    part = known.hold(Rankings.from_ids(["q2"], [["r"]]))
    one = compare([("whole", whole), ("part", part)], known, MAP, sampling=FEW).differences[0]
    assert (one.value, one.queries) == (-0.5, 2)
    assert one.moved == (Moved("q1", 1.0, 0.0, 1, (1,), ()),)


def test_only_the_first_ranks_of_correct_images_are_kept():
    known = known_of(1, tuple("abcdefg"))
    systems = [
        ("all", known.hold(Rankings.from_ids(["q1"], [list("abcdefg")]))),
        ("late", known.hold(Rankings.from_ids(["q1"], [list("xagfedcb")]))),
    ]
    (moved,) = compare(systems, known, MAP, sampling=FEW).differences[0].moved
    assert (moved.ranks_before, moved.ranks_after) == ((1, 2, 3, 4, 5), (2, 3, 4, 5, 6))


class TestFiguresThatAreNoMeans:
    def test_gap(self):
        # Both right: 1. The surer one wrong: the other stands at place 2, 1/2 * (1/2) = .25.
        known = known_of(2)
        scores = [[0.9], [0.5]]
        right = known.hold(Rankings.from_ids(["q1", "q2"], [["r"], ["r"]], scores))
        wrong = known.hold(Rankings.from_ids(["q1", "q2"], [["w"], ["r"]], scores))
        done = compare([("right", right), ("wrong", wrong)], known, metrics.parse("gap"), sampling=FEW)
        one = done.differences[0]
        assert (one.value, one.tally) == (-0.75, Tally(0, 0, 2))
        assert one.moved == (Moved("q1", 1.0, 0.0, 1, (1,), ()), Moved("q2", 1.0, 0.5, 1, (1,), (1,)))
        # The two answers to q2 are the same, so every swap leaves .75 between the systems.
        assert one.p == 1.0
        # Gains -1 and -1/2; how the queries scatter is not how the figure does.
        assert one.d == pytest.approx(-0.75 / np.sqrt(0.125))
        assert one.rank_biserial == -1.0
        assert (one.detectable, one.queries_for_a_point) == (None, None)

    def test_knn_f1(self):
        images = ImageIndex.of(("t", "b"), ("tower", "bridge"))
        truth = Truth.from_labels(["q1", "q2"], ["tower", "bridge"], [0, 1], ["t", "b"], ["tower", "bridge"])
        known = GroundTruth(truth, images, True, "labels.csv", query_labels=("tower", "bridge"))
        right = known.hold(Rankings.from_ids(["q1", "q2"], [["t"], ["b"]]))
        wrong = known.hold(Rankings.from_ids(["q1", "q2"], [["b"], ["b"]]))
        done = compare([("right", right), ("wrong", wrong)], known, metrics.parse("knn-f1"), sampling=FEW)
        # Tower 0; bridge 2 * 1 / (2 + 1); their mean is 1/3, before it was 1.
        assert done.differences[0].value == pytest.approx(1 / 3 - 1)
        one = done.differences[0]
        assert one.tally == Tally(0, 1, 1)
        assert [moved.query_id for moved in one.moved] == ["q1"]
        assert (one.detectable, one.queries_for_a_point) == (None, None)


class TestSystemsThatAreAlike:
    def test_nothing_moved(self):
        known = known_of(3)
        held = answers(known, 1, 2, 0)
        one = compare([("a", held), ("b", held)], known, MAP, sampling=FEW).differences[0]
        assert (one.value, one.low, one.high, one.p, one.p_holm) == (0.0, 0.0, 0.0, 1.0, 1.0)
        assert (one.tally, one.moved, one.d, one.rank_biserial) == (Tally(0, 3, 0), (), None, None)
        assert (one.detectable, one.queries_for_a_point) == (None, None)

    def test_longer_rankings_with_the_same_hits_move_nothing(self):
        # Sums over rows of another length round otherwise in the last digit.
        rng = np.random.default_rng(0)
        images = tuple(f"r{number}" for number in range(30))
        known = known_of(20, images)
        ranked = [
            [images[place] if rng.random() < 0.5 else f"w{place}" for place in range(30)] for _ in range(20)
        ]
        longer = [[*ids, *(f"v{place}" for place in range(70))] for ids in ranked]
        names = known.truth.query_ids
        systems = [(str(len(ids[0])), known.hold(Rankings.from_ids(names, ids))) for ids in (ranked, longer)]
        values = [MAP.per_query(held.outcome) for _, held in systems]
        assert 0 < np.abs(values[0] - values[1]).max() < 1e-12
        one = compare(systems, known, MAP, sampling=FEW).differences[0]
        assert (one.moved, one.tally, one.p) == ((), Tally(0, 20, 0), 1.0)


def test_as_many_moved_queries_as_are_asked_for():
    # The first query is a tie; the others are lost, from rank 1 down to rank 12 and so by less and less.
    known = known_of(13)
    systems = [("old", answers(known, 1, *range(1, 13))), ("new", answers(known, 1, *[0] * 12))]
    default = compare(systems, known, MAP, sampling=FEW).differences[0].moved
    assert [moved.query_id for moved in default] == [f"q{number}" for number in range(2, 12)]
    assert len(compare(systems, known, MAP, sampling=FEW, num_moved=3).differences[0].moved) == 3


@pytest.mark.parametrize("order", [("c", "a", "b", "d"), ("d", "b", "c", "a")])
def test_queries_that_moved_alike_stand_in_the_order_of_their_ids(order):
    # Whatever their order in the truth: d lost most, the others as much as each other.
    before, after = {"a": 1, "b": 1, "c": 1, "d": 1}, {"a": 2, "b": 2, "c": 2, "d": 0}
    known = known_of(4)
    known = replace(known, truth=replace(known.truth, query_ids=order))
    systems = [
        (name, answers(known, *(ranks[query] for query in order)))
        for name, ranks in (("old", before), ("new", after))
    ]
    for count, expected in ((10, "dabc"), (2, "da")):
        moved = compare(systems, known, MAP, sampling=FEW, num_moved=count).differences[0].moved
        assert [one.query_id for one in moved] == list(expected)


class TestToDict:
    def test_it_is_plain_and_comes_back_from_json_as_it_was(self, done):
        values = done.to_dict()
        assert json.loads(json.dumps(values, allow_nan=False)) == values
        assert values["baseline"] == "old"
        assert list(values["systems"]) == ["old", "new"]
        assert set(values["systems"]["new"]) == {"value", "low", "high", "queries"}
        (one,) = values["differences"]
        assert one["tally"] == {"wins": 2, "ties": 2, "losses": 1}
        assert one["moved"][0] == {
            "query_id": "q3",
            "before": 0.25,
            "after": 1.0,
            "first_shown": 1,
            "ranks_before": [4],
            "ranks_after": [1],
        }
        assert values["interval"] == {"kind": "bca", "level": 0.95, "resamples": 500, "seed": 0}
        assert values["difference_interval"] == "percentile"

    def test_an_effect_without_end_has_no_number(self):
        # Every query moves by the same amount, so their deviation is 0.
        known = known_of(3)
        done = compare(
            [("a", answers(known, 2, 2, 2)), ("b", answers(known, 1, 1, 1))], known, MAP, sampling=FEW
        )
        assert done.differences[0].d == np.inf
        values = done.to_dict()
        assert values["differences"][0]["d"] is None
        assert json.loads(json.dumps(values, allow_nan=False)) == values

    def test_one_query_has_no_scatter(self):
        known = known_of(1)
        done = compare([("a", answers(known, 2)), ("b", answers(known, 1))], known, MAP, sampling=FEW)
        one = done.differences[0]
        assert (one.value, one.low, one.high, one.p) == (0.5, 0.5, 0.5, 1.0)
        assert (one.d, one.detectable, one.queries_for_a_point) == (None, None, None)
        json.dumps(done.to_dict(), allow_nan=False)


@pytest.mark.parametrize("names", [("a",), ("a", "a")])
def test_fewer_than_two_systems_are_refused(names):
    known = known_of(1)
    with pytest.raises(ValueError, match="two systems or more"):
        compare([(name, answers(known, 1)) for name in names], known, MAP, sampling=FEW)


def test_a_metric_that_no_query_counts_for_is_refused():
    known = known_of(2)
    never = MeanMetric("never", lambda outcome: np.full(outcome.num_queries, np.nan), 1)
    with pytest.raises(EvaluationError, match="no query counts for never"):
        compare([(name, answers(known, 1, 1)) for name in "ab"], known, never, sampling=FEW)


def test_queries_that_the_metric_leaves_out_are_in_no_count():
    known = known_of(3)
    part = MeanMetric(
        "part", lambda outcome: np.where(np.arange(3) == 1, np.nan, MAP.per_query(outcome)), 100
    )
    one = compare(
        [("a", answers(known, 1, 1, 1)), ("b", answers(known, 2, 0, 1))], known, part, sampling=FEW
    ).differences[0]
    # Of q1 and q3: 1, 1 and 1/2, 1.
    assert (one.value, one.queries, one.tally) == (-0.25, 2, Tally(0, 1, 1))
    assert [moved.query_id for moved in one.moved] == ["q1"]


def test_a_system_that_lacks_queries_or_ranks_is_told():
    known = known_of(2)
    whole = known.hold(Rankings.from_ids(["q1", "q2"], [["w", "r"], ["r", "w"]]))
    part = known.hold(Rankings.from_ids(["q1"], [["r"]]))
    done = compare([("whole", whole), ("part", part)], known, MAP, sampling=FEW)
    assert done.notes[1:] == (
        "part has no answer to 1 query, wrong here",
        "the longest rankings differ in length: whole 2, part 1",
    )
    # What stands behind the first rank is nothing to it.
    first = compare([("whole", whole), ("part", part)], known, metrics.parse("recall@1"), sampling=FEW)
    assert first.notes[1:] == ("part has no answer to 1 query, wrong here",)


def test_ranks_are_shown_from_the_first_that_changed():
    known = known_of(1, tuple("abcdefg"))
    old = known.hold(Rankings.from_ids(["q1"], [list("abxc")]))
    new = known.hold(Rankings.from_ids(["q1"], [list("abcx")]))
    (moved,) = compare([("old", old), ("new", new)], known, MAP, sampling=FEW).differences[0].moved
    assert (moved.first_shown, moved.ranks_before, moved.ranks_after) == (3, (4,), (3,))
