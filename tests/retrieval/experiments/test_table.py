"""The table and its sentences say what was found, and no more."""

import dataclasses

import pytest

from retrieval.experiments import _table
from retrieval.experiments._statistics import ArmFigure, Judged, Pair
from retrieval.experiments._study import Arm, Measure, Study

ARMS = (
    Arm("one", {"F1": (0.7,)}, {}, note="a remark"),
    Arm("two", {"F1": (0.6,)}, {}),
    Arm("ours", {}, {}),
)
STUDY = Study("Title", "a text", "Why?", "d", (Measure("F1", "knn-f1"),), ARMS, ARMS, "cut so", "a stand-in")


def figure(name, value, studied=(), random_start=False):
    return ArmFigure(name, value, value - 0.1, value + 0.1, (value, value), 0.02, studied, random_start)


def report(verdicts, small=True, **changes):
    arms = (figure("one", 0.72, (0.7,), **changes), figure("two", 0.5, (0.6,)), figure("ours", 0.4))
    pairs = tuple(Pair("one", "two", 0.1, 0.0, 0.2, 0.01, 0.02, verdict) for verdict in verdicts)
    judged = Judged(STUDY.measures[0], 90, arms, pairs, ())
    return _table.Report("name", STUDY, small, 2, (judged,), 12.0)


@pytest.mark.parametrize(
    ("verdicts", "sentence"),
    [
        (["holds"] * 2, "the study's ranking holds, in all of its ordered pairs (2)."),
        (
            ["holds", "is reversed"],
            "the study's ranking does not hold: of its 2 ordered pairs 1 hold, 1 are reversed, 0 cannot be "
            "told apart (reversed: one over two).",
        ),
        (
            ["holds", "cannot be told apart"],
            "the study's ranking holds in part: of its 2 ordered pairs 1 hold, 0 are reversed, 1 cannot be "
            "told apart (not told apart: one over two).",
        ),
        (
            ["cannot be told apart"],
            "the ranking stays open: of its 1 ordered pairs 0 hold, 0 are reversed, 1 cannot be told apart "
            "(not told apart: one over two).",
        ),
    ],
)
def test_sentence_says_which_pairs_hold(verdicts, sentence):
    assert _table.sentences(report(verdicts)) == [f"F1: {sentence}"]


def test_an_order_in_words_is_a_ranking_even_where_nothing_can_be_concluded():
    alone = dataclasses.replace(
        report([]), judged=(Judged(STUDY.measures[0], 9, (figure("one", 0.7),), (), ()),)
    )
    assert "the study has no ranking here" in _table.sentences(alone)[0]
    told = dataclasses.replace(STUDY, ordered={"F1": (("one", "two"),)})
    assert "no ranking" not in _table.sentences(dataclasses.replace(alone, study=told))[0]


def test_random_initialisation_is_marked_and_nothing_concluded():
    done = report([], random_start=True)
    assert "No conclusion is drawn from random initialisation (one)." in _table.sentences(done)[0]
    assert "random initialisation; a remark" in _table.text(done)


def test_own_data_are_set_beside_the_studys_figures():
    (sentence,) = _table.sentences(report(["holds"], small=False))
    # .70 lies in .62 - .82, .60 at the very end of .40 - .60.
    assert "The study's 0.700 of one lies inside our interval." in sentence
    assert "a stand-in" not in _table.text(report(["holds"], small=False))


def test_all_forms_have_every_arm_with_both_figures():
    done = report(["holds"])
    assert "one   0.700  0.720  0.620 - 0.820  0.020  2      a remark" in _table.text(done)
    assert "| one | 0.700 | 0.720 | 0.620 - 0.820 | 0.020 | 2 | a remark |" in _table.markdown(done)
    plain = _table.to_dict(done)
    (measure,) = plain["measures"]
    assert [arm["arm"] for arm in measure["arms"]] == ["one", "two", "ours"]
    assert plain["stand_in"] == "a stand-in"
    for text in (_table.text(done), _table.markdown(done)):
        assert "cut so" in text
