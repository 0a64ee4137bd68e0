"""The order that a study gives its arms: from figures, from words, and none where its texts disagree."""

import dataclasses

import pytest

from retrieval.experiments._study import Arm, Measure, Study, disputed_pairs, ordered_pairs, share_text

# RandAugment and TrivialAugment change places between the study's two texts.
ARMS = (
    Arm("none", {"F1": (0.289, 0.280)}, {}),
    Arm("rand", {"F1": (0.436, 0.426)}, {}),
    Arm("trivial", {"F1": (0.441, 0.412)}, {}),
    Arm("ours", {}, {}),
)
STUDY = Study("t", "s", "q", "d", (Measure("F1", "knn-f1"),), ARMS, ARMS)


def test_arms_are_ordered_where_all_figures_agree():
    assert list(ordered_pairs(STUDY, ARMS, "F1")) == [("rand", "none"), ("trivial", "none")]


def test_arms_that_the_texts_order_both_ways_are_disputed():
    assert list(disputed_pairs(ARMS, "F1")) == [("rand", "trivial")]


def test_order_in_words_is_taken_for_the_arms_that_are_there():
    told = dataclasses.replace(STUDY, ordered={"F1": (("rand", "ours"), ("rand", "gone"))})
    assert list(ordered_pairs(told, ARMS, "F1"))[-1] == ("rand", "ours")
    assert list(ordered_pairs(told, ARMS, "other")) == []


@pytest.mark.parametrize("arms", [(Arm("a", {}, {}),) * 2, (Arm("a", {"recall": (0.1,)}, {}),)])
def test_declarations_that_contradict_themselves_are_refused(arms):
    with pytest.raises(ValueError):
        dataclasses.replace(STUDY, arms=arms)


def test_figures_are_shown_as_exactly_as_the_study_gives_them():
    assert [share_text(value) for value in (0.3257, 0.65, 0.2, 0.0742)] == [
        "0.3257",
        "0.650",
        "0.200",
        "0.0742",
    ]


def test_a_name_that_is_no_folder_is_refused():
    with pytest.raises(ValueError, match="folder"):
        Arm("a/b", {}, {})
