import dataclasses
import re

import numpy as np
import pytest

from extract.errors import ConfigError, PluginError
from rerank import chain
from rerank.chain import Chain
from rerank.methods import sift_geometric, sift_ratio
from rerank.ranking import PAD, Ranking


@dataclasses.dataclass
class Reverse:
    """Turns what it is given around, and remembers it."""

    needs: frozenset[str] = frozenset({"sift"})
    seen: list = dataclasses.field(default_factory=list)

    def rerank(self, ranking, queries, database):
        self.seen.append(ranking.rows.tolist())
        places = np.arange(ranking.rows.shape[1], dtype=np.float32)
        return ranking.sorted_by(np.broadcast_to(places, ranking.rows.shape).copy())


def settings_of(built):
    return [step._config for step in built.steps]


def test_chain_is_built_from_its_text():
    built = chain.parse(" sift-ratio , sift-geometric,", top=7)
    assert built.text == "sift-ratio,sift-geometric"
    assert [type(step).__name__ for step in built.steps] == ["SiftRatio", "SiftGeometric"]
    assert built.top == 7
    assert built.needs == {"sift"}


def test_none_is_the_ranking_itself(ranking_of):
    built = chain.parse("none")
    ranking = ranking_of([3, 1, 2])
    assert built.steps == ()
    assert built.needs == frozenset()
    assert built.rerank(ranking, None, None) is ranking


def test_unknown_name_comes_with_the_nearest_one():
    with pytest.raises(PluginError, match="no re-ranker 'sift-ratoi'; did you mean 'sift-ratio'"):
        chain.parse("sift-geometric,sift-ratoi")


def test_name_unlike_any_comes_with_all_of_them():
    with pytest.raises(PluginError, match=r"there are: .*sift-geometric, sift-ratio"):
        chain.parse("xyz")


@pytest.mark.parametrize("text", ["", " ", ",", " , "])
def test_chain_of_nothing_is_refused(text):
    with pytest.raises(ConfigError, match="names no re-ranker; use 'none'"):
        chain.parse(text)


@pytest.mark.parametrize("text", ["none,sift-ratio", "sift-ratio,none", "none,none"])
def test_none_in_a_chain_is_refused(text):
    with pytest.raises(ConfigError, match="'none' stands alone"):
        chain.parse(text)


@pytest.mark.parametrize("top", [0, -1])
def test_top_below_one_is_refused(top):
    with pytest.raises(ConfigError, match=f"top must be at least 1, got {top}"):
        chain.parse("none", top=top)


@pytest.mark.parametrize("v", [-0.1, 1.5, float("nan")])
@pytest.mark.parametrize("text", ["none", "sift-ratio"])
def test_v_out_of_range_is_refused_whatever_the_chain(text, v):
    with pytest.raises(ConfigError, match="v must be between 0 and 1"):
        chain.parse(text, v=v)


def test_settings_reach_their_own_re_ranker():
    options = {"sift-ratio": {"ratio": 0.61}, "sift-geometric": {"min_inliers": 9}}
    ratio, geometric = settings_of(chain.parse("sift-ratio,sift-geometric", options=options))
    assert ratio == sift_ratio.Config(ratio=0.61)
    assert geometric == sift_geometric.Config(min_inliers=9)


def test_v_overrides_that_of_every_step():
    options = {"sift-ratio": {"v": 0.1, "calibration": "minmax"}}
    built = chain.parse("sift-ratio,sift-geometric", options=options, v=0.3)
    assert [one.v for one in settings_of(built)] == [0.3, 0.3]
    assert settings_of(built)[0].calibration == "minmax"
    assert options["sift-ratio"]["v"] == 0.1


@pytest.mark.parametrize("text", ["sift-ratio:ratio=0.61:v=1", " sift-ratio: ratio = 0.61 :v= 1.0 "])
def test_settings_may_follow_a_name_behind_colons(text):
    (ratio,) = settings_of(chain.parse(text))
    assert ratio == sift_ratio.Config(ratio=0.61, v=1.0)


def test_setting_in_the_text_goes_ahead_of_the_options_and_v_ahead_of_both():
    options = {"sift-ratio": {"ratio": 0.5, "v": 0.1, "calibration": "zscore"}}
    text = "sift-ratio:v=0.4:calibration=minmax,sift-ratio"
    first, second = settings_of(chain.parse(text, options=options))
    assert first == sift_ratio.Config(ratio=0.5, v=0.4, calibration="minmax")
    assert second == sift_ratio.Config(ratio=0.5, v=0.1, calibration="zscore")
    assert [one.v for one in settings_of(chain.parse(text, options=options, v=0.9))] == [0.9, 0.9]


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("sift-ratio:v", "'sift-ratio:v': a setting is KEY=VALUE, e.g. v=0.4, got 'v'"),
        ("sift-ratio:", "got ''"),
        ("sift-ratio:rato=0.7", "rerank.sift-ratio has no setting 'rato'; did you mean 'ratio'"),
        ("sift-ratio:v=NaN", "v must be between 0 and 1, got nan"),
        ("sift-ratio:v=high", "rerank.sift-ratio.v must be a number, got 'high'"),
        ("sift-ratio:v=true", "must be a number, got True"),
        ("sift-ratio:=0.4", "no setting ''"),
    ],
)
def test_bad_setting_in_the_text_is_one_clear_sentence(text, sentence):
    with pytest.raises(ConfigError, match=re.escape(sentence)):
        chain.parse(text)


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"sift-ratio": {"rato": 0.7}}, "rerank.sift-ratio has no setting 'rato'; did you mean 'ratio'"),
        ({"sift-ratio": {"ratio": "high"}}, "rerank.sift-ratio.ratio must be a number, got 'high'"),
        ({"sift-ratio": {"ratio": 0.0}}, "sift-ratio.ratio must lie above 0 and be at most 1, got 0.0"),
        ({"sift-ratio": {"v": 1.2}}, "v must be between 0 and 1, got 1.2"),
        (
            {"sift-ratio": {"calibration": "max"}},
            "must be one of none, minmax, zscore, sigmoid, isotonic, got 'max'",
        ),
    ],
)
def test_bad_setting_is_one_clear_sentence(options, sentence):
    with pytest.raises(ConfigError, match=sentence):
        chain.parse("sift-ratio", options=options)


def test_settings_of_a_re_ranker_that_does_not_exist_are_refused_even_if_it_is_not_used():
    with pytest.raises(PluginError, match="'sift-geo'"):
        chain.parse("sift-ratio", options={"sift-geo": {}})


def test_settings_of_a_re_ranker_outside_the_chain_are_passed_over():
    assert len(chain.parse("sift-ratio", options={"sift-geometric": {"min_inliers": 9}}).steps) == 1


def test_only_the_first_places_are_handed_to_the_steps(ranking_of):
    first, second = Reverse(), Reverse()
    reranked = Chain("a,b", (first, second), top=3).rerank(ranking_of([5, 4, 3, 2, 1], [9, 8]), None, None)
    assert first.seen == [[[5, 4, 3], [9, 8, PAD]]]
    assert second.seen == [[[3, 4, 5], [8, 9, PAD]]]
    assert reranked.rows.tolist() == [[5, 4, 3, 2, 1], [9, 8, PAD, PAD, PAD]]


def test_rows_below_the_head_follow_it_in_order(ranking_of):
    reranked = Chain("a", (Reverse(),), top=2).rerank(ranking_of([5, 4, 3, 2, 1]), None, None)
    assert reranked.rows.tolist() == [[4, 5, 3, 2, 1]]


@pytest.mark.parametrize("top", [3, 4, 1000])
def test_top_may_exceed_the_list(ranking_of, top):
    reranked = Chain("a", (Reverse(),), top=top).rerank(ranking_of([5, 4, 3]), None, None)
    assert reranked.rows.tolist() == [[3, 4, 5]]


@pytest.mark.parametrize("shape", [(2, 0), (0, 5)])
def test_nothing_is_asked_of_the_steps_where_there_is_nothing_to_rank(shape):
    step = Reverse()
    ranking = Ranking(np.zeros(shape, np.int64), np.zeros(shape, np.float32))
    assert Chain("a", (step,), top=3).rerank(ranking, None, None) is ranking
    assert step.seen == []


def test_chain_needs_what_its_steps_need():
    steps = (Reverse(frozenset({"sift"})), Reverse(frozenset({"patch", "sift"})), Reverse(frozenset()))
    assert Chain("a,b,c", steps, 10).needs == {"sift", "patch"}


def test_a_step_may_be_handed_fewer_places(ranking_of):
    first, second = Reverse(), Reverse()
    ranking = ranking_of([5, 4, 3, 2, 1])
    reranked = Chain("a,b", (first, second), top=4, tops=(4, 2)).rerank(ranking, None, None)
    assert (first.seen, second.seen) == ([[[5, 4, 3, 2]]], [[[2, 3]]])
    assert reranked.rows.tolist() == [[3, 2, 4, 5, 1]]


@pytest.mark.parametrize(
    ("text", "tops"), [("sift-ratio:top=3", (3,)), ("sift-ratio,sift-ratio:top=99", (10, 99))]
)
def test_top_in_the_text_is_a_steps_own(text, tops):
    built = chain.parse(text, top=10)
    assert (built.tops, built.text, built.top) == (tops, text, 10)
    assert [step._config for step in built.steps] == [sift_ratio.Config()] * len(tops)
    assert [top for _, _, top in chain.settings(text)] == [0] * (len(tops) - 1) + [tops[-1]]


def test_top_of_a_step_is_told_beside_an_overridden_v():
    built = chain.parse("sift-ratio:top=3:v=0.2", v=0.5)
    assert built.text == "sift-ratio:top=3:v=0.5"
    assert chain.parse(built.text).tops == (3,)


@pytest.mark.parametrize("value", ["0", "-1", "2.5", "true", "many", "null"])
def test_top_of_a_step_that_is_no_number_of_places_is_refused(value):
    with pytest.raises(ConfigError, match="top must be a whole number above 0"):
        chain.parse(f"sift-ratio:top={value}")


@dataclasses.dataclass
class Found:
    """Searches again, and finds these rows for every query, as many as it is handed places."""

    rows: list
    needs: frozenset[str] = frozenset()

    def rerank(self, ranking, queries, database):
        places = ranking.rows.shape[1]
        rows = np.tile(np.array(self.rows[:places], np.int64), (len(ranking.rows), 1))
        scores = np.linspace(2, 1, rows.shape[1], dtype=np.float32)
        return Ranking(rows, np.tile(scores, (len(rows), 1)), {})


def test_rows_that_a_step_brings_in_are_handed_on(ranking_of):
    after = Reverse()
    reranked = Chain("a,b", (Found([9, 4, 8]), after), top=3).rerank(ranking_of([5, 4, 3, 2]), None, None)
    assert after.seen == [[[9, 4, 8]]]
    assert reranked.rows.tolist() == [[8, 4, 9, 5]]


def test_an_excluded_row_reaches_no_later_step(ranking_of):
    after = Reverse()
    reranked = Chain("a,b", (Found([9, 4, 8]), after), top=3).rerank(
        ranking_of([5, 4, 3, 2], [7, 6, 5, 4]), None, None, exclude=np.array([9, PAD])
    )
    # the place that falls free is taken by the best of what was there before
    assert after.seen == [[[4, 8, 5], [9, 4, 8]]]
    assert reranked.rows.tolist() == [[5, 8, 4, 3], [8, 4, 9, 7]]
