"""A store asked by the protocol of revisited Oxford and Paris: boxes of queries, and where junk leaves."""

import json

import numpy as np
import pytest
from PIL import Image

from evaluate.errors import EvaluationError
from extract.photos import Photos
from retrieval.query_boxes import cropped


@pytest.fixture(scope="module")
def revisited(places, tmp_path_factory):
    """A truth on the places' photographs: of each query one image is easy, one hard and one junk."""
    folder = tmp_path_factory.mktemp("revisited")
    index, queries = Photos.read(places.index), Photos.read(places.queries)
    row_of = {label: [] for label in index.labels}
    for row, label in enumerate(index.labels):
        row_of[label].append(row)
    gnd = []
    for label, path in zip(queries.labels, queries.paths, strict=True):
        rows = row_of[label]
        width, height = Image.open(path).size
        wrong = next(row for row, other in enumerate(index.labels) if other != label)
        gnd.append(
            {"easy": rows[:1], "hard": rows[1:2], "junk": [wrong], "bbx": [0, 0, width // 2, height // 2]}
        )
    file = folder / "gnd.json"
    file.write_text(json.dumps({"imlist": list(index.ids), "qimlist": list(queries.ids), "gnd": gnd}))
    return file


def run(run_here, store, places, truth, *options):
    done = run_here(
        "evaluate",
        store,
        "--queries",
        places.queries,
        "--truth",
        truth,
        "--rerank",
        "none",
        "--json",
        *options,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_queries_are_cut_to_their_boxes_unless_asked_whole(run_here, store, places, revisited):
    cut = run(run_here, store, places, revisited)
    whole = run(run_here, store, places, revisited, "--whole-queries")
    assert "queries are cut to their boxes" in cut["notes"]
    assert "queries are asked whole" in whole["notes"]
    assert cut["metrics"]["roxford-medium"]["value"] < whole["metrics"]["roxford-medium"]["value"]


def test_paper_mode_is_told(run_here, store, places, revisited):
    values = run(run_here, store, places, revisited, "--whole-queries", "--paper-mode")
    assert any(note.startswith("paper mode: junk left the rankings") for note in values["notes"])
    # Without re-ranking, junk that leaves early or late leaves the same list.
    plain = run(run_here, store, places, revisited, "--whole-queries")
    assert values["metrics"] == plain["metrics"]


def test_in_paper_mode_junk_is_gone_before_the_ranking_is_written(
    run_here, store, places, revisited, tmp_path
):
    truth = json.loads(revisited.read_text())
    junk = {
        query: {truth["imlist"][place] for place in one["junk"]}
        for query, one in zip(truth["qimlist"], truth["gnd"], strict=True)
    }
    held = {}
    for mode in ((), ("--paper-mode",)):
        file = tmp_path / f"{len(mode)}.csv"
        run(run_here, store, places, revisited, "--whole-queries", "--save-ranking", file, *mode)
        ranked = dict(line.split(",") for line in file.read_text().splitlines()[1:])
        held[len(mode)] = sum(bool(junk[query] & set(images.split())) for query, images in ranked.items())
    assert held[0] > 0
    assert held[1] == 0


def test_modes_of_revisited_truths_need_one(run_here, store, places):
    done = run_here("evaluate", store, "--queries", places.queries, "--paper-mode")
    assert (done.returncode, done.stdout) == (1, "")
    assert "--whole-queries and --paper-mode are of revisited Oxford and Paris" in done.stderr


def photo(tmp_path):
    pixels = np.arange(20 * 30 * 3, dtype=np.uint8).reshape(20, 30, 3)
    Image.fromarray(pixels).save(tmp_path / "q.png")
    return pixels, Photos(("q",), (str(tmp_path / "q.png"),), ("",), ({},))


def test_a_box_is_cut_out_to_the_pixel(tmp_path):
    pixels, photos = photo(tmp_path)
    # x from 4.6 to 10.2 and y from 2 to 7 round to columns 5..9 and rows 2..6.
    done = cropped(photos, {"q": np.array([4.6, 2.0, 10.2, 7.0])}, tmp_path)
    assert (np.asarray(Image.open(done.paths[0])) == pixels[2:7, 5:10]).all()
    assert done.ids == photos.ids


def test_no_box_leaves_the_photograph(tmp_path):
    _, photos = photo(tmp_path)
    assert cropped(photos, {}, tmp_path) == photos
    assert cropped(photos, {"q": np.full(4, np.nan)}, tmp_path) == photos


def test_a_box_outside_is_told(tmp_path):
    _, photos = photo(tmp_path)
    with pytest.raises(EvaluationError, match=r"lies outside of .*which has 30 x 20 pixels"):
        cropped(photos, {"q": np.array([40.0, 0, 50, 10])}, tmp_path)
