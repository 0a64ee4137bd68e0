"""`retrieve evaluate --ranking`: every metric by hand, a store's figures again, and bad files told."""

import base64
import io
import json
import math
import subprocess
import sys

import pytest
from PIL import Image

from evaluate import metrics
from extract.photos import Photos

# q1 finds a and b at the ranks 1 and 3, q2 finds c at 2 and is the surest, q3 has no answer.
LONG = "query,id,rank,score\nq1,a,1,0.5\nq1,x,2,0.4\nq1,b,3,0.3\nq2,x,1,0.9\nq2,c,2,0.8\n"
SUBMISSION = "id,images\nq1,a x b\nq2,x c\n"
SOLUTION = "id,images,Usage\nq1,a b,Public\nq2,c,Private\nq3,d,Public\nq9,None,Ignored\n"
LABELS = "id,label\na,tower\nb,tower\nc,bridge\nd,bridge\n"
ASKED = "id,label,weather\nq1,tower,sun\nq2,bridge,rain\n"
# Votes: two towers and a bridge for q1, which is right, the same for q2, which is wrong.
VOTES = "id,images\nq1,a c b\nq2,a b c\n"
REVISITED = (
    '{"imlist": ["e", "h", "j", "w"], "qimlist": ["q1", "q2"], "gnd": ['
    '{"easy": [0], "hard": [1], "junk": [2]}, {"easy": [], "hard": [0], "junk": []}]}'
)
# Without the junk j: w e h.
OF_REVISITED = "id,images\nq1,j w e h\nq2,e\n"
LANDMARKS = "id,landmarks\nq1,7\nq2,8\nq3,\n"
# Surest first: q2 wrong, q3 wrong, q1 right.
PREDICTIONS = "id,landmarks\nq1,7 0.5\nq2,9 0.9\nq3,7 0.7\n"


@pytest.fixture
def files(tmp_path, monkeypatch):
    """Write files by name into the folder that commands run in."""
    monkeypatch.chdir(tmp_path)

    def write(**contents):
        for name, content in contents.items():
            (tmp_path / f"{name}.csv").write_text(content)
        return tmp_path

    return write


@pytest.fixture
def figures(run_here, files):
    """Evaluate a ranking against a truth, with further options; give what --json says."""

    def call(ranking, truth, *options):
        files(r=ranking, t=truth)
        done = run_here("evaluate", "--ranking", "r.csv", "--truth", "t.csv", *options, "--json")
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    return call


def value_of(result, name):
    assert set(result["metrics"]) == {name}
    figure = result["metrics"][name]
    assert figure["low"] <= figure["value"] <= figure["high"]
    return figure["value"]


BY_HAND = {
    # (1 + 2/3) / 2, 1/2 and 0.
    "map": 4 / 9,
    "map@100": 4 / 9,
    # At most one image can be found among one: 1, 0, 0.
    "map@1": 1 / 3,
    # What trec_eval, divided by m = 2, makes of it: 1/2, 0, 0.
    "map@1:trec": 1 / 6,
    "recall@1": 1 / 3,
    "recall@2": 2 / 3,
    "hit@1": 1 / 3,
    "hit@5": 2 / 3,
    "top1": 1 / 3,
    # 1 of 2, 1 of 2, 0.
    "precision@2": 1 / 3,
    # 2, 1 and 0 of 10.
    "precision@10": 0.1,
    # 1, 1/2 and 0.
    "mrr": 0.5,
    # (1 + 1/log2(4)) / (1 + 1/log2(3)), 1/log2(3), 0.
    "ndcg@3": (1.5 / (1 + 1 / math.log2(3)) + 1 / math.log2(3)) / 3,
    # Of the first two one, of the first one none.
    "r-precision": 1 / 6,
    # P(1) / 2, 0, 0.
    "map@r": 1 / 6,
    # Ranks 1, 2 and 101.
    "first-hit": 104 / 3,
    "first-hit-median": 2,
    # The surest first answer is wrong, the other right: 1/2, of three queries.
    "gap": 1 / 6,
}


@pytest.mark.parametrize("name", BY_HAND)
def test_metrics_of_rankings_by_hand(figures, name):
    result = figures(LONG, SOLUTION, "--metric", name)
    assert value_of(result, name) == pytest.approx(BY_HAND[name])
    assert result["unanswered"] == ["q3"]


# Trapezoids over w e h: e at 1 (from 0), h at 2; q2 finds its only image, a hard one, at once.
ROXFORD = {
    # h leaves: w e, (0 + 1/2) / 2.
    "roxford-easy": (1 / 4, 1),
    # (0 + 1/2) / 2 and (1/2 + 2/3) / 2, by two; 1.
    "roxford-medium": ((5 / 12 + 1) / 2, 2),
    # e leaves: w h; 1.
    "roxford-hard": ((1 / 4 + 1) / 2, 2),
    "roxford-easy-mp@1": (0, 1),
    # No further than the last correct image, at rank 2.
    "roxford-easy-mp@5": (1 / 2, 1),
    "roxford-medium-mp@1": (1 / 2, 2),
    "roxford-medium-mp@5": ((2 / 3 + 1) / 2, 2),
    "roxford-hard-mp@10": ((1 / 2 + 1) / 2, 2),
}


@pytest.mark.parametrize("name", ROXFORD)
def test_revisited_oxford_by_hand(figures, name):
    result = figures(OF_REVISITED, REVISITED, "--metric", name)
    value, queries = ROXFORD[name]
    assert value_of(result, name) == pytest.approx(value)
    assert result["metrics"][name]["queries"] == queries


@pytest.mark.parametrize("name", ["knn-f1", "knn-f1-nearest"])
def test_the_vote_of_neighbours_by_hand(figures, files, name):
    files(q=ASKED)
    # Tower: 2 * 1 / (2 + 1), once right and once too often; bridge: never.
    result = figures(VOTES, LABELS, "--queries", "q.csv", "--metric", name)
    assert value_of(result, name) == pytest.approx(1 / 3)


def test_ties_of_votes_go_to_the_largest_or_the_nearest(figures, files):
    files(q=ASKED)
    ties = "id,images\nq1,c a\nq2,c a\n"
    # A tower and a bridge each: tower is the larger word, bridge the nearer image. One of two is right.
    for name, right in (("knn-f1", "tower"), ("knn-f1-nearest", "bridge")):
        result = figures(ties, LABELS, "--queries", "q.csv", "--metric", name, "--by", "label")
        assert value_of(result, name) == pytest.approx(1 / 3)
        found = {label: group[name]["value"] for label, group in result["strata"]["label"].items()}
        assert found == {"tower": float(right == "tower"), "bridge": float(right == "bridge")}


def test_landmarks_by_hand(figures):
    result = figures(PREDICTIONS, LANDMARKS)
    # Two queries show a landmark; the right answer stands at place 3. Of the two, one is right.
    found = {name: (figure["value"], figure["queries"]) for name, figure in result["metrics"].items()}
    assert found == {"gap": (pytest.approx(1 / 6), 3), "top1": (0.5, 2)}


def test_triplets_by_hand(figures, files):
    files(i="id\na\nb\nc\nd\nx\n")
    result = figures(LONG, SOLUTION, "--index", "i.csv", "--metric", "triplet-accuracy")
    # q1: three wrong images; a is above all, b above two, of six pairs. q2: c is above three of four.
    assert value_of(result, "triplet-accuracy") == pytest.approx((5 / 6 + 3 / 4 + 0) / 3)


def test_every_metric_there_is_was_worked_by_hand():
    worked = {*BY_HAND, *ROXFORD, "knn-f1", "knn-f1-nearest", "triplet-accuracy"}
    shown = {name.split(":")[0] for name in worked}
    of_k = {f"{name.split('@')[0]}@K" for name in shown if name[-1].isdigit() and "@" in name}
    assert set(metrics.names()) == of_k | {name for name in shown if name in metrics.names()}


class TestDefaults:
    @pytest.mark.parametrize(
        ("ranking", "truth", "names"),
        [
            (SUBMISSION, SOLUTION, {"map@100"}),
            ("id,images\na,b\nb,a c\n", "id,label\na,1\nb,1\nc,2\n", {"map@100"}),
            ("q1 Q0 a 1 0.5 t\n", "q1 0 a 1\n", {"map@100"}),
            (PREDICTIONS, LANDMARKS, {"gap", "top1"}),
            (
                OF_REVISITED,
                REVISITED,
                {f"roxford-{part}{more}" for part in ("easy", "medium", "hard")
                 for more in ("", "-mp@1", "-mp@5", "-mp@10")},
            ),
        ],
    )  # fmt: skip
    def test_metrics_are_those_that_the_truth_was_made_for(self, figures, ranking, truth, names):
        assert set(figures(ranking, truth)["metrics"]) == names

    def test_json_holds_all_that_is_known(self, figures):
        result = figures(SUBMISSION, SOLUTION)
        assert set(result) == {
            "metrics", "usages", "strata", "unanswered", "coverage", "interval", "notes", "ranking", "truth",
            "provenance",
        }  # fmt: skip
        assert result["metrics"]["map@100"]["queries"] == 3
        assert set(result["usages"]) == {"public", "private"}
        assert result["usages"]["private"]["map@100"]["value"] == 0.5
        assert result["coverage"]["unanswered"] == 1
        assert result["interval"] == {"kind": "bca", "level": 0.95, "resamples": 10_000, "seed": 0}
        assert (result["ranking"], result["truth"]) == ("r.csv", "t.csv")
        assert result["provenance"]["ranking"].startswith("r.csv (sha256 ")
        assert {"landmark-retrieval", "numpy", "intervals"} <= set(result["provenance"])

    def test_the_same_files_have_the_same_digest(self, figures):
        first, again = (figures(SUBMISSION, SOLUTION)["provenance"] for _ in range(2))
        other = figures(LONG, SOLUTION)["provenance"]
        assert first == again
        assert (first["truth"], first["ranking"]) == (other["truth"], again["ranking"])
        assert first["ranking"] != other["ranking"]

    def test_text_says_the_same(self, run_here, files):
        files(r=SUBMISSION, t=SOLUTION)
        done = run_here("evaluate", "--ranking", "r.csv", "--truth", "t.csv")
        assert (done.returncode, done.stderr) == (0, "")
        lines = done.stdout.splitlines()
        assert lines[0] == "r.csv"
        assert lines[2].startswith("map@100      0.4444   0.0000 - ")
        assert "no answer, counted as wrong: 1 (q3)" in lines
        assert lines[-1] == "95 % BCa bootstrap intervals over queries, 10,000 resamples, seed 0"

    def test_the_kind_of_interval_can_be_chosen(self, figures):
        result = figures(SUBMISSION, SOLUTION, "--interval", "percentile")
        assert result["interval"]["kind"] == "percentile"


# m = 2 for q1, found at 1 and 3; m = 1 for q2, found at 2; q3 has nothing.
DIALECTS = {
    "map@2": (1 / 2 + 1 / 2) / 3,
    # By m: as above here, since m is 2 at most.
    "map@2:trec": (1 / 2 + 1 / 2) / 3,
    # By the hits among two: 1 and 1/2.
    "map@2:found": (1 + 1 / 2) / 3,
    # (1 + 1) / 2 / 2 and (0 + 1/2) / 2.
    "map@2:trapezoid": (1 / 2 + 1 / 4) / 3,
}


class TestDialects:
    def test_all_side_by_side(self, figures):
        found = figures(SUBMISSION, SOLUTION, "--metric", "map@2", "--all-dialects")["metrics"]
        assert list(found) == list(DIALECTS)
        assert {name: figure["value"] for name, figure in found.items()} == pytest.approx(DIALECTS)

    def test_text_says_how_each_divides(self, run_here, files):
        files(r=SUBMISSION, t=SOLUTION)
        done = run_here("evaluate", "--ranking", "r.csv", "--truth", "t.csv", "--all-dialects")
        assert [line.split(":")[0] for line in done.stdout.splitlines()[-4:]] == [
            "gldv2", "trec", "found", "trapezoid",
        ]  # fmt: skip
        assert "trec_eval" in done.stdout

    def test_one(self, figures):
        result = figures(SUBMISSION, SOLUTION, "--metric", "map@2", "--metric", "mrr", "--dialect", "found")
        assert list(result["metrics"]) == ["map@2:found", "mrr"]
        assert result["metrics"]["map@2:found"]["value"] == pytest.approx(DIALECTS["map@2:found"])

    def test_one_in_front_of_all(self, figures):
        result = figures(SUBMISSION, SOLUTION, "--dialect", "trec", "--all-dialects")
        assert list(result["metrics"]) == ["map@100:trec", "map@100", "map@100:found", "map@100:trapezoid"]

    def test_without_a_metric_it_is_that_of_map_100(self, figures):
        result = figures(OF_REVISITED, REVISITED, "--dialect", "trapezoid")
        # Junk leaves first, so this is the set medium.
        assert value_of(result, "map@100:trapezoid") == pytest.approx(ROXFORD["roxford-medium"][0])


class TestGroups:
    def test_by_a_column_of_the_queries_and_by_m(self, figures, files):
        files(q=ASKED)
        result = figures(SUBMISSION, SOLUTION, "--queries", "q.csv", "--by", "weather", "--by", "m")
        weather = {name: group["map@100"]["value"] for name, group in result["strata"]["weather"].items()}
        # The list does not name q3, so nobody asks it.
        assert weather == {"rain": 0.5, "sun": pytest.approx(5 / 6)}
        counts = {name: group["map@100"]["queries"] for name, group in result["strata"]["m"].items()}
        assert counts == {"1": 1, "2-3": 1}
        assert value_of(result, "map@100") == pytest.approx((1 / 2 + 5 / 6) / 2)
        assert any("t.csv" in note and "q.csv and" in note for note in result["notes"])

    def test_a_listed_query_that_the_truth_lacks_is_told_with_its_line(self, run_here, files):
        files(r=SUBMISSION, t=SOLUTION, q=ASKED + "zebra,tower,sun\n")
        done = run_here("evaluate", "--ranking", "r.csv", "--truth", "t.csv", "--queries", "q.csv")
        told = sentence(done)
        assert [words for words in ("q.csv, line 4", "'zebra'", "t.csv") if words not in told] == []

    def test_by_label(self, figures, files):
        files(q=ASKED)
        result = figures(VOTES, LABELS, "--queries", "q.csv", "--by", "label")
        # q1: a and b at 1 and 3 of two; q2: c at 3, d nowhere.
        found = {name: group["map@100"]["value"] for name, group in result["strata"]["label"].items()}
        assert found == {"bridge": pytest.approx(1 / 6), "tower": pytest.approx(5 / 6)}


class TestReports:
    def test_html_markdown_and_json_at_once(self, run_here, files):
        folder = files(r=SUBMISSION, t=SOLUTION)
        reports = [option for name in ("o.html", "o.md", "o.json") for option in ("--report", name)]
        done = run_here("evaluate", "--ranking", "r.csv", "--truth", "t.csv", "--json", *reports)
        assert done.returncode == 0, done.stderr
        page = (folder / "o.html").read_text()
        assert page.startswith("<!DOCTYPE html>")
        assert "0.4444" in page
        assert "Evaluation of r.csv" in page
        text = (folder / "o.md").read_text()
        assert text.startswith("# Evaluation of r.csv\n\n3 queries of t.csv\n")
        assert "## Worst queries" in text
        assert "sha256" in text
        assert json.loads((folder / "o.json").read_text()) == json.loads(done.stdout)

    def test_landmarks_have_a_report_too(self, run_here, files):
        folder = files(r=PREDICTIONS, t=LANDMARKS)
        done = run_here("evaluate", "--ranking", "r.csv", "--truth", "t.csv", "--report", "o.html")
        assert done.returncode == 0, done.stderr
        assert "top1" in (folder / "o.html").read_text()

    def test_pictures_are_in_the_page(self, run_here, files, photograph):
        folder = files(r=SUBMISSION, t=SOLUTION, p="id,file\nq1,q1.jpg\na,a.jpg\nb,b.jpg\nx,gone.jpg\n")
        for number, name in enumerate(("q1", "a")):
            (folder / f"{name}.jpg").write_bytes(photograph(number))
        (folder / "b.jpg").write_bytes(photograph(3)[:100])
        options = ["--photos", "p.csv", "--report", "o.html"]
        done = run_here("evaluate", "--ranking", "r.csv", "--truth", "t.csv", *options)
        assert (done.returncode, done.stderr) == (0, "")
        pictures = (folder / "o.html").read_text().split('src="data:image/jpeg;base64,')[1:]
        assert len(pictures) == 2
        for picture in pictures:
            shown = Image.open(io.BytesIO(base64.b64decode(picture.split('"')[0])))
            assert (shown.format, max(shown.size)) == ("JPEG", 160)

    @pytest.mark.parametrize("name", ["r.json", "../{folder}/r.json", "link.json"])
    def test_a_report_never_takes_the_place_of_what_is_read(self, run_here, files, name):
        folder = files(t=SOLUTION)
        written = json.dumps({"q1": ["a"]})
        (folder / "r.json").write_text(written)
        (folder / "link.json").symlink_to("r.json")
        options = ["--report", name.format(folder=folder.name)]
        done = run_here("evaluate", "--ranking", "r.json", "--truth", "t.csv", *options)
        assert "is the very file that is read" in sentence(done)
        assert (folder / "r.json").read_text() == written

    def test_a_report_is_written_anew(self, run_here, files):
        folder = files(r=SUBMISSION, t=SOLUTION)
        (folder / "o.json").write_text("older")
        run_here("evaluate", "--ranking", "r.csv", "--truth", "t.csv", "--report", "o.json")
        assert set(json.loads((folder / "o.json").read_text())["metrics"]) == {"map@100"}

    def test_two_lists_of_photos_that_contradict_each_other(self, run_here, files):
        files(r=SUBMISSION, t=SOLUTION, p="id,file\na,a.jpg\n", o="id,file\na,b.jpg\n")
        options = ["--photos", "p.csv", "--photos", "o.csv", "--report", "o.html"]
        done = run_here("evaluate", "--ranking", "r.csv", "--truth", "t.csv", *options)
        assert "the photo 'a' is 'a.jpg' in one of --photos and 'b.jpg' in another" in sentence(done)


def sentence(done):
    """The error of a run: one sentence on stderr, nothing on stdout, no traceback."""
    assert (done.returncode, done.stdout) == (1, ""), done.stderr
    (line,) = done.stderr.splitlines()
    assert line.startswith("error: ")
    assert "unforeseen" not in line
    return line.removeprefix("error: ")


class TestUse:
    @pytest.mark.parametrize(
        "arguments",
        [
            ("s.store", "--ranking", "r.csv", "--truth", "t.csv"),
            (),
            ("--ranking", "r.csv"),
            ("s.store",),
            ("--queries", "q.csv"),
            ("--truth", "t.csv"),
            *[
                ("--ranking", "r.csv", "--truth", "t.csv", *option)
                for option in (
                    ("--rerank", "none"),
                    ("--v", "0.5"),
                    ("--top", "3"),
                    ("--recipe", "default"),
                    ("--save-ranking", "o.csv"),
                    # There is no report to show pictures in.
                    ("--photos", "p.csv"),
                )
            ],
            ("s.store", "--queries", "q.csv", "--index", "i.csv"),
            ("s.store", "--queries", "q.csv", "--photos", "p.csv"),
            ("--ranking", "r.csv", "--truth", "t.csv", "--interval", "normal"),
        ],
    )
    def test_what_does_not_go_together_is_misuse(self, run_here, files, arguments):
        files(r=SUBMISSION, t=SOLUTION)
        done = run_here("evaluate", *arguments)
        assert (done.returncode, done.stdout) == (2, "")
        assert done.stderr.startswith("Usage: ")

    @pytest.mark.parametrize(
        ("options", "told"),
        [
            (("--metric", "map@0"), "'map@0'"),
            (("--metric", "mapp@100"), "did you mean 'map@100'?"),
            (("--dialect", "kaggle"), "there are gldv2, trec, found, trapezoid"),
            (("--metric", "mrr", "--dialect", "trec"), "only map@K has dialects, and mrr has none"),
            (
                ("--metric", "map@2:trec", "--dialect", "found"),
                "map@2:trec names its dialect already; leave --dialect and --all-dialects away, "
                "or give --metric map@2",
            ),
            (("--metric", "mrr", "--all-dialects"), "add --metric map@100"),
            (("--by", "weather"), "no column 'weather' to group them by; there are m"),
            (("--report", "o.pdf"), "o.pdf"),
            (("--report", "absent/o.html"), "its folder does not exist"),
            (("--photos", "absent.csv", "--report", "o.html"), "'absent.csv'"),
            (("--index", "absent.csv"), "absent.csv cannot be read"),
            (("--queries", "absent.csv"), "absent.csv cannot be read"),
            (("--metric", "knn-f1"), "knn-f1 needs the labels"),
            (("--metric", "gap"), "gap needs confidences"),
            (("--metric", "roxford-medium"), "needs the truth of revisited Oxford or Paris"),
            (("--metric", "triplet-accuracy"), "list all images that were searched (--index)"),
        ],
    )
    def test_options_that_cannot_be_met(self, run_here, files, options, told):
        folder = files(r=SUBMISSION, t=SOLUTION)
        assert told in sentence(run_here("evaluate", "--ranking", "r.csv", "--truth", "t.csv", *options))
        assert sorted(path.name for path in folder.iterdir()) == ["r.csv", "t.csv"]


# What is written, and all that the one sentence must say.
BAD = {
    "unknown query": (SUBMISSION + "zebra,a\n", SOLUTION, ("r.csv, line 4", "'zebra'", "t.csv")),
    "unknown query of labels": ("id,images\nzebra,a\n", LABELS, ("r.csv, line 2", "'zebra'", "t.csv")),
    "unknown image": ("id,images\na,b\nb,zebra\n", LABELS, ("r.csv, line 3", "'zebra'", "'b'", "t.csv")),
    "unknown image of revisited": ("id,images\nq1,e\nq2,zebra\n", REVISITED, ("r.csv, line 3", "'zebra'")),
    "unknown image of long": (
        "query,id,rank\na,b,1\na,zebra,2\n", LABELS, ("r.csv, line 3", "'zebra'", "'a'", "t.csv"),
    ),
    "query twice": ("id,images\nq1,a\nq1,b\n", SOLUTION, ("r.csv, line 3", "'q1'", "line 2")),
    "rank twice": ("query,id,rank\nq1,a,1\nq1,b,1\n", SOLUTION, ("r.csv, line 3", "'q1'", "rank 1")),
    "prediction twice": ("id,landmarks\nq1,7 1\nq1,8 1\n", LANDMARKS, ("r.csv, line 3", "'q1'", "line 2")),
    "query twice in json": ('{"q1": ["a"],\n"q1": ["b"]}', SOLUTION, ("r.csv, line 2", "'q1'")),
    "solution with a query twice": (
        SUBMISSION, "id,images\nq1,a\nq1,b\n", ("t.csv, line 3", "'q1'", "line 2"),
    ),
    "empty solution": (SUBMISSION, "id,images,Usage\n", ("t.csv", "no query that counts")),
    "solution of ignored ones": (SUBMISSION, "id,images,Usage\nq1,a,Ignored\n", ("t.csv", "Ignored")),
    "query without a correct image": (SUBMISSION, "id,images\nq1,a\nq2,\n", ("t.csv, line 3", "'q2'")),
    "empty truth": (SUBMISSION, "", ("t.csv is empty", "id,images[,Usage]")),
    "labels without the column": (
        SUBMISSION, "id,name\na,tower\n", ("t.csv, line 1", "'label' is missing", "found: id, name"),
    ),
    "labels without the column id": (SUBMISSION, "file,label\na,tower\n", ("t.csv", "'file,label'")),
    "labels with a short record": ("id,images\na,b\n", "id,label\na,1\nb\n", ("t.csv, line 3", "'b'")),
    "image twice in labels": (
        "id,images\na,b\n", "id,label\na,1\nb,1\nb,2\n", ("t.csv, line 4", "'b'", "line 3"),
    ),
    "query without a label": ("id,images\na,b\n", "id,label\na,\nb,1\n", ("'a'", "label")),
    "score that is NaN": (LONG.replace("0.4", "nan"), SOLUTION, ("r.csv, line 3", "'x'", "'q1'", "'nan'")),
    "score in a run that is NaN": ("q1 Q0 a 1 nan t\n", SOLUTION, ("r.csv, line 1", "'a'", "'q1'", "'nan'")),
    "score in json that is NaN": ('{"q1": {"a": NaN}}', SOLUTION, ("r.csv, line 1", "'a'", "'q1'")),
    "confidence that is NaN": ("id,landmarks\nq1,7 nan\n", LANDMARKS, ("r.csv, line 2", "'q1'", "'nan'")),
    "rankings of another store": (
        "id,images\nq1,zebra\nq2,lion\n", SOLUTION, ("r.csv, line 2", "'zebra'", "another collection"),
    ),
    "rankings of other queries": ("id,images\nq9,a\n", SOLUTION, ("r.csv", "none of the queries", "t.csv")),
    "empty ranking": ("", SOLUTION, ("r.csv is empty", "id,images")),
    "ranking without a record": ("id,images\n", SOLUTION, ("r.csv holds no ranking",)),
    "ranking of no known kind": ("name,best\nq1,a\n", SOLUTION, ("r.csv is of no known kind", "'name,best'")),
    "not text": ("id,images\nq1,\0\n", SOLUTION, ("r.csv",)),
}  # fmt: skip


class TestBadInput:
    @pytest.mark.parametrize("case", BAD)
    def test_one_sentence_names_file_line_and_id(self, run_here, files, case):
        ranking, truth, told = BAD[case]
        files(r=ranking, t=truth)
        line = sentence(
            run_here("evaluate", "--ranking", "r.csv", "--truth", "t.csv", "--json", "--report", "o.html")
        )
        assert [words for words in told if words not in line] == []

    def test_no_report_is_left_behind(self, run_here, files):
        folder = files(r="id,images\nq1,a\nq1,b\n", t=SOLUTION)
        sentence(run_here("evaluate", "--ranking", "r.csv", "--truth", "t.csv", "--report", "o.html"))
        assert not (folder / "o.html").exists()

    @pytest.mark.parametrize("absent", ["r.csv", "t.csv"])
    def test_a_file_that_is_not_there(self, run_here, files, absent):
        (files(r=SUBMISSION, t=SOLUTION) / absent).unlink()
        line = sentence(run_here("evaluate", "--ranking", "r.csv", "--truth", "t.csv"))
        assert line.startswith(f"{absent} cannot be read (No such file or directory)")

    def test_an_image_that_the_list_of_the_index_lacks(self, run_here, files):
        files(r=SUBMISSION, t=SOLUTION, i="id\na\nb\nc\nd\n")
        line = sentence(run_here("evaluate", "--ranking", "r.csv", "--truth", "t.csv", "--index", "i.csv"))
        assert [words for words in ("r.csv, line 2", "'x'", "'q1'") if words not in line] == []

    def test_a_truth_of_more_than_the_list_of_the_index(self, run_here, files):
        files(r=SUBMISSION, t=SOLUTION, i="id\na\nb\nc\nx\n")
        line = sentence(run_here("evaluate", "--ranking", "r.csv", "--truth", "t.csv", "--index", "i.csv"))
        assert [words for words in ("t.csv, line 4", "'d'", "'q3'") if words not in line] == []

    def test_a_process_of_its_own_ends_the_same_way(self, retrieve, files):
        files(r="id,images\nq1,a\nq1,b\n", t=SOLUTION)
        line = sentence(retrieve("evaluate", "--ranking", "r.csv", "--truth", "t.csv"))
        assert line == "r.csv, line 3: the query 'q1' was already given on line 2; keep one of the two"


def test_rankings_load_no_heavy_library(run_python, files):
    folder = files(r=SUBMISSION, t=SOLUTION)
    heavy = ["torch", "timm", "faiss", "cv2", "h5py", "PIL", "sklearn", "scipy", "matplotlib", "tqdm"]
    program = (
        "import sys\n"
        "from retrieval.cli import cli\n"
        f"arguments = ['--ranking', {str(folder / 'r.csv')!r}, '--truth', {str(folder / 't.csv')!r}]\n"
        "cli.main(['evaluate', *arguments], standalone_mode=False)\n"
        f"print([name for name in {heavy} if name in sys.modules])\n"
    )
    done = run_python(program)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1] == "[]"


@pytest.fixture(scope="module")
def asked(retrieve, places, store, tmp_path_factory):
    """What the store says of its queries, with the rankings it saved and its reports."""
    folder = tmp_path_factory.mktemp("asked")
    done = retrieve(
        "evaluate", store, "--queries", places.queries, "--rerank", "none", "--json",
        "--save-ranking", folder / "ranking.csv", "--report", folder / "o.html", "--by", "label",
        *[word for name in ("map@100", "recall@1", "ndcg@10", "knn-f1") for word in ("--metric", name)],
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout), folder


class TestAgainstAStore:
    def test_its_saved_ranking_has_the_same_figures_and_intervals(self, run_here, asked, places):
        of_store, folder = asked
        done = run_here(
            "evaluate", "--ranking", folder / "ranking.csv", "--truth", places.index,
            "--queries", places.queries, "--json", "--by", "label",
            *[word for name in of_store["metrics"] for word in ("--metric", name)],
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        of_ranking = json.loads(done.stdout)
        assert of_ranking["metrics"] == of_store["metrics"]
        assert of_ranking["strata"] == of_store["strata"]
        assert list(of_store["metrics"]) == ["map@100", "recall@1", "ndcg@10", "knn-f1"]
        # Scores are not saved, so ties are not known.
        same = set(of_store["coverage"]) - {"ties"}
        assert {name: of_ranking["coverage"][name] for name in same} == {
            name: of_store["coverage"][name] for name in same
        }

    def test_its_page_shows_photographs_of_queries_and_of_the_store(self, asked):
        of_store, folder = asked
        page = (folder / "o.html").read_text()
        # Ten queries and the first five of each.
        assert page.count('src="data:image/jpeg;base64,') == 60
        assert f"{of_store['metrics']['map@100']['value']:.4f}" in page

    def test_its_json_says_what_answered(self, asked, store):
        of_store, _ = asked
        assert of_store["provenance"]["store"].startswith(f"{store}, revision ")
        assert of_store["rerank"]["chain"] == of_store["provenance"]["chain"] == "none"
        assert {"seconds, describe", "seconds, search"} <= set(of_store["provenance"])
        assert of_store["provenance"]["bytes a photo"] > 0

    def test_a_photograph_that_cannot_be_read_is_told_and_the_report_is_there(
        self, retrieve, places, store, tmp_path
    ):
        photos = Photos.read(places.queries).select(range(3))
        (tmp_path / "broken.jpg").write_bytes(b"broken")
        paths = [tmp_path / "broken.jpg", *photos.paths[1:]]
        lines = [
            f"{name},{path},{label},{weather}"
            for name, path, label, weather in zip(
                photos.ids, paths, photos.labels, ("sun", "rain", "sun"), strict=True
            )
        ]
        (tmp_path / "q.csv").write_text("id,file,label,weather\n" + "\n".join(lines) + "\n")
        done = retrieve(
            "evaluate", store, "--queries", tmp_path / "q.csv", "--rerank", "none", "--by", "weather",
            "--report", tmp_path / "o.html", "--json",
        )  # fmt: skip
        assert done.returncode == 3
        assert f"failed: {photos.ids[0]}: " in done.stderr
        result = json.loads(done.stdout)
        assert (result["failed"], result["unanswered"]) == (1, [photos.ids[0]])
        groups = {name: group["map@100"]["queries"] for name, group in result["strata"]["weather"].items()}
        assert groups == {"rain": 1, "sun": 2}
        page = (tmp_path / "o.html").read_text()
        # Two queries with five images each; of the third neither picture nor ranking is there.
        assert page.count('src="data:image/jpeg;base64,') == 12
        assert page.count("not available") == 1


def test_a_reader_that_has_seen_enough_costs_no_report(tmp_path):
    (tmp_path / "r.csv").write_text("id,images\nq,a\n")
    (tmp_path / "t.csv").write_text("id,images\nq,a\n")
    program = [sys.executable, "-c", "from retrieval.cli import main; main()"]
    options = ["--ranking", "r.csv", "--truth", "t.csv", "--report", "page.html"]
    with subprocess.Popen([*program, "evaluate", *options], cwd=tmp_path, stdout=subprocess.PIPE) as running:
        # Closed before a word is printed, as `| head` closes it.
        running.stdout.close()
    assert "map@100" in (tmp_path / "page.html").read_text()
