"""A truth of any kind of file, held against rankings; figures are worked by hand."""

import json
import pickle

import pytest

from evaluate import metrics
from evaluate.errors import EvaluationError
from evaluate.evaluation import evaluate
from evaluate.formats import label_formats, labels
from evaluate.image_index import ImageIndex
from evaluate.rankings import Rankings
from evaluate.report import Sampling
from evaluate.truth_files import read_truth, with_columns

SAMPLING = Sampling(kind="percentile", resamples=10)
REVISITED = {
    "imlist": ["a", "b", "c", "d", "q2"],
    "qimlist": ["q1", "q2"],
    "gnd": [{"easy": [0], "hard": [1], "junk": [2]}, {"easy": [3, 4], "hard": [], "junk": []}],
}


@pytest.fixture
def saved(tmp_path):
    def save(content, name="truth"):
        path = tmp_path / name
        path.write_bytes(content) if isinstance(content, bytes) else path.write_text(content)
        return path

    return save


def answers(ranked, scores=None):
    return Rankings.from_ids(list(ranked), list(ranked.values()), scores)


def figure(known, rankings, name):
    return evaluate(rankings, known, [metrics.parse(name)], sampling=SAMPLING).metrics[name].value


def refusal(*arguments, **options):
    with pytest.raises(EvaluationError) as caught:
        read_truth(*arguments, **options)
    return str(caught.value)


class TestSolution:
    CONTENT = "id,images,Usage\nq1,a b,Public\nq2,q2 c,Private\nq3,d,Public\nq4,None,Ignored\n"

    def test_figures_are_those_of_the_definition(self, saved):
        known = read_truth(saved(self.CONTENT))
        # q1: x a, (1/2) / 2; q2: itself takes the first rank, c the second, (1/2) / 1; q3 is missing, 0.
        rankings = answers({"q1": ["x", "a", "b"], "q2": ["q2", "c"]})
        assert figure(known, rankings, "map@2") == pytest.approx((1 / 4 + 1 / 2 + 0) / 3)

    def test_ignored_queries_may_stand_in_rankings(self, saved):
        known = read_truth(saved(self.CONTENT))
        assert known.passed_over == {"q4"}
        assert known.truth.usages == ("public", "private", "public")
        rankings = answers({"q4": ["a"], "q1": ["a", "b"]})
        assert figure(known, rankings, "map@2") == pytest.approx(1 / 3)

    def test_without_the_index_any_image_may_be_ranked(self, saved):
        known = read_truth(saved(self.CONTENT))
        assert not known.is_whole
        assert known.truth.num_images is None

    def test_with_the_index_its_size_is_known(self, saved):
        index = ImageIndex.of(["d", "c", "b", "a", "x"])
        known = read_truth(saved(self.CONTENT), index=index)
        assert known.is_whole
        assert known.truth.num_images == 5
        assert figure(known, answers({"q1": ["a", "b"]}), "map@2") == pytest.approx(1 / 3)

    def test_an_image_outside_the_index_is_told(self, saved):
        path = saved(self.CONTENT)
        assert refusal(path, index=ImageIndex.of(["a", "c", "d"])).startswith(
            f"{path}, line 2: the query 'q1' names the image 'b', which is not in the index"
        )

    def test_queries_bring_labels_and_columns(self, saved, tmp_path):
        list_path = saved("id,label,city\nq3,tower,Rome\nq1,gate,Oslo\nq2,gate,\n", "queries.csv")
        known = read_truth(saved(self.CONTENT), queries=labels.read(list_path))
        assert known.query_labels == ("gate", "gate", "tower")
        assert known.columns == {"label": ("gate", "gate", "tower"), "city": ("Oslo", "", "Rome")}

    def test_queries_of_which_one_has_no_label_give_columns_alone(self, saved):
        list_path = saved("id,label,city\nq1,gate,Oslo\nq2,,\nq3,gate,\n", "queries.csv")
        known = read_truth(saved(self.CONTENT), queries=label_formats.read_list(list_path))
        assert known.query_labels is None
        assert known.columns["city"] == ("Oslo", "", "")


# Of q1 a is correct, of q2 b and so on; q9 is marked Ignored where there is such a thing.
OF_EACH_KIND = {
    "solution": "id,images,Usage\nq1,a,Public\nq2,b,Private\nq3,c,Public\nq4,d,Public\nq9,None,Ignored\n",
    "qrels": "q1 0 a 1\nq2 0 b 2\nq3 0 c 1\nq4 0 d 1\n",
    "recognition": "id,landmarks,Usage\nq1,a,Public\nq2,b,Private\nq3,c,Public\nq4,d,Public\nq9,,Ignored\n",
    "revisited": json.dumps(
        {
            "imlist": ["a", "b", "c", "d"],
            "qimlist": ["q1", "q2", "q3", "q4"],
            "gnd": [{"easy": [place], "hard": [], "junk": []} for place in range(4)],
        }
    ),
}


@pytest.mark.parametrize("kind", OF_EACH_KIND)
class TestListsOfQueries:
    """Of a truth that says who asks, a list of queries keeps those that it names."""

    def read(self, saved, kind, listed):
        path = saved("id,city\n" + "".join(f"{line}\n" for line in listed), "queries.csv")
        truth = saved(OF_EACH_KIND[kind])
        return truth, path, label_formats.read_list(path)

    def test_listed_queries_are_asked_in_the_order_of_the_truth(self, saved, kind):
        truth, path, table = self.read(saved, kind, ["q3,Rome", "q1,Oslo"])
        known = read_truth(truth, queries=table)
        assert known.truth.query_ids == ("q1", "q3")
        assert known.columns["city"] == ("Oslo", "Rome")
        (note,) = known.notes
        assert note.startswith(f"2 queries of {truth} are not in {path} and")

    def test_rankings_may_hold_the_others_and_they_count_for_nothing(self, saved, kind):
        truth, _, table = self.read(saved, kind, ["q3,Rome", "q1,Oslo"])
        known = read_truth(truth, queries=table)
        # q1 right, q3 wrong; q2 would be right.
        rankings = answers({"q2": ["b"], "q3": ["a"], "q1": ["a"]})
        assert figure(known, rankings, "map@1") == 1 / 2
        with pytest.raises(EvaluationError, match="the query 'zebra' is not in"):
            known.hold(answers({"zebra": ["a"], "q1": ["a"]}))

    def test_a_listed_query_that_a_ranking_lacks_counts_as_wrong(self, saved, kind):
        truth, _, table = self.read(saved, kind, ["q3,Rome", "q1,Oslo"])
        assert figure(read_truth(truth, queries=table), answers({"q1": ["a"]}), "map@1") == 1 / 2

    def test_a_list_of_all_leaves_out_none(self, saved, kind):
        truth, _, table = self.read(saved, kind, ["q1,", "q2,", "q4,", "q3,"])
        known = read_truth(truth, queries=table)
        assert (known.truth.query_ids, known.notes) == (("q1", "q2", "q3", "q4"), ())

    def test_a_listed_query_that_the_truth_lacks_is_told(self, saved, kind):
        truth, path, table = self.read(saved, kind, ["q1,", "zebra,"])
        assert refusal(truth, queries=table) == (
            f"{path}, line 3: the image 'zebra' is no query of {truth}; take it out of the list"
        )

    def test_the_columns_of_a_list_may_be_had_without_it(self, saved, kind):
        truth, _, table = self.read(saved, kind, ["q3,Rome", "other,Bern"])
        known = with_columns(read_truth(truth), table)
        assert known.truth.query_ids == ("q1", "q2", "q3", "q4")
        assert known.columns["city"] == ("", "", "Rome", "")
        assert known.notes == ()


@pytest.mark.parametrize("kind", ["solution", "recognition"])
def test_ignored_queries_may_be_listed_and_are_not_asked(saved, kind):
    truth = saved(OF_EACH_KIND[kind])
    listed = label_formats.read_list(saved("id\nq9\nq2\n", "queries.csv"))
    known = read_truth(truth, queries=listed)
    assert known.truth.query_ids == ("q2",)
    assert known.truth.usages == ("private",)
    alone = label_formats.read_list(saved("id\nq9\n", "none.csv"))
    assert refusal(truth, queries=alone).endswith(f"none.csv lists no query that {truth} asks about")


def test_a_list_keeps_what_a_revisited_truth_knows_of_its_queries(saved):
    truth = saved(json.dumps(REVISITED))
    known = read_truth(truth, queries=label_formats.read_list(saved("id\nq1\n", "queries.csv")))
    # q1 without its junk c: d, a, b, whose trapezoid is (1/4 + 7/12) / 2.
    rankings = answers({"q1": ["c", "d", "a", "b"], "q2": ["d"]})
    assert figure(known, rankings, "roxford-medium") == pytest.approx((1 / 4 + 7 / 12) / 2)
    # Easy without b: (0 + 1/2) / 2.
    assert figure(known, rankings, "roxford-easy") == pytest.approx(1 / 4)


def test_a_list_keeps_the_grades_of_its_queries(saved):
    truth = saved("q1 0 a 1\nq2 0 b 1\nq2 0 c 3\n")
    known = read_truth(truth, queries=label_formats.read_list(saved("id\nq2\n", "queries.csv")))
    # 1 + 3 / log2(3), ideal 3 + 1 / log2(3).
    log = 1.584962500721156
    assert figure(known, answers({"q2": ["b", "c"]}), "ndcg@2") == pytest.approx(
        (1 + 3 / log) / (3 + 1 / log)
    )


class TestRecognition:
    CONTENT = "id,landmarks,Usage\nq1,1 2,Public\nq2,,Private\nq3,3,Public\nq4,,Ignored\n"

    def test_gap_counts_the_queries_that_show_a_landmark(self, saved):
        known = read_truth(saved(self.CONTENT))
        # By confidence: q2 wrong, q3 right at rank 2, q1 right at rank 3; two of them show a landmark.
        rankings = answers(
            {"q1": ["2"], "q2": ["1"], "q3": ["3"], "q4": ["9"]}, [[0.25], [0.75], [0.5], [0.9]]
        )
        assert figure(known, rankings, "gap") == pytest.approx((1 / 2 + 2 / 3) / 2)

    def test_a_query_without_a_landmark_has_nothing_relevant(self, saved):
        known = read_truth(saved(self.CONTENT))
        assert known.truth.num_relevant.tolist() == [2, 0, 1]
        assert known.passed_over == {"q4"}

    def test_an_index_of_images_is_refused(self, saved):
        path = saved(self.CONTENT)
        assert refusal(path, index=ImageIndex.of(["a"])).startswith(f"{path} is a truth of recognition")


class TestQrels:
    def test_grades_are_gains_whatever_the_order_of_lines(self, saved):
        known = read_truth(saved("q1 0 c 1\nq1 0 a 3\nq1 0 b 0\nq2 0 a 1\nq1 0 d 2\n"))
        # DCG of d x a: 2 / log2(2) + 3 / log2(4) = 3.5; ideal 3 + 2 / log2(3) + 1 / 2.
        rankings = answers({"q1": ["d", "b", "a"], "q2": ["a"]})
        ideal = 3 + 2 / 1.584962500721156 + 1 / 2
        assert figure(known, rankings, "ndcg@3") == pytest.approx((3.5 / ideal + 1) / 2)
        assert figure(known, rankings, "map@3") == pytest.approx(((1 + 2 / 3) / 3 + 1) / 2)

    def test_equal_grades_of_one_are_no_grades(self, saved):
        assert read_truth(saved("q 0 a 1\nq 0 b 0\n")).truth.gains is None
        assert read_truth(saved("q 0 a 2\n")).truth.gains is not None

    def test_the_query_itself_never_counts(self, saved):
        known = read_truth(saved("q 0 q 3\nq 0 a 1\n"))
        assert known.truth.num_relevant.tolist() == [1]
        assert figure(known, answers({"q": ["q", "a"]}), "map@2") == pytest.approx(1 / 2)

    @pytest.mark.parametrize("content", ["p 0 a 1\nq 0 q 1\n", "p 0 a 1\nq 0 a 0\n", "p 0 a 1\nq 0 a -2\n"])
    def test_a_query_without_a_relevant_image_is_told(self, saved, content):
        path = saved(content)
        assert refusal(path) == (
            f"{path}, line 2: the query 'q' has no relevant image besides itself; take it out of the truth"
        )

    def test_an_image_outside_the_index_is_told(self, saved):
        path = saved("q 0 a 1\nq 0 z 0\n")
        assert refusal(path, index=ImageIndex.of(["a"])) == (
            f"{path}, line 1: the query 'q' names the image 'z', which is not in the index; "
            "add the image or use the truth of this index"
        )


class TestRevisited:
    @pytest.mark.parametrize("content", [json.dumps(REVISITED), pickle.dumps(REVISITED)])
    def test_junk_and_the_query_itself_close_up(self, saved, content):
        known = read_truth(saved(content))
        # q1 without its junk c is d, a, b: (1/2 + 2/3) / 2; q2 leaves its own ranking, so d is first.
        rankings = answers({"q1": ["c", "d", "a", "b"], "q2": ["q2", "d"]})
        assert figure(known, rankings, "map@4") == pytest.approx(((1 / 2 + 2 / 3) / 2 + 1) / 2)
        # Hits of the trapezoid on medium: q1 ranks 1 and 2 from 0: ((0 + 1/2) + (1/2 + 2/3)) / 2 / 2.
        trapezoid = ((0 + 1 / 2) / 2 + (1 / 2 + 2 / 3) / 2) / 2
        assert figure(known, rankings, "roxford-medium") == pytest.approx((trapezoid + 1) / 2)

    def test_easy_alone_and_hard_alone_leave_the_other_out(self, saved):
        known = read_truth(saved(json.dumps(REVISITED)))
        rankings = answers({"q1": ["b", "c", "a"], "q2": ["a", "d"]})
        # Easy: q1 without b and c has a at 0, 1; q2 has d at rank 1: (0 + 1/2) / 2.
        assert figure(known, rankings, "roxford-easy") == pytest.approx((1 + 1 / 4) / 2)
        # Hard: b is first of all for q1; q2 has no hard image and is left out.
        assert figure(known, rankings, "roxford-hard") == pytest.approx(1)

    def test_the_images_are_the_whole_index(self, saved):
        known = read_truth(saved(json.dumps(REVISITED)))
        assert known.is_whole
        assert known.truth.num_images == 5

    def test_an_index_may_hold_more_images_in_another_order(self, saved):
        index = ImageIndex.of(["x", "q2", "d", "c", "b", "a"])
        known = read_truth(saved(json.dumps(REVISITED)), index=index)
        assert known.truth.num_images == 6
        rankings = answers({"q1": ["c", "x", "a", "b"], "q2": ["q2", "d"]})
        assert figure(known, rankings, "map@4") == pytest.approx(((1 / 2 + 2 / 3) / 2 + 1) / 2)

    def test_an_index_that_lacks_an_image_is_told(self, saved):
        path = saved(json.dumps(REVISITED))
        assert refusal(path, index=ImageIndex.of(["a", "b"])).startswith(
            f"{path}: imlist names the image 'c', which is not in the index"
        )


class TestLabels:
    @pytest.mark.parametrize("form", ["csv", "folder", "sop", "tiny-imagenet", "cub"])
    def test_every_kind_of_labels_gives_the_figure(self, saved, tmp_path, form):
        path, ids = _same_labels(tmp_path, form)
        first, second, third, fourth = ids
        rankings = answers({first: [third, second], third: [fourth], second: [], fourth: []})
        known = read_truth(path, [rankings])
        # Classes are the first two and the last two images: 1/2, 1, and two without an answer.
        assert figure(known, rankings, "map@2") == pytest.approx((1 / 2 + 1) / 4)

    def test_a_list_of_queries_asks(self, saved):
        list_path = saved("id,label\nq,1\n", "queries.csv")
        known = read_truth(saved("id,label\na,1\nb,2\n"), queries=labels.read(list_path))
        assert known.truth.query_ids == ("q",)
        assert figure(known, answers({"q": ["b", "a"]}), "map@2") == pytest.approx(1 / 2)


def _same_labels(folder, form):
    """Write two classes of two images in one of the forms; give path and ids."""

    def touch(*names):
        for name in names:
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).touch()

    if form == "csv":
        (folder / "labels.csv").write_text("id,label\na,1\nb,1\nc,2\nd,2\n")
        return folder / "labels.csv", "abcd"
    if form == "sop":
        lines = [f"{number} {1 + number // 2} 1 {name}.jpg" for number, name in enumerate("abcd")]
        (folder / "list.txt").write_text("image_id class_id super_class_id path\n" + "\n".join(lines))
        return folder / "list.txt", [f"{name}.jpg" for name in "abcd"]
    if form == "folder":
        names = ["one/a.jpg", "one/b.jpg", "two/c.jpg", "two/d.jpg"]
        touch(*(f"photos/{name}" for name in names))
        return folder / "photos", names
    if form == "tiny-imagenet":
        train = ("train/n1/images/0.JPEG", "train/n1/images/1.JPEG", "train/n2/images/0.JPEG")
        names = [*train, "val/images/v.JPEG"]
        touch(*names)
        (folder / "wnids.txt").write_text("n1\nn2\n")
        (folder / "val" / "val_annotations.txt").write_text("v.JPEG n2 0 0 1 1\n")
        return folder, names
    (folder / "images.txt").write_text("1 a.jpg\n2 b.jpg\n3 c.jpg\n4 d.jpg\n")
    (folder / "image_class_labels.txt").write_text("1 1\n2 1\n3 101\n4 101\n")
    (folder / "classes.txt").write_text("1 gull\n101 wren\n")
    (folder / "train_test_split.txt").write_text("1 1\n2 1\n3 0\n4 0\n")
    return folder, [f"{name}.jpg" for name in "abcd"]
