"""A comparison on a terminal: every number in its place."""

from dataclasses import replace

from evaluate import comparison_text
from evaluate.comparison import Comparison, Difference, Moved
from evaluate.effect_size import Tally
from evaluate.figures import Figure
from evaluate.report import Sampling

NEW = Difference(
    "new.csv",
    value=-0.05,
    low=-0.1,
    high=0.02,
    p=0.0625,
    p_holm=0.125,
    tally=Tally(1, 7, 2),
    d=-0.25,
    rank_biserial=-0.5,
    detectable=0.177,
    queries_for_a_point=3134,
    queries=10,
    moved=(
        Moved("a very long query id", 1.0, 0.0, 1, (1, 3), ()),
        Moved("q", 0.25, 0.5, 2, (4,), (2, 7)),
    ),
)
DONE = Comparison(
    "map@100",
    False,
    {"old.csv": Figure(0.55, 0.4, 0.7, 10), "new.csv": Figure(0.5, 0.35, 0.65, 10)},
    (NEW,),
    Sampling(),
    (),
)
MADE = (
    "95 % BCa bootstrap intervals over queries, 10,000 resamples, seed 0; "
    "those of differences are paired and percentile intervals"
)


def test_two_systems():
    assert comparison_text.table(DONE) == "\n".join(
        [
            "map@100   value   95 % interval     queries",
            "old.csv  0.5500   0.4000 - 0.7000        10",
            "new.csv  0.5000   0.3500 - 0.6500        10",
            "",
            "new.csv less old.csv: -0.0500 [-0.1000, +0.0200], p 0.0625",
            "  better on 1, same on 7, worse on 2 of 10 queries; d_z -0.25, rank-biserial -0.50",
            "  so many queries show a difference of 0.1770 four times in five; one of .01 would take 3,134",
            "  moved most            before   after  ranks of correct images, from the first (#) that moved",
            "  a very long query id   1.000   0.000  #1: 1,3 -> none",
            "  q                      0.250   0.500  #2: 4 -> 2,7",
            "",
            MADE,
        ]
    )


def test_short_ids_stand_under_their_heading():
    short = replace(NEW, moved=NEW.moved[1:])
    lines = comparison_text.table(replace(DONE, differences=(short,))).splitlines()
    assert lines[7:9] == [
        "  moved most  before   after  ranks of correct images, from the first (#) that moved",
        "  q            0.250   0.500  #2: 4 -> 2,7",
    ]


def test_of_several_systems_each_has_a_block_and_a_corrected_p():
    figures = {**DONE.figures, "third.csv": Figure(0.6, 0.5, 0.7, 10)}
    text = comparison_text.table(
        replace(DONE, figures=figures, differences=(NEW, replace(NEW, system="third.csv", p_holm=0.0625)))
    )
    assert "new.csv less old.csv: -0.0500 [-0.1000, +0.0200], p 0.0625, 0.1250 after Holm\n" in text
    assert "third.csv less old.csv: -0.0500 [-0.1000, +0.0200], p 0.0625, 0.0625 after Holm\n" in text


def test_systems_that_are_alike():
    alike = replace(
        NEW, value=0.0, low=0.0, high=0.0, p=1.0, tally=Tally(0, 10, 0), d=None, rank_biserial=None,
        detectable=None, queries_for_a_point=None, moved=(),
    )  # fmt: skip
    blocks = comparison_text.table(replace(DONE, differences=(alike,))).split("\n\n")
    # Nothing is said of what so many queries could show: how they scatter is not known.
    assert blocks[1].splitlines() == [
        "new.csv less old.csv: +0.0000 [+0.0000, +0.0000], p 1.0000",
        "  better on 0, same on 10, worse on 0 of 10 queries; no query moved",
    ]


def test_one_query_tells_nothing_of_others():
    alone = replace(NEW, d=None, rank_biserial=-1.0, detectable=None, queries_for_a_point=None)
    assert "four times in five" not in comparison_text.table(replace(DONE, differences=(alone,)))


def test_names_stay_on_their_line_and_move_no_cursor():
    odd = replace(NEW, system="new\n.csv", moved=(Moved("q\x1b[2J\nr", 1.0, 0.0, 1, (), ()),))
    figures = {"old.csv": DONE.figures["old.csv"], "new\n.csv": DONE.figures["new.csv"]}
    lines = comparison_text.table(replace(DONE, figures=figures, differences=(odd,))).splitlines()
    assert len(lines) == 11
    assert lines[2].startswith("new .csv  0.5000")
    assert lines[4].startswith("new .csv less old.csv: ")
    assert lines[8].startswith("  q\ufffd[2J r      1.000")


def test_notes_stand_before_how_it_was_made():
    blocks = comparison_text.table(replace(DONE, notes=("queries are images too",))).split("\n\n")
    assert blocks[-2:] == ["queries are images too", MADE]
