"""knn-f1: votes worked by hand, F1 as scikit-learn computes it from the same votes."""

from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import f1_score

from evaluate.errors import EvaluationError
from evaluate.labels import Labels, ascending_labels
from evaluate.metrics.knn_f1 import NeighbourVoteF1, build
from evaluate.outcome import Outcome


def outcome_of(query_labels, neighbour_labels):
    """Make an outcome from labels alone; '' has no vote, and hits do not matter here."""
    width = max(len(labels) for labels in neighbour_labels)
    padded = [[*labels, *[""] * (width - len(labels))] for labels in neighbour_labels]
    names = ascending_labels([*query_labels, *(label for labels in padded for label in labels)])
    codes = {"": -1} | {name: code for code, name in enumerate(names)}
    table = np.array([[codes[label] for label in labels] for labels in padded], dtype=np.int64)
    table = table.reshape(len(query_labels), width)
    labels = Labels(tuple(names), np.array([codes[label] for label in query_labels]), table)
    nothing = np.zeros(table.shape, dtype=bool)
    return Outcome(nothing, np.ones(len(table), dtype=np.int64), np.full(len(table), width), labels)


def predict(neighbours, tie="largest", query="1"):
    outcome = outcome_of([query], [neighbours])
    code = NeighbourVoteF1(tie=tie).predictions(outcome)[0]
    return outcome.labels.names[code] if code >= 0 else ""


def plain_prediction(neighbours, tie):
    votes = [label for label in neighbours if label][:5]
    if not votes:
        return ""
    most = max(Counter(votes).values())
    tied = [label for label in votes if votes.count(label) == most]
    return tied[0] if tie == "nearest" else max(tied, key=lambda label: (int(label), label))


@pytest.mark.parametrize(
    ("neighbours", "largest", "nearest"),
    [
        (["7", "3", "3", "3", "7"], "3", "3"),  # three to two
        (["9", "10", "9", "10", "1"], "10", "9"),  # two each: 10 is the larger number, 9 the nearer
        (["1", "2", "3", "4", "5"], "5", "1"),  # all tied
        (["2", "2", "1", "1", "1", "2"], "1", "1"),  # the sixth has no vote
        (["", "2", "", "1", "1"], "1", "1"),  # unlabelled ones have none
        (["", "4", "4", "", "3", "3", "3", "4"], "3", "3"),  # and the next labelled one votes instead
        (["8", "6"], "8", "8"),  # fewer than five
        (["6", "8"], "8", "6"),
        (["", ""], "", ""),  # nobody votes
        ([], "", ""),
    ],
)
def test_the_majority_of_the_first_five_wins(neighbours, largest, nearest):
    assert predict(neighbours, "largest") == largest
    assert predict(neighbours, "nearest") == nearest


def test_labels_that_are_no_numbers_tie_as_strings():
    # As strings "9" > "10"; the query's label makes all of them strings.
    assert predict(["10", "9"], query="abbey") == "9"


def test_f1_by_hand():
    # Truth a a b; predicted a b b. a: TP 1, FN 1: F1 = 2/3. b: TP 1, FP 1: F1 = 2/3.
    outcome = outcome_of(["a", "a", "b"], [["a"], ["b"], ["b"]])
    assert build(None).figure(outcome, np.ones((1, 3)))[0] == pytest.approx(2 / 3)
    assert build(None).per_query(outcome).tolist() == [1.0, 0.0, 1.0]


def test_a_class_that_is_only_predicted_lowers_the_mean():
    # Truth a a; predicted a z. a: F1 = 2/3; z: 0. Mean over the two: 1/3.
    outcome = outcome_of(["a", "a"], [["a"], ["z"]])
    assert build(None).figure(outcome, np.ones((1, 2)))[0] == pytest.approx(1 / 3)


def test_a_class_that_nobody_asks_or_predicts_is_not_in_the_mean():
    outcome = outcome_of(["a", "b"], [["a", "a", "c"], ["b", "b", "c"]])
    assert build(None).figure(outcome, np.ones((1, 2)))[0] == 1.0


def test_a_query_without_a_labelled_neighbour_is_a_miss_and_no_false_alarm():
    # Truth a a b; predicted a - b. a: TP 1, FN 1: 2/3; b: 1. There is no third class: mean 5/6.
    outcome = outcome_of(["a", "a", "b"], [["a"], [""], ["b"]])
    assert build(None).figure(outcome, np.ones((1, 3)))[0] == pytest.approx(5 / 6)
    assert build(None).per_query(outcome).tolist() == [1.0, 0.0, 1.0]


def test_nobody_answers_is_zero():
    outcome = outcome_of(["a", "b"], [[], []])
    assert build(None).figure(outcome, np.ones((2, 2))).tolist() == [0.0, 0.0]


def test_a_class_that_a_resample_leaves_out_leaves_the_mean():
    # Only the first query is drawn: the classes b and z do not occur. Then all but the first:
    # b is asked once and missed, z predicted once: both 0.
    outcome = outcome_of(["a", "b"], [["a"], ["z"]])
    assert build(None).figure(outcome, np.array([[2.0, 0.0], [0.0, 2.0]])).tolist() == [1.0, 0.0]


label = st.integers(8, 12).map(str)
queries = st.lists(
    st.tuples(label, st.lists(st.one_of(label, st.just("")), max_size=8)), min_size=1, max_size=12
)


@given(queries, st.sampled_from(["largest", "nearest"]))
def test_votes_are_those_of_a_plain_loop(pairs, tie):
    outcome = outcome_of(*zip(*pairs, strict=True))
    names = [*outcome.labels.names, ""]
    assert [names[code] for code in NeighbourVoteF1(tie=tie).predictions(outcome)] == [
        plain_prediction(neighbours, tie) for _, neighbours in pairs
    ]


@given(queries, st.data())
def test_f1_is_that_of_scikit_learn_under_any_weights(pairs, data):
    counts = data.draw(st.lists(st.integers(0, 3), min_size=len(pairs), max_size=len(pairs)).filter(any))
    actual = [name for (name, _), count in zip(pairs, counts, strict=True) for _ in range(count)]
    predicted = [
        plain_prediction(neighbours, "largest")
        for (_, neighbours), count in zip(pairs, counts, strict=True)
        for _ in range(count)
    ]
    classes = sorted({*actual, *predicted} - {""})
    expected = f1_score(actual, predicted, labels=classes, average="macro", zero_division=0.0)
    outcome = outcome_of(*zip(*pairs, strict=True))
    figure = build(None).figure(outcome, np.array([counts], dtype=np.float64))[0]
    assert figure == pytest.approx(expected, abs=1e-12)


def test_many_classes_agree_with_scikit_learn():
    rng = np.random.default_rng(0)
    actual = [str(number) for number in rng.integers(0, 60, size=200)]
    neighbours = [
        [own if rng.random() < 0.6 else str(rng.integers(0, 90)) for _ in range(7)] for own in actual
    ]
    predicted = [plain_prediction(labels, "largest") for labels in neighbours]
    figure = build(None).figure(outcome_of(actual, neighbours), np.ones((1, 200)))[0]
    assert figure == pytest.approx(f1_score(actual, predicted, average="macro", zero_division=0.0), abs=1e-12)


def test_names_tell_the_tie_rules_apart():
    assert NeighbourVoteF1().name == "knn-f1"
    assert NeighbourVoteF1(tie="nearest").name == "knn-f1-nearest"


def test_labels_are_needed():
    outcome = Outcome(np.ones((1, 1), dtype=bool), np.array([1]), np.array([1]))
    for call in (build(None).per_query, lambda one: build(None).figure(one, np.ones((1, 1)))):
        with pytest.raises(EvaluationError) as caught:
            call(outcome)
        assert str(caught.value) == (
            "knn-f1 needs the labels of the queries and of the database; "
            "give them, or choose a metric that does without"
        )


def test_wrong_options_are_refused():
    with pytest.raises(ValueError, match="tie must be one of largest, nearest, got 'first'"):
        NeighbourVoteF1(tie="first")
    with pytest.raises(ValueError, match="knn-f1 takes no k"):
        build(3)
