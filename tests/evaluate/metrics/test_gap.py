"""gap and top1 of recognition: ties, missing answers, queries without a landmark, weights."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import average_precision_score

from evaluate.errors import EvaluationError
from evaluate.metrics import gap, top1
from evaluate.outcome import Outcome
from evaluate.outcome_parts import Confidences

GAP, TOP1 = gap.build(None), top1.build(None)
RIGHT, WRONG, SILENT, NO_LANDMARK = "right", "wrong", "silent", "no landmark"


def outcome_of(answers, order=None):
    """Queries named by their place: (what became of it, confidence)."""
    places = np.arange(len(answers)) if order is None else np.asarray(order)
    kinds = np.array([answers[place][0] for place in places])
    sure = np.array([answers[place][1] for place in places], dtype=float)
    return Outcome(
        (kinds == RIGHT)[:, None],
        (kinds != NO_LANDMARK).astype(np.int64),
        (kinds != SILENT).astype(np.int64),
        # A silent query keeps its confidence, as one does whose only answer was junk.
        confidences=Confidences(sure, places),
    )


def plain(answers):
    """Follow the definition word by word; equal confidences in the order of places."""
    order = sorted(range(len(answers)), key=lambda place: (-answers[place][1], place))
    position = found = 0
    total = 0.0
    for place in order:
        kind = answers[place][0]
        if kind == SILENT:
            continue
        position += 1
        if kind == RIGHT:
            found += 1
            total += found / position
    return total / sum(kind != NO_LANDMARK for kind, _ in answers)


def kaggle(answers):
    """The loop of the program behind the challenge: sorted by id, then by score, summed, divided."""
    predictions = {
        place: {"class": 7 if kind == RIGHT else 8, "score": score}
        for place, (kind, score) in enumerate(answers)
        if kind != SILENT
    }
    solution = {place: [] if kind == NO_LANDMARK else [7] for place, (kind, _) in enumerate(answers)}
    by_key = sorted(predictions.items(), key=lambda item: (item[0], item[1]["class"]))
    gap_sum = correct = 0
    in_order = sorted(by_key, key=lambda item: item[1]["score"], reverse=True)
    for total, (key, prediction) in enumerate(in_order, start=1):
        if prediction["class"] in solution[key]:
            correct += 1
            gap_sum += correct / total
    return gap_sum / sum(1 for landmarks in solution.values() if landmarks)


def figure(answers):
    return GAP.figure(outcome_of(answers), np.ones((1, len(answers))))[0]


def test_gap_by_hand():
    # Surest first: right, no landmark, right, wrong. (1/1 + 2/3) / 3 landmarks.
    answers = [(RIGHT, 0.5), (NO_LANDMARK, 0.8), (RIGHT, 0.9), (WRONG, 0.1)]
    assert figure(answers) == pytest.approx(5 / 9, abs=1e-12)
    assert GAP.per_query(outcome_of(answers)).tolist() == [2 / 3, 0.0, 1.0, 0.0]


def test_a_silent_query_takes_no_place_and_counts_among_the_landmarks():
    # As if it were not there, but for the divisor: (1/1 + 2/2) / 3.
    assert figure([(RIGHT, 0.9), (SILENT, 0.8), (RIGHT, 0.1)]) == pytest.approx(2 / 3, abs=1e-12)


def test_equal_confidences_stand_in_the_order_of_ids_however_they_come():
    # Wrong, right by id: 1/2. The other way round: 1.
    assert figure([(WRONG, 0.5), (RIGHT, 0.5)]) == 0.25
    assert figure([(RIGHT, 0.5), (WRONG, 0.5)]) == 0.5
    answers = [(WRONG, 0.5), (RIGHT, 0.5)]
    assert GAP.figure(outcome_of(answers, [1, 0]), np.ones((1, 2))).tolist() == [0.25]


def test_nobody_answers_or_shows_a_landmark():
    assert figure([(SILENT, 0.0)]) == 0.0
    outcome = outcome_of([(NO_LANDMARK, 0.5), (RIGHT, 0.4)])
    assert np.isnan(GAP.figure(outcome, np.array([[1.0, 0.0]]))).tolist() == [True]
    assert not np.isnan(GAP.per_query(outcome)).any()
    no_ranks = Outcome(
        np.zeros((1, 0), dtype=bool),
        np.array([1]),
        np.array([0]),
        confidences=Confidences(np.array([-np.inf]), np.array([0])),
    )
    assert GAP.figure(no_ranks, np.ones((1, 1))).tolist() == [0.0]


def test_copies_of_a_query_are_one_answer_of_their_weight():
    # Wrong twice, right once, right thrice: (1 * 1/3 + 3 * 4/6) / 6.
    outcome = outcome_of([(WRONG, 0.9), (RIGHT, 0.8), (RIGHT, 0.7)])
    assert GAP.figure(outcome, np.array([[2.0, 1.0, 3.0]]))[0] == pytest.approx(7 / 18, abs=1e-12)
    # Twice every weight is the same list.
    assert GAP.figure(outcome, np.array([[4.0, 2.0, 6.0]]))[0] == pytest.approx(7 / 18, abs=1e-12)


answers_strategy = st.lists(
    st.tuples(st.sampled_from([RIGHT, WRONG, SILENT, NO_LANDMARK]), st.integers(0, 4)), min_size=1, max_size=9
).filter(lambda answers: any(kind != NO_LANDMARK for kind, _ in answers))


@given(answers_strategy, st.randoms(use_true_random=False))
def test_it_is_the_plain_loop_and_that_of_the_challenge_in_any_order(answers, random):
    assert figure(answers) == pytest.approx(plain(answers), abs=1e-12)
    assert figure(answers) == pytest.approx(kaggle(answers), abs=1e-12)
    order = list(range(len(answers)))
    random.shuffle(order)
    shuffled = GAP.figure(outcome_of(answers, order), np.ones((1, len(answers))))[0]
    assert shuffled == pytest.approx(plain(answers), abs=1e-12)


@given(answers_strategy)
def test_what_the_queries_give_adds_up_to_the_figure(answers):
    num_landmarks = sum(kind != NO_LANDMARK for kind, _ in answers)
    total = GAP.per_query(outcome_of(answers)).sum()
    assert total == pytest.approx(num_landmarks * figure(answers), abs=1e-12)


def test_weights_are_those_of_scikit_learn():
    rng = np.random.default_rng(0)
    right, sure = rng.random(50) < 0.4, rng.permutation(50)
    answers = [(RIGHT if one else WRONG, score) for one, score in zip(right, sure, strict=True)]
    weights = rng.integers(0, 4, (6, 50)).astype(float)
    # Theirs divides by the right answers, ours by all that could be right.
    expected = [
        average_precision_score(right, sure, sample_weight=line) * line[right].sum() / line.sum()
        for line in weights
    ]
    np.testing.assert_allclose(GAP.figure(outcome_of(answers), weights), expected, rtol=0, atol=1e-12)


def test_confidences_are_needed():
    outcome = Outcome(np.ones((1, 1), dtype=bool), np.array([1]), np.array([1]))
    for call in (GAP.per_query, lambda one: GAP.figure(one, np.ones((1, 1)))):
        with pytest.raises(EvaluationError) as caught:
            call(outcome)
        assert str(caught.value) == (
            "gap needs confidences: give predictions id,landmarks or rankings with the column score"
        )


def test_top1_leaves_out_what_shows_no_landmark_and_nobody_else():
    # Right, wrong and silent: 1/3. The fourth has no right answer.
    outcome = outcome_of([(RIGHT, 0.5), (WRONG, 0.5), (SILENT, 0.0), (NO_LANDMARK, 0.9)])
    np.testing.assert_array_equal(TOP1.per_query(outcome), [1.0, 0.0, 0.0, np.nan])
    weights = np.array([[1.0, 1.0, 1.0, 1.0], [3.0, 1.0, 0.0, 7.0], [0.0, 0.0, 0.0, 1.0]])
    np.testing.assert_allclose(TOP1.figure(outcome, weights), [1 / 3, 3 / 4, np.nan])
