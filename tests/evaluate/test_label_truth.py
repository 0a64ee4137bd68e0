"""Labels say what is correct, and lists or rankings who asks."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evaluate import metrics
from evaluate.errors import EvaluationError
from evaluate.evaluation import evaluate
from evaluate.formats.labels import LabelTable
from evaluate.image_index import ImageIndex
from evaluate.label_truth import columns_of, from_asked, from_systems
from evaluate.rankings import Rankings
from evaluate.report import Sampling

SAMPLING = Sampling(kind="percentile", resamples=10)
SHARED = "queries are images of the index too; none counts for itself"
APART = "queries that labels.csv lists are not images of the index"


def table_of(labels, source="labels.csv", **columns):
    values = {name: tuple(column) for name, column in columns.items()}
    lines = np.arange(len(labels)) + 2
    return LabelTable(tuple(labels), tuple(labels.values()), values, lines, source)


def answers(ranked):
    return Rankings.from_ids(list(ranked), list(ranked.values()), source="r.csv")


def unlisted(known):
    """Take the number of queries from the note that there is no list of them."""
    (note,) = [one for one in known.notes if one.startswith("no list of queries")]
    # A single one is told in words.
    return int("".join(filter(str.isdigit, note)) or 1)


def other_notes(known):
    return tuple(note for note in known.notes if not note.startswith("no list of queries"))


def figure(known, rankings, name):
    return evaluate(rankings, known, [metrics.parse(name)], sampling=SAMPLING).metrics[name].value


def relevant(known):
    rows = zip(known.truth.query_ids, known.truth.relevant, strict=True)
    return {query: {known.images.id_of_row[row] for row in found.tolist()} for query, found in rows}


class TestWhatSystemsAnswer:
    LABELS = table_of({"a": "1", "b": "1", "c": "2", "q1": "1", "q2": "2"})

    def test_images_that_nobody_asks_with_are_the_index(self):
        rankings = answers({"q1": ["c", "a"], "q2": ["c"]})
        known = from_systems(self.LABELS, [rankings])
        assert known.images.ids == ("a", "b", "c")
        assert (unlisted(known), other_notes(known)) == (2, (APART,))
        assert relevant(known) == {"q1": {"a", "b"}, "q2": {"c"}}
        # q1: (1/2) / 2; q2: 1.
        assert figure(known, rankings, "map@2") == pytest.approx((1 / 4 + 1) / 2)

    def test_a_query_that_is_an_answer_makes_queries_part_of_the_index(self):
        rankings = answers({"q1": ["q1", "a"], "q2": ["q1", "c"]})
        known = from_systems(self.LABELS, [rankings])
        assert known.images.ids == ("a", "b", "c", "q1", "q2")
        assert (unlisted(known), other_notes(known)) == (2, (SHARED,))
        assert relevant(known) == {"q1": {"a", "b"}, "q2": {"c"}}
        assert figure(known, rankings, "map@2") == pytest.approx((1 / 4 + 1 / 2) / 2)

    def test_where_all_images_ask_each_is_left_out_for_itself(self):
        labels = table_of({"a": "1", "b": "1", "c": "1"})
        known = from_systems(labels, [answers({"a": [], "b": [], "c": []})])
        assert relevant(known) == {"a": {"b", "c"}, "b": {"a", "c"}, "c": {"a", "b"}}

    def test_the_query_itself_has_no_vote(self):
        labels = table_of({"a": "1", "b": "2", "c": "1", "d": "2"})
        rankings = answers({"a": ["a", "c"], "b": ["b", "d"], "c": ["c", "a"], "d": ["d", "b"]})
        assert figure(from_systems(labels, [rankings]), rankings, "knn-f1") == pytest.approx(1)

    def test_queries_of_all_systems_ask(self):
        first, second = answers({"q1": ["a"]}), answers({"q2": ["c"]})
        known = from_systems(self.LABELS, [first, second])
        assert known.truth.query_ids == ("q1", "q2")
        # What one of them lacks counts 0.
        assert figure(known, second, "map@1") == pytest.approx(1 / 2)

    def test_an_index_holds_what_it_lists_and_no_more(self):
        rankings = answers({"q1": ["x", "b"]})
        known = from_systems(self.LABELS, [rankings], ImageIndex.of(["x", "b"]))
        assert (known.images.ids, known.images.labels) == (("x", "b"), ("", "1"))
        assert (unlisted(known), other_notes(known)) == (1, ())
        assert figure(known, rankings, "map@2") == pytest.approx(1 / 2)
        shared = from_systems(self.LABELS, [rankings], ImageIndex.of(["b", "q1", "x"]))
        assert (unlisted(shared), other_notes(shared)) == (1, (SHARED,))
        with pytest.raises(EvaluationError, match=r"r\.csv: the image 'x' \(query 'q1'\) is not in"):
            from_systems(self.LABELS, [rankings], ImageIndex.of(["b"])).hold(rankings)

    def test_ignored_queries_are_passed_over(self):
        labels = table_of({"a": "1", "q1": "1", "q2": "1"}, usage=["", "Public", " Ignored "])
        rankings = answers({"q1": ["a"], "q2": []})
        known = from_systems(labels, [rankings])
        assert known.truth.query_ids == ("q1",)
        assert unlisted(known) == 1
        assert known.truth.usages == ("public",)
        assert figure(known, rankings, "map@1") == 1

    def test_columns_are_those_of_the_queries(self):
        labels = table_of({"a": "1", "q1": "1", "b": "2", "q2": "2"}, city=["Rome", "Oslo", "Bern", ""])
        known = from_systems(labels, [answers({"q2": ["b"], "q1": ["a"]})])
        # In the order of the labels, whatever that of the rankings.
        assert known.truth.query_ids == ("q1", "q2")
        assert known.columns == {"label": ("1", "2"), "city": ("Oslo", "")}

    @pytest.mark.parametrize(
        ("labels", "ranked", "sentence"),
        [
            (
                {"a": "1"},
                {"q": ["a"]},
                "r.csv: the query 'q' is not in labels.csv, which must have the labels",
            ),
            ({"a": "1", "q": ""}, {"q": ["a"]}, "the query 'q' has no label"),
            ({"a": "1", "q": "2"}, {"q": ["a"]}, "no other database image has the label '2'"),
        ],
    )
    def test_a_fault_is_told_with_its_id(self, labels, ranked, sentence):
        with pytest.raises(EvaluationError) as caught:
            from_systems(table_of(labels), [answers(ranked)])
        assert sentence in str(caught.value)


class TestListsOfQueries:
    LABELS = table_of({"a": "1", "b": "1", "c": "2"})

    def test_labels_come_from_the_list_or_else_from_the_truth(self):
        asked = table_of({"q": "2", "a": ""}, "queries.csv")
        known = from_asked(self.LABELS, asked, None)
        assert known.query_labels == ("2", "1")
        # Of the two lists one names a.
        assert known.notes == (APART,)
        # a is an image of the index and never its own answer.
        assert relevant(known) == {"q": {"c"}, "a": {"b"}}

    def test_unlabelled_and_ignored_queries_are_left_out_with_a_note(self):
        asked = table_of({"q": "2", "r": "", "s": "1"}, "queries.csv", usage=["Private", "", "ignored"])
        known = from_asked(self.LABELS, asked, None)
        assert known.truth.query_ids == ("q",)
        assert known.truth.usages == ("private",)
        assert known.passed_over == {"r", "s"}
        assert known.notes == ("2 queries of queries.csv have no label, or are ignored, and are left out",)
        # They may stand in rankings all the same.
        assert figure(known, answers({"r": ["a"], "q": ["c"]}), "map@1") == 1

    def test_with_an_index_labels_only_say_what_its_images_show(self):
        index = ImageIndex.of(["x", "c", "b"])
        known = from_asked(self.LABELS, table_of({"q": "1"}), index)
        assert known.images.labels == ("", "2", "1")
        assert known.truth.num_images == 3
        assert relevant(known) == {"q": {"b"}}

    def test_listed_queries_are_searched_only_where_a_ranking_finds_one(self):
        asked = table_of({"a": "1"})
        apart = from_asked(self.LABELS, asked, None, [answers({"a": ["b"]})])
        assert "a" not in apart.images.ids
        found = from_asked(self.LABELS, asked, None, [answers({"a": ["a", "b"]})])
        assert "a" in found.images.ids
        assert (apart.notes, found.notes) == ((APART,), (SHARED,))

    def test_lists_that_have_no_image_in_common_need_no_note(self):
        assert from_asked(self.LABELS, table_of({"q": "1"}), None).notes == ()
        assert from_asked(self.LABELS, table_of({"q": "1"}), ImageIndex.of(["b"])).notes == ()
        shared = from_asked(self.LABELS, table_of({"a": "1"}), ImageIndex.of(["a", "b"]))
        assert shared.notes == (SHARED,)

    def test_an_index_may_bring_labels_that_the_truth_lacks(self):
        index = ImageIndex.of(["x", "c", "b"], ["1", "9", ""])
        known = from_asked(self.LABELS, table_of({"q": "1"}), index)
        assert known.images.labels == ("1", "2", "1")
        assert relevant(known) == {"q": {"x", "b"}}

    def test_a_list_of_which_no_query_has_a_label_is_told(self):
        with pytest.raises(EvaluationError) as caught:
            from_asked(self.LABELS, table_of({"q": ""}, "queries.csv"), None)
        assert str(caught.value) == (
            "queries.csv, line 2: the image 'q' is not in labels.csv, and the list has no labels; "
            "add one, or take it out"
        )

    def test_two_labels_of_one_query_are_refused(self):
        with pytest.raises(
            EvaluationError, match="line 2: the image 'a' has the label '9', and '1' in labels.csv"
        ):
            from_asked(self.LABELS, table_of({"a": "9"}, "queries.csv"), None)

    def test_a_query_of_the_list_that_a_ranking_lacks_counts_nothing(self):
        known = from_asked(self.LABELS, table_of({"q": "2", "r": "1"}), None)
        assert figure(known, answers({"q": ["c"]}), "map@1") == pytest.approx(1 / 2)


@pytest.mark.parametrize("kind", ["percentile", "bca"])
def test_the_order_of_rankings_changes_no_interval(kind):
    rng = np.random.default_rng(0)
    names = [f"i{number:02d}" for number in range(24)]
    labels = table_of({name: str(number % 4) for number, name in enumerate(names)})
    ranked = {name: [names[place] for place in rng.permutation(24)[:9]] for name in names[::2]}
    plain, turned = answers(ranked), answers(dict(reversed(ranked.items())))
    assert plain.query_ids != turned.query_ids
    reports = [
        evaluate(
            rankings,
            from_systems(labels, [rankings]),
            [metrics.parse(name) for name in ("map@9", "knn-f1")],
            sampling=Sampling(kind=kind, resamples=200),
        )
        for rankings in (plain, turned)
    ]
    assert reports[0].metrics == reports[1].metrics
    assert reports[0].metrics["map@9"].low < reports[0].metrics["map@9"].high


def test_columns_of_queries_that_the_table_lacks_are_empty():
    table = table_of({"a": "1", "b": "2"}, city=["Rome", "Oslo"])
    assert columns_of(table, ["b", "x"]) == {"label": ("2", ""), "city": ("Oslo", "")}


@settings(max_examples=30)
@given(st.permutations("abcdef"), st.permutations("abcdef"), st.data())
def test_the_order_of_images_and_queries_changes_no_figure(stored, asked, data):
    label_of = {"a": "1", "b": "1", "c": "2", "d": "2", "e": "2", "f": "1"}
    ranked = {name: data.draw(st.permutations("abcdef")) for name in "abcdef"}
    plain = answers(ranked)
    turned = answers({name: ranked[name] for name in asked})
    names = ("map@3", "recall@1", "knn-f1")
    first = from_systems(table_of(label_of), [plain])
    second = from_systems(table_of({name: label_of[name] for name in stored}), [turned])
    for name in names:
        assert figure(second, turned, name) == pytest.approx(figure(first, plain, name), abs=1e-15)
