"""`retrieve tune` at the command line: query and evaluate take its recipe; bad input is one sentence."""

import csv
import json
import tomllib

import pytest

from extract.photos import Photos


@pytest.fixture(scope="module")
def train(places, tmp_path_factory):
    """Every second query, as a list of its own."""
    path = tmp_path_factory.mktemp("train") / "train.csv"
    photos = Photos.read(places.queries)
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["id", "file", "label"])
        writer.writerows(
            (photos.ids[row], photos.paths[row], photos.labels[row]) for row in range(0, len(photos), 2)
        )
    return path


@pytest.fixture(scope="module")
def made(retrieve, store, train, tmp_path_factory):
    """What the command printed and wrote."""
    folder = tmp_path_factory.mktemp("tuned")
    done = retrieve(
        "tune", store, "--queries", train, "--chains", "sift-ratio; none", "--top", 16, "--folds", 3,
        "--out", folder / "tuned.toml", "--plot", folder / "tuned.png", "--json",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout), folder / "tuned.toml"


def test_result_names_every_chain_once_and_writes_both_files(made):
    told, recipe = made
    assert [row["chain"] for row in told["chains"]] == ["none", "sift-ratio"]
    assert told["chosen"]["chain"] == "sift-ratio"
    assert recipe.with_suffix(".png").read_bytes().startswith(b"\x89PNG")
    text = recipe.read_text()
    assert text.startswith("# Found by `retrieve tune` on 'train.csv'")
    assert tomllib.loads(text)["rerank"]["sift-ratio"]["v"] == told["chosen"]["v"][0]


def test_evaluate_takes_the_recipe_from_another_folder_and_agrees(retrieve, made, store, train, tmp_path):
    told, recipe = made
    done = retrieve("evaluate", store, "--queries", train, "--recipe", recipe, "--json", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    judged = json.loads(done.stdout)
    assert judged["rerank"]["chain"] == "sift-ratio"
    # Chosen on these queries, so no worse than what the same search reaches on held-back ones, but for luck.
    assert judged["metrics"]["map@100"]["value"] > told["chosen"]["figure"]["value"] - 0.05


def test_query_tells_a_place_that_is_not_there(retrieve, made, store, places, tmp_path, write_photos):
    _, recipe = made
    known = Photos.read(places.index).paths[:2]
    # A crop of another photograph, small and seen by no other.
    unknown = write_photos(tmp_path / "unknown", 1, first=7).paths[0]
    done = retrieve("query", store, *known, unknown, "--recipe", recipe, "--json", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    chances = [json.loads(line)["present"] for line in done.stdout.splitlines()]
    assert min(chances[:2]) > 0.5
    plain = retrieve("query", store, known[0], "--recipe", recipe)
    assert "does not seem to be" not in plain.stdout
    other = retrieve("query", store, known[0], "--recipe", recipe, "--rerank", "none", "--json")
    assert json.loads(other.stdout)["present"] is None


def test_sentence_is_printed_above_the_hits(retrieve, made, store, places, tmp_path):
    strict = tmp_path / "strict.toml"
    text = made[1].read_text()
    threshold = tomllib.loads(text)["rerank"]["presence_threshold"]
    strict.write_text(text.replace(f"presence_threshold = {threshold}", "presence_threshold = 1.0"))
    done = retrieve("query", store, Photos.read(places.queries).paths[0], "-k", 3, "--recipe", strict)
    lines = done.stdout.splitlines()
    assert lines[1].startswith("this place does not seem to be in the collection (chance 0.")
    assert len(lines) == 5


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (["--chains", "sift-ratoi"], "did you mean 'sift-ratio'"),
        (["--chains", "sift-ratio,sift-ratio"], "twice"),
        (["--chains", "vlad"], "has no vlad descriptors"),
        (["--metric", "knn-f1"], "no mean over queries"),
        (["--out", "/nowhere/r.toml"], "folder does not exist"),
        (["--plot", "picture.xyz"], ".png"),
        (["--folds", 40], "too few for 40 folds"),
    ],
)
def test_bad_input_is_one_sentence(retrieve, store, train, options, sentence):
    done = retrieve("tune", store, "--queries", train, "--chains", "none", *options)
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    assert sentence in done.stderr.splitlines()[-1]


def test_queries_without_labels_are_one_sentence(retrieve, store, places):
    folder = Photos.read(places.queries).paths[0].rsplit("/", 1)[0]
    done = retrieve("tune", store, "--queries", folder)
    assert done.returncode == 1
    assert "the queries have no labels" in done.stderr.splitlines()[-1]
