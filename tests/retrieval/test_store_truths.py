"""A store held against a truth in a file: what the file says of labels, queries and groups is what counts."""

import csv
import json

import pytest

from extract.photos import Photos

FIGURES = ("--metric", "map@100", "--metric", "knn-f1", "--by", "label")


@pytest.fixture(scope="module")
def lists(places, tmp_path_factory):
    """Queries without labels, and labels of all photographs that are not those of the store's lists."""
    folder = tmp_path_factory.mktemp("truths")
    index, queries = Photos.read(places.index), Photos.read(places.queries)

    def scene(label):
        """Several places make one class: those cut from one photograph."""
        return f"scene {label.rsplit('-', 1)[0]}"

    def write(name, header, rows):
        with (folder / name).open("w", newline="") as file:
            csv.writer(file).writerows([header, *rows])

    ignored = {queries.ids[0]}
    asked = zip(queries.ids, queries.paths, strict=True)
    write(
        "queries.csv",
        ("id", "file", "usage"),
        [(name, path, "Ignored" if name in ignored else "") for name, path in asked],
    )
    labelled = [*zip(index.ids, index.labels, strict=True), *zip(queries.ids, queries.labels, strict=True)]
    write("labels.csv", ("id", "label"), [(name, scene(label)) for name, label in labelled])
    write("index.csv", ("id",), [(name,) for name in index.ids])
    return folder


@pytest.fixture
def evaluate(run_here, lists, monkeypatch):
    """Evaluate in the folder of the lists; give what --json says."""
    monkeypatch.chdir(lists)

    def call(*arguments):
        done = run_here("evaluate", *arguments, "--json")
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    return call


@pytest.fixture
def asked(evaluate, store, lists):
    """Ask the store without labels of its own; its ranking is saved as r.csv."""
    lists_given = ("--queries", "queries.csv", "--truth", "labels.csv")
    return evaluate(store, *lists_given, "--rerank", "none", "--save-ranking", "r.csv", *FIGURES)


def test_labels_of_the_file_give_votes_and_groups(asked, lists):
    with (lists / "labels.csv").open(newline="") as file:
        scene_of = {row["id"]: row["label"] for row in csv.DictReader(file)}
    with (lists / "r.csv").open(newline="") as file:
        ranked = {row["id"]: row["images"].split() for row in csv.DictReader(file)}
    assert set(asked["strata"]["label"]) == {scene_of[name] for name in ranked}
    # F1 by hand: the five nearest vote, ties go to the larger word; the mean over the classes of queries.
    votes = {}
    for name, images in ranked.items():
        nearest = [scene_of[image] for image in images[:5]]
        votes[name] = max(set(nearest), key=lambda scene: (nearest.count(scene), scene))
    scores = []
    for scene in {scene_of[name] for name in ranked}:
        right = sum(votes[name] == scene == scene_of[name] for name in ranked)
        told = sum(vote == scene for vote in votes.values())
        scores.append(2 * right / (told + sum(scene_of[name] == scene for name in ranked)))
    assert 0 < asked["metrics"]["knn-f1"]["value"] < 1
    assert asked["metrics"]["knn-f1"]["value"] == pytest.approx(sum(scores) / len(scores))


def test_the_saved_ranking_has_the_figures_of_the_store(asked, evaluate):
    again = evaluate(
        *("--ranking", "r.csv", "--truth", "labels.csv", "--queries", "queries.csv", "--index", "index.csv"),
        *FIGURES,
    )
    assert again["metrics"] == asked["metrics"]
    assert again["strata"] == asked["strata"]


def test_what_was_decided_in_reading_the_truth_is_in_the_report(asked, lists):
    (note,) = [note for note in asked["notes"] if "queries.csv" in note]
    assert "left out" in note
    assert asked["metrics"]["map@100"]["queries"] == len(Photos.read(str(lists / "queries.csv"))) - 1


def test_of_a_solution_a_query_without_a_photograph_counts_as_wrong(evaluate, store, places, lists):
    queries = Photos.read(places.queries)
    chosen = list(zip(queries.ids, queries.labels, strict=True))[:3]
    (lists / "few.csv").write_text(
        "id,file,city\n"
        + "".join(f"{name},{path},Oslo\n" for name, path in zip(queries.ids, queries.paths, strict=True))
    )
    solution = "id,images\n" + "".join(f"{name},{label}-a {label}-b\n" for name, label in chosen)
    options = ["--queries", "few.csv", "--truth", "solution.csv", "--rerank", "none", "--by", "city"]
    (lists / "solution.csv").write_text(solution)
    whole = evaluate(store, *options)
    (lists / "solution.csv").write_text(solution + "ghost,china-10-a\n")
    less = evaluate(store, *options)
    assert (whole["unanswered"], less["unanswered"]) == ([], ["ghost"])
    first, second = (one["metrics"]["map@100"] for one in (whole, less))
    assert first["value"] > 0
    assert (first["queries"], second["queries"]) == (3, 4)
    assert second["value"] == pytest.approx(first["value"] * 3 / 4)
    # The list, which names photographs that the truth does not ask about, adds its columns alone.
    assert set(less["strata"]["city"]) == {"", "Oslo"}
    assert less["strata"]["city"][""]["map@100"]["value"] == 0.0
