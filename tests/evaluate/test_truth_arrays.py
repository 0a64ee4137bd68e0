"""A truth from lists and dicts, and rankings from lists, give the figures that files give."""

import pytest

from evaluate import metrics
from evaluate.errors import EvaluationError
from evaluate.evaluation import evaluate
from evaluate.rankings import Rankings
from evaluate.truth_arrays import from_labels, from_relevant

# q1: correct at ranks 1 and 3 of m = 2, AP (1 + 2/3) / 2 = 5/6. q2: its only one at rank 2, AP 1/2.
RANKINGS = Rankings.from_ids(["q1", "q2"], [["a", "c", "b"], ["a", "c"]])


def map_of(known, rankings=RANKINGS):
    return evaluate(rankings, known, [metrics.parse("map@100")]).metrics["map@100"].value


def test_labels_and_relevant_images_mean_the_same():
    by_label = from_labels(["q1", "q2"], ["x", "y"], ["a", "b", "c", "d"], ["x", "x", "y", ""])
    by_image = from_relevant({"q1": ["a", "b"], "q2": ["c"]})
    assert map_of(by_label) == map_of(by_image) == pytest.approx((5 / 6 + 1 / 2) / 2)


def test_labels_may_be_numbers():
    known = from_labels(["q1", "q2"], [7, 8], ["a", "b", "c"], [7, 7, 8])
    report = evaluate(RANKINGS, known, [metrics.parse("knn-f1")], by=["label"])
    # Votes of q1: 7, 8, 7. Those of q2: 7 and 8, one each, a tie that goes to the larger label.
    assert report.metrics["knn-f1"].value == 1.0
    assert list(report.strata["label"]) == ["7", "8"]


def test_the_query_itself_never_counts():
    known = from_relevant({"a": ["a", "b"], "b": ["a"]})
    assert known.truth.num_relevant.tolist() == [1, 1]
    # It takes its rank all the same: b stands at rank 2.
    assert map_of(known, Rankings.from_ids(["a", "b"], [["a", "b"], ["a"]])) == pytest.approx((1 / 2 + 1) / 2)


def test_an_image_outside_of_the_index_is_refused():
    known = from_relevant({"q1": ["a", "b"], "q2": ["c"]}, ["a", "b", "c"])
    with pytest.raises(
        EvaluationError, match=r"the rankings: the image 'z' \(query 'q2'\) is not in the truth"
    ):
        map_of(known, Rankings.from_ids(["q1", "q2"], [["a"], ["z"]]))
    with pytest.raises(EvaluationError, match="names the image 'c', which is not in the index"):
        from_relevant({"q": ["c"]}, ["a"])


def test_an_index_that_has_an_image_twice_is_refused():
    with pytest.raises(EvaluationError, match="the image 'a' is there twice; keep one of the two"):
        from_relevant({"q": ["a"]}, ["a", "b", "a"])


@pytest.mark.parametrize(
    ("relevant", "sentence"),
    [
        ({}, "there is no query to evaluate"),
        ({"q": []}, "the query 'q' has no relevant image besides itself"),
        ({"q": ["q"]}, "the query 'q' has no relevant image besides itself"),
        ({"q": ["a", "a"]}, "the query 'q' has an image twice"),
    ],
)
def test_what_makes_no_truth_is_refused(relevant, sentence):
    with pytest.raises(EvaluationError, match=sentence):
        from_relevant(relevant)
