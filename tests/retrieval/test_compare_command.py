"""`retrieve compare`: who is better on the same queries, when it fails, and bad files told."""

import json

import pytest

SOLUTION = "id,images,Usage\nq1,r,Public\nq2,r,Public\nq3,r,Private\nq4,r,Private\nq9,None,Ignored\n"
# AP 1, 1, 1, 1.
OLD = "id,images\nq1,r\nq2,r\nq3,r\nq4,r\n"
# AP 1, 1, 1/2, 1/2: worse by a quarter.
NEW = "id,images\nq1,r\nq2,r\nq3,x r\nq4,x r\n"
# AP 1, 1, 1, 0: as bad, one query is not answered.
LESS = "id,images\nq1,r\nq2,r\nq3,r\n"


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
def compare(run_here, files):
    """Compare files that stand there with a truth that is written."""

    def call(*arguments, truth=SOLUTION):
        files(t=truth)
        return run_here("compare", *arguments, "--truth", "t.csv")

    return call


def sentence(done):
    """The error of a run: one sentence on stderr, nothing on stdout, no traceback."""
    assert (done.returncode, done.stdout) == (1, ""), done.stderr
    (line,) = done.stderr.splitlines()
    assert line.startswith("error: ")
    assert "unforeseen" not in line
    return line.removeprefix("error: ")


class TestResults:
    def test_json(self, compare, files):
        files(old=OLD, new=NEW)
        done = compare("old.csv", "new.csv", "--json")
        assert (done.returncode, done.stderr) == (0, "")
        result = json.loads(done.stdout)
        assert set(result) == {
            "metric", "lower_is_better", "baseline", "systems", "differences", "interval",
            "difference_interval", "notes", "truth", "provenance",
        }  # fmt: skip
        assert (result["metric"], result["baseline"], result["truth"]) == ("map@100", "old.csv", "t.csv")
        assert {name: one["value"] for name, one in result["systems"].items()} == {
            "old.csv": 1.0,
            "new.csv": 0.75,
        }
        (one,) = result["differences"]
        assert set(one) == {
            "system", "value", "low", "high", "p", "p_holm", "tally", "d", "rank_biserial", "detectable",
            "queries_for_a_point", "queries", "moved",
        }  # fmt: skip
        assert (one["system"], one["value"], one["queries"]) == ("new.csv", -0.25, 4)
        assert -0.5 <= one["low"] < -0.25 < one["high"] <= 0.0
        # Both queries that moved lost 1/2: two of four ways to swap are as large.
        assert (one["p"], one["p_holm"]) == (0.5, 0.5)
        assert one["tally"] == {"wins": 0, "ties": 2, "losses": 2}
        assert [moved["query_id"] for moved in one["moved"]] == ["q3", "q4"]
        assert (one["moved"][0]["ranks_before"], one["moved"][0]["ranks_after"]) == ([1], [2])
        assert result["provenance"]["system 2"].startswith("new.csv (sha256 ")

    def test_text(self, compare, files):
        files(old=OLD, new=NEW)
        done = compare("old.csv", "new.csv")
        assert (done.returncode, done.stderr) == (0, "")
        assert "new.csv less old.csv: -0.2500 [" in done.stdout
        assert "better on 0, same on 2, worse on 2 of 4 queries" in done.stdout
        assert "  q3           1.000   0.500  #1: 1 -> 2\n" in done.stdout

    def test_three_systems_are_compared_with_the_first(self, compare, files):
        files(old=OLD, new=NEW, less=LESS)
        result = json.loads(compare("new.csv", "old.csv", "less.csv", "--json").stdout)
        assert result["baseline"] == "new.csv"
        assert [(one["system"], one["value"]) for one in result["differences"]] == [
            ("old.csv", 0.25),
            ("less.csv", 0.0),
        ]
        # Twice the smaller p of 1/2, and no p is above 1.
        assert [(one["p"], one["p_holm"]) for one in result["differences"]] == [(0.5, 1.0), (1.0, 1.0)]

    def test_a_query_that_a_ranking_lacks_counts_as_wrong(self, compare, files):
        files(old=OLD, less=LESS)
        result = json.loads(compare("old.csv", "less.csv", "--json").stdout)
        assert result["systems"]["less.csv"] == {
            "value": 0.75, "queries": 4, "low": pytest.approx(0, abs=0.5), "high": 1.0,
        }  # fmt: skip
        assert result["differences"][0]["moved"] == [
            {
                "query_id": "q4",
                "before": 1.0,
                "after": 0.0,
                "first_shown": 1,
                "ranks_before": [1],
                "ranks_after": [],
            }
        ]

    def test_the_same_answers_under_two_names(self, compare, files):
        files(old=OLD, again=OLD)
        (one,) = json.loads(compare("old.csv", "again.csv", "--json").stdout)["differences"]
        assert (one["value"], one["low"], one["high"], one["p"], one["moved"]) == (0.0, 0.0, 0.0, 1.0, [])
        assert (one["d"], one["rank_biserial"]) == (None, None)

    def test_every_query_worse_by_the_same_amount(self, compare, files):
        # d_z is without end, which JSON cannot say.
        files(old=OLD, new=OLD.replace(",r", ",x r"))
        (one,) = json.loads(compare("old.csv", "new.csv", "--json").stdout)["differences"]
        assert (one["value"], one["low"], one["high"], one["d"]) == (-0.5, -0.5, -0.5, None)

    def test_files_of_several_kinds(self, compare, files):
        files(old=OLD, new="".join(f"q{number} Q0 r 1 0.5 t\n" for number in range(1, 5)))
        done = compare("old.csv", "new.csv", "--json")
        assert json.loads(done.stdout)["differences"][0]["tally"] == {"wins": 0, "ties": 4, "losses": 0}

    @pytest.mark.parametrize(
        ("first", "second", "truth", "metric"),
        [
            (OLD, NEW, SOLUTION, "map@100"),
            ("id,landmarks\nq,7 1\n", "id,landmarks\nq,8 1\n", "id,landmarks\nq,7\n", "gap"),
            (
                "id,images\nq,e\n",
                "id,images\nq,w e\n",
                '{"imlist": ["e", "w"], "qimlist": ["q"], "gnd": [{"easy": [0], "hard": [], "junk": []}]}',
                "roxford-medium",
            ),
        ],
    )
    def test_the_metric_is_the_main_one_of_those_that_the_truth_was_made_for(
        self, compare, files, first, second, truth, metric
    ):
        files(a=first, b=second)
        done = compare("a.csv", "b.csv", "--json", truth=truth)
        assert done.returncode == 0, done.stderr
        result = json.loads(done.stdout)
        assert result["metric"] == metric
        assert result["differences"][0]["value"] < 0

    def test_labels_with_a_list_of_queries_and_of_the_index(self, compare, files):
        files(
            a="id,images\nq,a b\n",
            b="id,images\nq,b a\n",
            q="id,label\nq,tower\n",
            i="id\na\nb\n",
        )
        labels = "id,label\na,tower\nb,bridge\n"
        lists = ["--queries", "q.csv", "--index", "i.csv", "--metric", "mrr", "--json"]
        done = compare("a.csv", "b.csv", *lists, truth=labels)
        assert done.returncode == 0, done.stderr
        result = json.loads(done.stdout)
        assert result["differences"][0]["value"] == -0.5
        assert {"queries", "index"} <= set(result["provenance"])


class TestFailIfWorseThan:
    @pytest.mark.parametrize(("margin", "code"), [("0", 1), ("0.24", 1), ("0.25", 0), ("0.3", 0)])
    def test_worse_by_more_fails_and_by_as_much_does_not(self, compare, files, margin, code):
        files(old=OLD, new=NEW)
        done = compare("old.csv", "new.csv", "--fail-if-worse-than", margin, "--json")
        assert done.returncode == code
        result = json.loads(done.stdout)
        assert result["fail_if_worse_than"] == float(margin)
        assert result["worse"] == ["new.csv"] * code
        told = f"new.csv is worse than old.csv by 0.2500, more than the {float(margin):g} that are allowed"
        assert done.stderr.splitlines() == [told] * code

    def test_better_never_fails(self, compare, files):
        files(old=OLD, new=NEW)
        done = compare("new.csv", "old.csv", "--fail-if-worse-than", "0")
        assert (done.returncode, done.stderr) == (0, "")

    def test_as_good_never_fails(self, compare, files):
        files(new=NEW, less=LESS)
        assert compare("new.csv", "less.csv", "--fail-if-worse-than", "0").returncode == 0

    def test_a_margin_is_met_in_spite_of_rounding(self, compare, files):
        # Right are 8 and 7 of 10 queries, and 0.8 - 0.7 is more than 0.1 in floats.
        names = [f"q{number}" for number in range(10)]
        right = {"old": 8, "new": 7}
        files(
            **{
                system: "id,images\n"
                + "".join(f"{name},{'r' if place < count else 'x'}\n" for place, name in enumerate(names))
                for system, count in right.items()
            }
        )
        truth = "id,images\n" + "".join(f"{name},r\n" for name in names)
        done = compare(
            "old.csv", "new.csv", "--metric", "recall@1", "--fail-if-worse-than", "0.1", truth=truth
        )
        assert (done.returncode, done.stderr) == (0, "")

    def test_where_lower_is_better_a_larger_figure_is_worse(self, compare, files):
        # Ranks 1, 1, 1, 1 and 1, 1, 2, 2.
        files(old=OLD, new=NEW)
        options = ["--metric", "first-hit", "--fail-if-worse-than", "0.4"]
        done = compare("old.csv", "new.csv", *options)
        assert done.returncode == 1
        assert done.stderr.startswith("new.csv is worse than old.csv by 0.5000")
        assert compare("new.csv", "old.csv", *options).returncode == 0

    def test_each_that_is_worse_is_told(self, compare, files):
        files(old=OLD, new=NEW, again=OLD, less=LESS)
        systems = ["old.csv", "new.csv", "again.csv", "less.csv"]
        done = compare(*systems, "--fail-if-worse-than", "0.1", "--json")
        assert done.returncode == 1
        assert json.loads(done.stdout)["worse"] == ["new.csv", "less.csv"]
        assert [line.split()[0] for line in done.stderr.splitlines()] == ["new.csv", "less.csv"]

    def test_the_result_and_the_report_are_there_all_the_same(self, compare, files):
        folder = files(old=OLD, new=NEW)
        done = compare("old.csv", "new.csv", "--fail-if-worse-than", "0.1", "--report", "o.json")
        assert done.returncode == 1
        assert "new.csv less old.csv: -0.2500" in done.stdout
        assert json.loads((folder / "o.json").read_text())["worse"] == ["new.csv"]

    def test_a_name_with_a_line_break_stays_on_one_line(self, compare, files):
        folder = files(old=OLD)
        (folder / "n\new.csv").write_text(NEW)
        done = compare("old.csv", "n\new.csv", "--fail-if-worse-than", "0")
        assert done.stderr.splitlines() == [
            "n\\new.csv is worse than old.csv by 0.2500, more than the 0 that are allowed"
        ]

    def test_a_process_of_its_own_ends_the_same_way(self, retrieve, files):
        files(old=OLD, new=NEW, t=SOLUTION)
        done = retrieve(
            "compare", "old.csv", "new.csv", "--truth", "t.csv", "--fail-if-worse-than", "0.1", "--json"
        )
        assert done.returncode == 1
        assert json.loads(done.stdout)["worse"] == ["new.csv"]
        assert len(done.stderr.splitlines()) == 1


class TestReports:
    def test_html_markdown_and_json(self, compare, files):
        folder = files(old=OLD, new=NEW)
        reports = [option for name in ("o.html", "o.md", "o.json") for option in ("--report", name)]
        done = compare("old.csv", "new.csv", "--json", *reports)
        assert done.returncode == 0, done.stderr
        page, text = (folder / "o.html").read_text(), (folder / "o.md").read_text()
        for shown in ("Comparison by map@100", "What moved most: new.csv", "-0.2500"):
            assert shown in page
            assert shown in text
        assert json.loads((folder / "o.json").read_text()) == json.loads(done.stdout)

    def test_pictures_are_in_the_page(self, compare, files, photograph):
        folder = files(old=OLD, new=NEW)
        (folder / "photos").mkdir()
        (folder / "photos" / "one.jpg").write_bytes(photograph(0))
        (folder / "photos" / "two.jpg").write_bytes(b"broken")
        files(p="id,file\nr,photos/one.jpg\nq3,photos/one.jpg\nx,photos/two.jpg\n")
        done = compare("old.csv", "new.csv", "--report", "o.html", "--photos", "p.csv")
        assert (done.returncode, done.stderr) == (0, "")
        # q3 and r before, q3 and r after, r before and after of q4.
        assert (folder / "o.html").read_text().count('src="data:image/jpeg;base64,') == 6


class TestBadInput:
    @pytest.mark.parametrize(
        "arguments",
        [
            (),
            ("old.csv",),
            ("old.csv", "old.csv"),
            ("old.csv", "new.csv", "old.csv"),
            *[
                ("old.csv", "new.csv", "--fail-if-worse-than", margin)
                for margin in ("-0.1", "nan", "inf", "much")
            ],
        ],
    )
    def test_misuse(self, compare, files, arguments):
        files(old=OLD, new=NEW)
        done = compare(*arguments)
        assert (done.returncode, done.stdout) == (2, "")
        assert done.stderr.startswith("Usage: ")

    def test_without_a_truth_it_is_misuse(self, run_here, files):
        files(old=OLD, new=NEW)
        assert run_here("compare", "old.csv", "new.csv").returncode == 2
        done = run_here("compare", "old.csv", "new.csv", "--truth", "t.csv", "--photos", "p.csv")
        assert done.returncode == 2
        assert "--photos is for the pictures of a report" in done.stderr

    @pytest.mark.parametrize(
        ("second", "told"),
        [
            (OLD + "zebra,r\n", ("new.csv, line 6", "'zebra'", "t.csv")),
            ("id,images\nq1,r\nq1,x\n", ("new.csv, line 3", "'q1'", "line 2")),
            ("query,id,rank,score\nq1,r,1,nan\n", ("new.csv, line 2", "'r'", "'q1'", "'nan'")),
            ("id,images\nq1,zebra\nq2,lion\n", ("new.csv, line 2", "'zebra'", "another collection")),
            ("id,images\n", ("new.csv holds no ranking",)),
            ("", ("new.csv is empty",)),
        ],
    )
    def test_one_sentence_names_file_line_and_id(self, compare, files, second, told):
        folder = files(old=OLD, new=second)
        line = sentence(compare("old.csv", "new.csv", "--json", "--report", "o.html"))
        assert [words for words in told if words not in line] == []
        assert not (folder / "o.html").exists()

    @pytest.mark.parametrize("absent", ["old.csv", "new.csv"])
    def test_a_file_that_is_not_there(self, compare, files, absent):
        (files(old=OLD, new=NEW) / absent).unlink()
        assert sentence(compare("old.csv", "new.csv")).startswith(f"{absent} cannot be read")

    @pytest.mark.parametrize(
        ("options", "told"),
        [
            (("--metric", "map@0"), "'map@0'"),
            (("--metric", "gap"), "gap needs confidences"),
            (("--report", "o.pdf"), "o.pdf"),
            (("--report", "absent/o.html"), "its folder does not exist"),
            (("--report", "o.html", "--photos", "absent.csv"), "'absent.csv' is not there"),
            (("--queries", "absent.csv"), "absent.csv cannot be read"),
            (("--index", "absent.csv"), "absent.csv cannot be read"),
        ],
    )
    def test_options_that_cannot_be_met(self, compare, files, options, told):
        folder = files(old=OLD, new=NEW)
        assert told in sentence(compare("old.csv", "new.csv", *options))
        assert not (folder / "o.html").exists()


@pytest.mark.parametrize("place", [0, 1])
def test_a_report_never_takes_the_place_of_a_ranking(compare, files, place):
    folder = files(old=OLD, new=NEW)
    written = json.dumps({"q1": ["r"]})
    (folder / "r.json").write_text(written)
    rankings = ["old.csv", "new.csv"]
    rankings[place] = "r.json"
    assert "r.json is the very file" in sentence(compare(*rankings, "--report", "./r.json"))
    assert (folder / "r.json").read_text() == written


def test_comparing_loads_no_heavy_library(run_python, files):
    folder = files(old=OLD, new=NEW, t=SOLUTION)
    heavy = ["torch", "timm", "faiss", "cv2", "h5py", "PIL", "sklearn", "scipy", "matplotlib", "tqdm"]
    names = [str(folder / f"{name}.csv") for name in ("old", "new", "t")]
    program = (
        "import sys\n"
        "from retrieval.cli import cli\n"
        f"old, new, truth = {names!r}\n"
        "cli.main(['compare', old, new, '--truth', truth, '--json'], standalone_mode=False)\n"
        f"print([name for name in {heavy} if name in sys.modules])\n"
    )
    done = run_python(program)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1] == "[]"
