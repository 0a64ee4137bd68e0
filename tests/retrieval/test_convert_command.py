"""`retrieve convert` as other programs' users run it: figures stay, what is lost is told or refused."""

import json
import pickle

import numpy as np
import pytest

from evaluate import metrics
from evaluate.errors import EvaluationError
from evaluate.evaluation import evaluate
from evaluate.formats import convert, label_formats
from evaluate.ranking_files import read_rankings
from evaluate.report import Sampling
from evaluate.truth_files import read_truth
from retrieval.cli import cli
from retrieval.cli.convert import command

# Scores that single precision holds, so that a run of TREC gives them back.
RANKINGS = {
    "long": "query,id,rank,score\nq1,a,1,0.75\nq1,x,2,0.5\nq1,b,3,0.25\nq2,b,1,2\nq2,c,2,-1\nq3,a,1,0.125\n",
    "trec-run": "q1 Q0 x 9 0.5 t\nq1 Q0 a 9 0.75 t\nq1 Q0 b 1 0.25 t\nq2 Q0 c 2 -1 t\nq2 Q0 b 1 2 t\n"
    "q3 Q0 a 1 0.125 t\n",
    "json": '{"q1": {"x": 0.5, "a": 0.75, "b": 0.25}, "q2": {"b": 2, "c": -1}, "q3": {"a": 0.125}}',
    "submission": "id,images\nq1,a x b\nq2,b c\nq3,a\n",
    "pairs": "q1 a\nq1 x\nq2 b\nq1 b\nq2 c\nq3 a\n",
}
SCORED = ("long", "trec-run", "json")
TRUTH = "id,images,Usage\nq1,a b,Public\nq2,c d,Private\nq3,c,Public\nq9,None,Ignored\n"
SAMPLING = Sampling(kind="percentile", resamples=10)


@pytest.fixture
def saved(tmp_path):
    def save(content, name="given"):
        path = tmp_path / name
        path.write_bytes(content) if isinstance(content, bytes) else path.write_text(content)
        return path

    return save


def figures(ranking, truth, names, queries=None):
    rankings = read_rankings(ranking)
    asked = None if queries is None else label_formats.read_list(queries)
    known = read_truth(truth, [rankings], queries=asked)
    report = evaluate(rankings, known, [metrics.parse(name) for name in names], sampling=SAMPLING)
    return {name: figure.value for name, figure in report.metrics.items()}


def error_of(done):
    """The error of a finished process: one sentence, no traceback."""
    assert done.returncode == 1, done.stdout
    assert "Traceback" not in done.stderr
    (line,) = [line for line in done.stderr.splitlines() if line.startswith("error:")]
    return line.removeprefix("error: ")


def refusal(given, out, to):
    """The sentence that the command ends in, run in this process."""
    with pytest.raises(EvaluationError) as caught:
        cli.main(["convert", str(given), str(out), "--to", to], standalone_mode=False)
    return str(caught.value)


def test_the_command_offers_what_can_be_written():
    (option,) = [one for one in command.params if one.name == "to"]
    assert tuple(option.type.choices) == convert.RANKINGS + convert.TRUTHS


class TestRankings:
    @pytest.mark.parametrize("to", RANKINGS)
    @pytest.mark.parametrize("kind", RANKINGS)
    def test_there_and_back_the_rankings_and_figures_are_the_same(self, saved, tmp_path, kind, to):
        given, there, back = saved(RANKINGS[kind]), tmp_path / "there", tmp_path / "back"
        done = convert.convert(given, there, to)
        assert (done.kind, done.to, done.num_queries, done.num_images) == (kind, to, 3, 4)
        convert.convert(there, back, kind)
        first, last = read_rankings(given), read_rankings(back)
        assert last.query_ids == first.query_ids
        assert [last.ids_of(place) for place in range(3)] == [("a", "x", "b"), ("b", "c"), ("a",)]
        if {kind, to} <= set(SCORED):
            np.testing.assert_array_equal(last.scores, first.scores)
            assert done.notes == ()
        truth = saved(TRUTH, "solution.csv")
        # By hand: q1 (1 + 2/3) / 2, q2 (1/2) / 2, q3 0.
        for file in (given, there, back):
            assert figures(file, truth, ["map@3"]) == {"map@3": pytest.approx((5 / 6 + 1 / 4) / 3)}

    def test_lost_scores_are_told_in_one_line(self, retrieve, saved, tmp_path):
        out = tmp_path / "out.csv"
        done = retrieve("convert", saved(RANKINGS["long"]), out, "--to", "submission", "--json")
        assert done.returncode == 0
        assert done.stderr.splitlines() == [f"{out}: scores are left out"]
        assert json.loads(done.stdout) == {
            "in": str(tmp_path / "given"),
            "out": str(out),
            "from": "long",
            "to": "submission",
            "queries": 3,
            "images": 4,
            "notes": ["scores are left out"],
        }
        assert out.read_text() == RANKINGS["submission"]

    def test_nothing_lost_is_nothing_told(self, retrieve, saved, tmp_path):
        out = tmp_path / "out.json"
        done = retrieve("convert", saved(RANKINGS["trec-run"]), out, "--to", "json")
        assert (done.returncode, done.stderr) == (0, "")
        assert done.stdout == f"{out}: json of trec-run, 3 queries, 4 images\n"

    @pytest.mark.parametrize(
        ("content", "to", "note"),
        [
            ('{"q": ["a", "b"]}', "trec-run", "there are no scores"),
            ("query,id,rank,score\nq,a,1,1\nq,b,2,1\n", "trec-run", "scores of 1 query do not fall"),
            ("query,id,rank,score\nq,a,1,0.1\n", "trec-run", "scores are rounded to single precision"),
            ("query,id,rank,score\nq,a,1,1\nq,b,2,2\n", "json", "some rise from rank to rank"),
            ("query,id,rank,score\nq,a,1,inf\n", "json", "are infinite"),
            ("query,id,rank,score\nq,a,1,2\nq,a,2,1\n", "json", "belong to a repeat"),
            ("id,images\nq,a\nr,\n", "pairs", "1 query has no answer and so no line"),
        ],
    )
    def test_what_a_format_lacks_is_told_and_the_order_stays(self, saved, tmp_path, content, to, note):
        given, out = saved(content), tmp_path / "out"
        (told,) = convert.convert(given, out, to).notes
        assert note in told
        first, last = read_rankings(given), read_rankings(out)
        assert last.query_ids == first.query_ids[: len(last.query_ids)]
        assert last.ids_of(0) == first.ids_of(0)

    def test_an_unanswered_query_stays_where_there_is_room_for_it(self, saved, tmp_path):
        out = tmp_path / "out"
        assert convert.convert(saved("id,images\nq,a\nr,\n"), out, "json").notes == ()
        assert read_rankings(out).query_ids == ("q", "r")

    def test_recognition_goes_to_a_run_and_comes_back_with_its_gap(self, saved, tmp_path):
        # By confidence: r is right (1/1), q wrong, s right (2/3); three queries show a landmark.
        given = saved("id,landmarks\nq,7 0.5\nr,8 0.75\ns,9 0.25\nt,\n")
        truth = saved("id,landmarks,Usage\nq,1,Public\nr,8,Public\ns,9 7,Public\nt,,Public\n", "truth")
        gap = (1 + 2 / 3) / 3
        for to in ("trec-run", "long", "json", "recognition"):
            convert.convert(given, tmp_path / "there", to)
            convert.convert(tmp_path / "there", tmp_path / "back", "recognition")
            for file in (given, tmp_path / "there", tmp_path / "back"):
                assert figures(file, truth, ["gap"]) == {"gap": pytest.approx(gap)}

    @pytest.mark.parametrize(
        ("content", "to", "sentence"),
        [
            ('{"q": ["a b"]}', "trec-run", "the id 'a b' (query 'q') is empty or holds white space"),
            ('{"q": ["a b"]}', "pairs", "the id 'a b' (query 'q') is empty or holds white space"),
            ('{"q": ["a b"]}', "submission", "the id 'a b' (query 'q') is empty or holds white space"),
            ("id,images\nq,a a\n", "trec-run", "the image 'a' is there twice for the query 'q'"),
            ("id,images\nq,\n", "long", "no query of"),
            ('{"q": ["a\\u0000"]}', "long", "holds a zero byte"),
            ("id,images\nq,a\n", "recognition", "has no scores, and recognition needs a confidence"),
            ('{\n"q": {"a": 2, "b": 1}}', "recognition", "line 2: the query 'q' has 2 answers"),
            (
                "q 0 a 1\n",
                "json",
                "is qrels, which is a truth, and json is for rankings; give one of solution",
            ),
            ("a b c\n", "json", "is of no known kind"),
            ("id,images\nq,a\nq,b\n", "json", "line 3: the query 'q' was already given on line 2"),
        ],
    )
    def test_what_cannot_be_carried_is_refused_and_nothing_is_written(
        self, saved, tmp_path, content, to, sentence
    ):
        assert sentence in refusal(saved(content), tmp_path / "out", to)
        assert [file.name for file in tmp_path.iterdir()] == ["given"]


class TestTruths:
    def test_a_solution_goes_to_qrels_and_comes_back(self, saved, tmp_path):
        given, run = saved(TRUTH), saved(RANKINGS["submission"], "r.csv")
        there, back = tmp_path / "there", tmp_path / "back"
        done = convert.convert(given, there, "qrels")
        assert (done.kind, done.num_queries, done.num_images) == ("solution", 3, 4)
        assert done.notes == (
            "usages are left out",
            "1 query does not count and left the truth; take such out of rankings",
        )
        assert there.read_text() == "q1 0 a 1\nq1 0 b 1\nq2 0 c 1\nq2 0 d 1\nq3 0 c 1\n"
        assert convert.convert(there, back, "solution").notes == ()
        names = ["map@3", "recall@1", "ndcg@3", "mrr"]
        assert figures(run, given, names) == figures(run, there, names) == figures(run, back, names)

    def test_a_solution_stays_a_solution_with_usages_and_ignored_queries(self, saved, tmp_path):
        done = convert.convert(saved(TRUTH), tmp_path / "out", "solution")
        assert done.notes == ()
        assert (tmp_path / "out").read_text() == TRUTH

    def test_lost_grades_are_told(self, retrieve, saved, tmp_path):
        given, out = saved("q 0 a 2\nq 0 b 1\nq 0 c 0\n"), tmp_path / "out"
        done = retrieve("convert", given, out, "--to", "solution")
        assert done.returncode == 0
        assert done.stderr.splitlines() == [
            f"{out}: grades are left out, so every relevant image counts the same"
        ]
        assert out.read_text() == "id,images,Usage\nq,a b,\n"

    def test_grades_stay_in_qrels(self, saved, tmp_path):
        convert.convert(saved("q 0 b 1\nq 0 a 2\n"), tmp_path / "out", "qrels")
        assert sorted((tmp_path / "out").read_text().splitlines()) == ["q 0 a 2", "q 0 b 1"]

    @pytest.mark.parametrize("to", ["solution", "qrels"])
    def test_labels_and_a_list_of_queries_give_the_same_figures(self, retrieve, saved, tmp_path, to):
        labels = saved("id,label\na,1\nb,1\nc,2\nd,2\ne,3\n", "labels.csv")
        queries = saved("id,label,usage\nq1,1,\nq2,2,\nq3,2,public\nq9,,\n", "queries.csv")
        run, out = saved("id,images\nq1,c e b\nq2,c e d\nq3,e\n", "r.csv"), tmp_path / "out"
        done = retrieve("convert", labels, out, "--to", to, "--queries", queries, "--json")
        assert done.returncode == 0, done.stderr
        result = json.loads(done.stdout)
        assert (result["from"], result["to"], result["queries"], result["images"]) == ("labels", to, 3, 5)
        assert any("queries.csv" in note and "left out" in note for note in result["notes"])
        # By hand: q1 finds b of two at rank 3, q2 c and d at 1 and 3, q3 nothing.
        expected = {"map@3": pytest.approx((1 / 3 / 2 + (1 + 2 / 3) / 2) / 3)}
        assert figures(run, labels, ["map@3"], queries) == figures(run, out, ["map@3"]) == expected

    @pytest.mark.parametrize("to", ["solution", "qrels"])
    def test_labels_of_which_every_image_asks_give_the_same_figures(self, saved, tmp_path, to):
        labels = saved("id,label\na,1\nb,1\nc,2\nd,2\n", "labels.csv")
        run, out = saved("id,images\na,a c b\nb,a\nc,b\nd,d c\n", "r.csv"), tmp_path / "out"
        convert.convert(labels, out, to, queries=labels)
        # By hand: a finds b at rank 3 (itself takes the first), b its a at once, c nothing, d its c at 2.
        expected = {"map@3": pytest.approx((1 / 3 + 1 + 0 + 1 / 2) / 4)}
        assert figures(run, labels, ["map@3"], labels) == figures(run, out, ["map@3"]) == expected

    @pytest.mark.parametrize("to", ["solution", "qrels"])
    @pytest.mark.parametrize("asked", ["c,\nb,\n", "q,1\nc,\n"])
    def test_labels_of_which_only_some_images_ask_are_refused(self, saved, tmp_path, to, asked):
        # Whether b and c were searched too, which changes the figures of a or q, only rankings would show.
        labels = saved("id,label\na,1\nb,1\nc,2\nd,2\n", "labels.csv")
        queries, out = saved(f"id,label\n{asked}", "queries.csv"), tmp_path / "out"
        with pytest.raises(EvaluationError) as caught:
            convert.convert(labels, out, to, queries=queries)
        shared, first = (2, "b") if "b" in asked else (1, "c")
        assert str(caught.value) == (
            f"{queries} asks with {shared} images of {labels}, such as {first!r}, and nothing says whether "
            "they were searched too; give the labels of the index alone"
        )
        assert not out.exists()

    def test_labels_of_every_kind_become_csv_with_the_same_figures(self, saved, tmp_path):
        for name in ("one/a.jpg", "one/b.jpg", "two/c.jpg", "two/d.jpg"):
            (tmp_path / "photos" / name).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / "photos" / name).touch()
        out = tmp_path / "labels.csv"
        done = convert.convert(tmp_path / "photos", out, "labels")
        assert (done.kind, done.num_queries, done.num_images) == ("folder", None, 4)
        run = saved("id,images\none/a.jpg,two/c.jpg one/b.jpg\n", "r.csv")
        names = ["map@2", "knn-f1"]
        assert figures(run, tmp_path / "photos", names) == figures(run, out, names)
        products = saved("image_id class_id super_class_id path\n1 7 1 a.jpg\n2 7 1 b.jpg\n", "train.txt")
        convert.convert(products, out, "labels")
        assert out.read_text() == (
            "id,label,image_id,super_class_id,split\na.jpg,7,1,1,train\nb.jpg,7,2,1,train\n"
        )

    def revisited(self, junk):
        gnd = [{"easy": [0], "hard": [1], "junk": junk, "bbx": [1, 2, 3, 4]}]
        return {"imlist": ["a", "b", "c", "d"], "qimlist": ["q"], "gnd": gnd}

    def test_a_pickle_becomes_json_with_the_same_figures(self, saved, tmp_path):
        given, out = saved(pickle.dumps(self.revisited([3]))), tmp_path / "out.json"
        done = convert.convert(given, out, "revisited-json")
        assert (done.kind, done.to, done.num_queries, done.num_images) == (
            "revisited",
            "revisited-json",
            1,
            4,
        )
        assert json.loads(out.read_text()) == self.revisited([3])
        run = saved("id,images\nq,d c a\n", "r.csv")
        names = ["roxford-easy", "roxford-medium", "roxford-hard-mp@1"]
        assert figures(run, given, names) == figures(run, out, names)

    def test_a_revisited_truth_without_junk_is_a_solution(self, saved, tmp_path):
        given, out = saved(json.dumps(self.revisited([]))), tmp_path / "out"
        done = convert.convert(given, out, "solution")
        assert "easy and hard images are no longer told apart" in done.notes[0]
        run = saved("id,images\nq,d b a\n", "r.csv")
        # By hand: (1/2 + 2/3) / 2.
        expected = {"map@3": pytest.approx(7 / 12)}
        assert figures(run, given, ["map@3"]) == figures(run, out, ["map@3"]) == expected

    def test_a_truth_of_recognition_is_a_solution_of_landmarks(self, saved, tmp_path):
        given = saved("id,landmarks,Usage\nq,1,Public\nr,8 9,Private\ns,,Ignored\n")
        convert.convert(given, tmp_path / "out", "solution")
        assert (tmp_path / "out").read_text() == (
            "id,images,Usage\nq,1,Public\nr,8 9,Private\ns,None,Ignored\n"
        )
        run = saved("id,landmarks\nq,8 0.5\nr,8 0.25\ns,1 1\n", "r.csv")
        # The wrong q comes first, so r is right at rank 2: (1/2) / 2.
        expected = {"gap": pytest.approx(1 / 4)}
        assert figures(run, given, ["gap"]) == figures(run, tmp_path / "out", ["gap"]) == expected

    @pytest.mark.parametrize(
        ("content", "to", "sentence"),
        [
            ('{"imlist": ["a", "b"], "qimlist": ["q"], "gnd": [{"easy": [0], "hard": [], "junk": [1]}]}',
             "qrels", "qrels cannot carry the junk of the query 'q', such as 'b'"),
            ('{"imlist": ["a", "q"], "qimlist": ["q"], "gnd": [{"easy": [0], "hard": [], "junk": []}]}',
             "solution", "solution cannot carry the junk of the query 'q', such as 'q'"),
            ('{"imlist": ["a", "b"], "qimlist": ["q"], "gnd": [{"easy": [], "hard": [], "junk": []}]}',
             "solution", "cannot carry the query 'q'"),
            ('{"imlist": ["a b"], "qimlist": ["q"], "gnd": [{"easy": [0], "hard": [], "junk": []}]}',
             "qrels", "the id 'a b' (query 'q') is empty or holds white space"),
            ("id,landmarks,Usage\nq,1,Public\nr,,Public\n", "qrels", "cannot carry the query 'r'"),
            ("id,landmarks,Usage\nq,q 1,Public\n", "solution", "an answer of the same name is correct"),
            ("id,label\na,1\nb,1\n", "qrels", "is labels, which does not say who asks"),
            ("id,images\nq,a\n", "labels", "is solution, which does not tell the classes of images"),
            ("q 0 a 1\n", "revisited-json", "is qrels, which does not tell easy, hard and junk"),
            ("q Q0 a 1 1 t\n", "qrels", "is trec-run, which is rankings, and qrels is for a truth"),
            ("id,images,Usage\nq,a a,Public\n", "qrels", "line 2: the query 'q' names the image 'a' twice"),
        ],
    )  # fmt: skip
    def test_what_would_change_figures_is_refused_and_nothing_is_written(
        self, saved, tmp_path, content, to, sentence
    ):
        assert sentence in refusal(saved(content), tmp_path / "out", to)
        assert [file.name for file in tmp_path.iterdir()] == ["given"]


class TestTrecEval:
    def test_pytrec_eval_gives_our_figures_for_what_is_written(self, saved, tmp_path):
        pytrec_eval = pytest.importorskip("pytrec_eval")
        rng = np.random.default_rng(5)
        # Rounded, so that scores tie; the ranks are those of the rounded scores' order in our file.
        lines = ["query,id,rank,score"]
        for query in range(30):
            scores = np.sort(rng.random(20).round(1))[::-1]
            images = rng.permutation(40)[:20]
            for rank, (image, score) in enumerate(zip(images, scores, strict=True), start=1):
                lines.append(f"q{query},i{image},{rank},{score}")
        answers = saved("\n".join(lines), "r.csv")
        truth = "id,images,Usage\n" + "".join(
            f"q{query},{' '.join(f'i{image}' for image in rng.permutation(40)[: 1 + query % 9])},Public\n"
            for query in range(30)
        )
        solution = saved(truth, "solution.csv")
        convert.convert(answers, tmp_path / "run", "trec-run")
        convert.convert(solution, tmp_path / "qrels", "qrels")
        with (tmp_path / "run").open() as run, (tmp_path / "qrels").open() as qrels:
            evaluator = pytrec_eval.RelevanceEvaluator(
                pytrec_eval.parse_qrel(qrels), {"map", "P.5", "ndcg_cut.10", "recip_rank"}
            )
            values = evaluator.evaluate(pytrec_eval.parse_run(run)).values()
        theirs = {
            name: np.mean([one[name] for one in values])
            for name in ("map", "P_5", "ndcg_cut_10", "recip_rank")
        }
        ours = figures(answers, solution, ["map", "precision@5", "ndcg@10", "mrr"])
        assert list(ours.values()) == pytest.approx(list(theirs.values()), abs=1e-12)
        again = figures(tmp_path / "run", tmp_path / "qrels", ["map", "precision@5", "ndcg@10", "mrr"])
        assert again == ours


class TestUse:
    @pytest.mark.parametrize("name", ["given", "../{folder}/given", "link"])
    def test_the_file_that_is_read_is_never_written(self, retrieve, saved, tmp_path, name):
        given = saved(RANKINGS["json"])
        (tmp_path / "link").symlink_to(given)
        out = tmp_path / name.format(folder=tmp_path.name)
        done = retrieve("convert", given, out, "--to", "submission")
        assert "is the very file that is read; give another name" in error_of(done)
        assert given.read_text() == RANKINGS["json"]

    def test_the_list_of_queries_is_never_written(self, saved):
        labels, queries = saved("id,label\na,1\nb,1\n"), saved("id\na\n", "queries.csv")
        with pytest.raises(EvaluationError, match="is the very file that is read"):
            convert.convert(labels, queries, "qrels", queries=queries)

    @pytest.mark.parametrize(
        ("content", "to"), [(TRUTH, "qrels"), (RANKINGS["json"], "long"), ("id,label\na,1\n", "labels")]
    )
    def test_a_list_of_queries_is_for_labels_that_become_a_truth_by_query(
        self, retrieve, saved, tmp_path, content, to
    ):
        given = saved(content)
        done = retrieve("convert", given, tmp_path / "out", "--to", to, "--queries", given)
        assert "a list of queries says who asks about labels" in error_of(done)
        assert not (tmp_path / "out").exists()

    def test_an_unknown_format_is_told_with_those_there_are(self, retrieve, saved, tmp_path):
        done = retrieve("convert", saved(TRUTH), tmp_path / "out", "--to", "xml")
        assert done.returncode == 2
        assert "'xml' is not one of 'submission', 'long'" in done.stderr
        with pytest.raises(ValueError, match="to must be one of submission"):
            convert.convert(tmp_path / "given", tmp_path / "out", "xml")

    def test_a_folder_that_is_not_there_is_told_before_any_work(self, retrieve, tmp_path):
        done = retrieve("convert", tmp_path / "absent", tmp_path / "no" / "out", "--to", "json")
        assert "its folder does not exist; make it first" in error_of(done)

    def test_an_older_file_stays_when_the_new_one_fails(self, retrieve, saved, tmp_path):
        out = saved("older", "out")
        assert "the id 'a b'" in error_of(retrieve("convert", saved('{"q": ["a b"]}'), out, "--to", "pairs"))
        assert out.read_text() == "older"

    def test_quiet_says_nothing_but_the_result(self, retrieve, saved, tmp_path):
        done = retrieve("-q", "convert", saved(RANKINGS["json"]), tmp_path / "out", "--to", "pairs")
        assert (done.returncode, done.stderr) == (0, "")
