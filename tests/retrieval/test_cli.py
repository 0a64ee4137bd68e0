"""The command line as a person and a script use it: real processes, real photographs, bad input."""

import csv
import json
import os
import shutil
import signal
import subprocess
import sys
import time

import pytest

from extract.photos import Photos


def one_line(done):
    """The error of a finished process: one sentence, no traceback."""
    assert "Traceback" not in done.stderr
    lines = [line for line in done.stderr.splitlines() if line.startswith(("error:", "Error:", "Usage:"))]
    assert len(lines) == 1, done.stderr
    return lines[0]


@pytest.fixture(scope="module")
def cli_store(retrieve, places, recipe_file, tmp_path_factory):
    path = tmp_path_factory.mktemp("cli") / "places.store"
    done = retrieve("index", places.index, "--store", path, "--recipe", recipe_file, "--json")
    assert done.returncode == 0, done.stderr
    result = json.loads(done.stdout)
    assert result["failed"] == 0
    assert result["photos"] == result["described"] > 100
    assert {"seconds", "photos_per_second", "bytes_per_photo"} <= set(result)
    return path


def test_indexing_twice_does_no_work_twice(retrieve, places, recipe_file, cli_store):
    done = retrieve("index", places.index, "--store", cli_store, "--recipe", recipe_file, "--json")
    result = json.loads(done.stdout)
    assert (result["described"], result["known"]) == (0, result["photos"])


def test_query_gives_one_json_object_a_photo(retrieve, places, cli_store, tmp_path):
    photos = Photos.read(places.queries).paths[:2]
    grid = tmp_path / "grid.png"
    done = retrieve("query", cli_store, *photos, "-k", 3, "--rerank", "sift-ratio", "--json", "--grid", grid)
    assert done.returncode == 0, done.stderr
    answers = [json.loads(line) for line in done.stdout.splitlines()]
    assert [answer["query"] for answer in answers] == list(photos)
    for answer in answers:
        assert [hit["rank"] for hit in answer["hits"]] == [1, 2, 3]
        assert {"id", "score", "global", "local"} <= set(answer["hits"][0])
        assert answer["seconds"]
    assert grid.read_bytes().startswith(b"\x89PNG")


def test_query_and_evaluate_use_the_recipes_chain(retrieve, places, cli_store):
    photo = Photos.read(places.queries).paths[0]
    asked = json.loads(retrieve("query", cli_store, photo, "--json").stdout)
    judged = json.loads(retrieve("evaluate", cli_store, "--queries", places.queries, "--json").stdout)
    assert asked["chain"] == judged["rerank"]["chain"] == "neighbourhood,sift-geometric:top=30:v=0.8"
    figure = judged["metrics"]["map@100"]
    assert set(figure) == {"value", "low", "high", "queries"}
    assert figure["low"] <= figure["value"] <= figure["high"]


def test_evaluate_saves_a_ranking_that_scores_the_same(retrieve, places, cli_store, tmp_path):
    saved = tmp_path / "ranking.csv"
    retrieve("evaluate", cli_store, "--queries", places.queries, "--rerank", "none", "--save-ranking", saved)
    with saved.open(newline="") as file:
        rows = {row["id"]: row["images"].split() for row in csv.DictReader(file)}
    queries = Photos.read(places.queries)
    assert set(rows) == set(queries.ids)
    # Correct are the two index photos of a place, PLACE-a and PLACE-b.
    found = [f"{name}-a" in rows[name] for name in queries.ids]
    assert sum(found) > len(found) / 2


def test_status_tells_what_is_there(retrieve, cli_store):
    result = json.loads(retrieve("status", cli_store, "--json").stdout)
    assert result["failed"] == 0
    assert result["checked"] is True
    assert result["recipe"]["local"]["sift"]["max_keypoints"] == 300


def test_every_command_has_help_that_ends_with_an_example(retrieve):
    listed = retrieve("--help").stdout.split("Commands:")[1]
    for name in [line.split()[0] for line in listed.strip().splitlines()]:
        text = retrieve(name, "--help")
        assert text.returncode == 0
        assert f"retrieve {name}" in text.stdout.split("Example:")[1]


BAD = {
    "missing folder": (["index", "nowhere", "--store", "s"], "nowhere"),
    "empty folder": (["index", "empty", "--store", "s"], "empty"),
    "csv without a column": (["index", "nocolumn.csv", "--store", "s"], "file"),
    "two rows with one id": (["index", "twice.csv", "--store", "s"], "'a'"),
    "unknown recipe": (["index", "photos", "--store", "s", "--recipe", "defualt"], "did you mean 'default'"),
    "unknown setting": (["index", "photos", "--store", "s", "--set", "global.size=3"], "size"),
    "unknown local": (["index", "photos", "--store", "s", "--local", "surf"], "surf"),
    "no store": (["query", "nowhere.store", "photos/a.jpg"], "retrieve index"),
    "store is a folder of photos": (["query", "photos", "photos/a.jpg"], "no store"),
    "index into photos": (["index", "photos", "--store", "photos"], "other files"),
    "unknown metric": (["evaluate", "STORE", "--queries", "QUERIES", "--metric", "map@0"], "map@0"),
    "queries without labels": (["evaluate", "STORE", "--queries", "photos"], "labels"),
    "truth of another index": (
        ["evaluate", "STORE", "--queries", "QUERIES", "--truth", "solution.csv"],
        "zebra",
    ),
    "v out of range": (["query", "STORE", "photos/a.jpg", "--rerank", "sift-ratio", "--v", "7"], "7"),
    "weights that are none": (
        ["index", "photos", "--store", "s", "--backbone", "resnet18", "--weights", "twice.csv"],
        "twice.csv",
    ),
    "grid without a format": (["query", "STORE", "photos/a.jpg", "--grid", "out.xyz"], "out.xyz"),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_input_ends_in_one_clear_line(case, retrieve, places, cli_store, tmp_path):
    arguments, expected = BAD[case]
    (tmp_path / "empty").mkdir()
    (tmp_path / "photos").mkdir()
    shutil.copy(Photos.read(places.index).paths[0], tmp_path / "photos" / "a.jpg")
    (tmp_path / "nocolumn.csv").write_text("id,picture\na,photos/a.jpg\n")
    (tmp_path / "twice.csv").write_text("id,file\na,photos/a.jpg\na,photos/a.jpg\n")
    (tmp_path / "solution.csv").write_text("id,images\nchina-00,zebra\n")
    known = {"STORE": cli_store, "QUERIES": places.queries}
    done = retrieve(*[known.get(word, word) for word in arguments], cwd=tmp_path)
    assert done.returncode == 1, done.stderr
    assert expected in one_line(done)
    assert done.stdout == ""


def test_misuse_exits_with_2(retrieve):
    assert retrieve("index").returncode == 2
    assert retrieve("query", "s", "a.jpg", "-k", "0").returncode == 2
    assert retrieve("nothing").returncode == 2


def test_broken_photos_are_counted_and_shift_nobody(retrieve, places, recipe_file, tmp_path):
    good = Photos.read(places.index)
    folder = tmp_path / "photos"
    folder.mkdir()
    for number in range(6):
        shutil.copy(good.paths[number], folder / f"{number} good.jpg")
        whole = (folder / f"{number} good.jpg").read_bytes()
        (folder / f"{number} broken\n.jpg").write_bytes(whole[: 50 * number])
    arguments = ["index", folder, "--store", tmp_path / "s", "--recipe", recipe_file, "--json"]
    done = retrieve(*arguments)
    assert done.returncode == 3
    result = json.loads(done.stdout)
    assert (result["photos"], result["failed"]) == (12, 6)
    assert all(failure["reason"] for failure in result["failures"])
    asked = retrieve("query", tmp_path / "s", good.paths[4], "-k", 1, "--json")
    assert json.loads(asked.stdout)["hits"][0]["id"] == "4 good.jpg"
    again = retrieve(*arguments)
    assert again.returncode == 3
    assert json.loads(again.stdout)["described"] == 0


def test_a_broken_query_among_good_ones_is_told_and_the_rest_answered(retrieve, places, cli_store, tmp_path):
    broken = tmp_path / "broken.jpg"
    broken.write_bytes(b"")
    good = Photos.read(places.queries).paths[0]
    done = retrieve("query", cli_store, broken, good, "--json")
    assert done.returncode == 3
    answers = {answer["query"]: answer for answer in map(json.loads, done.stdout.splitlines())}
    assert set(answers) == {good, str(broken)}
    assert answers[good]["hits"]
    assert answers[str(broken)]["error"] == "empty file"
    assert "empty file" in done.stderr
    alone = retrieve("query", cli_store, broken)
    assert (alone.returncode, alone.stdout) == (1, "")


def test_odd_names_survive(retrieve, places, recipe_file, tmp_path):
    source = Photos.read(places.index).paths
    folder = os.fsencode(tmp_path / "odd")
    os.mkdir(folder)
    names = [b"plain.jpg", b"with space.jpg", b"line\nbreak.jpg", "öß…猫.jpg".encode(), b"bad\xff\xfe.jpg"]
    for name, path in zip(names, source, strict=False):
        shutil.copy(path, os.path.join(folder, name))
    done = retrieve("index", tmp_path / "odd", "--store", tmp_path / "s", "--recipe", recipe_file, "--json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["photos"] == len(names)
    asked = retrieve(
        "query", tmp_path / "s", source[4], "-k", 1, "--json", "--grid", tmp_path / "odd grid.png"
    )
    assert json.loads(asked.stdout)["hits"][0]["id"] == "bad\\xff\\xfe.jpg"
    assert len(retrieve("query", tmp_path / "s", source[2], "-k", 5).stdout.splitlines()) == 6


@pytest.mark.slow
def test_interrupting_leaves_a_store_that_goes_on(retrieve, places, recipe_file, tmp_path):
    arguments = ["index", str(places.index), "--store", str(tmp_path / "s"), "--recipe", str(recipe_file)]
    program = [sys.executable, "-c", "from retrieval.cli import main; main()", *arguments]
    process = subprocess.Popen(program, stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    while not (tmp_path / "s" / "STATE.json").exists():
        time.sleep(0.01)
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "Traceback" not in errors
    assert "interrupted" in errors
    done = retrieve(*arguments, "--json")
    assert done.returncode == 0
    assert json.loads(done.stdout)["failed"] == 0


@pytest.mark.slow
def test_demo_shows_that_local_evidence_helps(retrieve, tmp_path):
    done = retrieve("demo", "--out", tmp_path / "demo", "--json")
    assert done.returncode == 0, done.stderr
    result = json.loads(done.stdout)
    figures = {chain: values["map@100"]["value"] for chain, values in result["metrics"].items()}
    assert max(figures.values()) > figures["none"]
    assert (tmp_path / "demo" / "grid.png").stat().st_size > 10_000
