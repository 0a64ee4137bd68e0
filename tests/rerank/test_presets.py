"""Chains that have a name: what they are written out as, and that they can be built."""

import pytest

from extract.errors import ConfigError
from rerank import chain, presets
from rerank.methods import patch_maxsim, sift_ratio, vlad


@pytest.mark.parametrize(
    ("name", "method", "config"),
    [
        # sum of .8 global and .2 times the share of matches that pass Lowe's ratio of .7
        ("e5", "sift-ratio", sift_ratio.Config(ratio=0.7, v=0.8, calibration="none")),
        # plain sum of both, which orders as equal weights do
        ("e6", "vlad", vlad.Config(v=0.5, calibration="none")),
        # .6 local + .4 global
        ("e7", "patch-maxsim", patch_maxsim.Config(v=0.4, calibration="none")),
    ],
)
def test_the_studys_re_rankings_are_as_it_defined_them(name, method, config):
    for kinds in ((), ("sift", "vlad", "patch")):
        assert chain.settings(presets.expand(name, kinds)) == [(method, config, 0)]


@pytest.mark.parametrize("kinds", [(), ("vlad", "patch")])
def test_best_without_keypoints_is_the_neighbourhood_alone(kinds):
    assert presets.expand("best", kinds) == "neighbourhood"


@pytest.mark.parametrize(
    ("kinds", "step"),
    [
        (("sift",), "sift-geometric"),
        ({"vlad": 1, "sift": 2}, "sift-geometric"),
        (("learned",), "learned"),
        (frozenset({"sift", "learned"}), "learned"),
    ],
)
def test_best_verifies_the_head_with_the_best_keypoints_of_the_store(kinds, step):
    first, second = chain.settings(presets.expand("best", kinds))
    assert first[0] == "neighbourhood"
    assert (second[0], second[2]) == (step, 30)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("best,aqe", "neighbourhood,aqe"),
        ("aqe:k=3, best ,dba", "aqe:k=3,neighbourhood,dba"),
        ("e6,e6", "vlad:v=0.5:calibration=none,vlad:v=0.5:calibration=none"),
        ("none", "none"),
        ("", ""),
        ("bestest,xe5", "bestest,xe5"),
    ],
)
def test_names_are_written_out_inside_longer_chains_and_all_else_stays(text, expected):
    assert presets.expand(text, ()) == expected


@pytest.mark.parametrize("name", [presets.BEST, *presets.STUDY])
def test_writing_out_twice_changes_nothing(name):
    once = presets.expand(name, ("sift",))
    assert presets.expand(once, ("sift",)) == once
    assert len(chain.parse(once).steps) == once.count(",") + 1


def test_a_preset_takes_no_settings():
    with pytest.raises(ConfigError, match="best is a chain .* write it out: neighbourhood"):
        presets.expand("best:top=5", [])
