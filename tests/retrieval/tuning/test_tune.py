"""A search as a whole: what it chooses and tells, what it refuses, and that it repeats."""

import dataclasses
import json

import numpy as np
import pytest

from evaluate import metrics
from extract import recipe as recipes
from extract import run
from extract.errors import ConfigError
from extract.photos import Photos
from retrieval import benchmark, tune
from retrieval.engine import Engine
from retrieval.tuning import plot, recipe_out, report
from retrieval.tuning.result import Settings

SMALL = Settings(folds=3, tops=(8,), seed=1)


def figures_of(tuned):
    """What is told, without times and what rests on them."""
    told = report.to_dict(tuned)
    return [(row["chain"], row["figure"], row["difference"]) for row in told["chains"]]


def test_local_evidence_beats_the_global_ranking_of_thumbnails(tuned):
    assert tuned.beats_none
    assert "sift-ratio" in tuned.chosen.option.swept.candidate.names
    assert tuned.chosen.figure.low <= tuned.chosen.figure.value <= tuned.chosen.figure.high
    assert tuned.rows[0].option.swept.candidate.names == "none"
    assert (tuned.rows[0].difference.value, tuned.rows[0].difference.high) == (0.0, 0.0)
    assert {len(tuned.v_figures)} == {len(tuned.best.option.swept.v_weights)}


def test_figure_of_none_is_that_of_evaluate(engine, asked, tuned):
    described, truth = asked
    known = benchmark.ground_truth(engine, described.asked, truth)
    done = benchmark.run(
        engine,
        described,
        known,
        [metrics.parse("map@100")],
        engine.chain("none"),
    )
    expected = done.report.metrics["map@100"].value
    assert tuned.rows[0].figure.value == pytest.approx(expected, abs=1e-9)


def test_nothing_better_than_none_is_told_plainly_and_none_recommended(search):
    # v alone on superglobal: thumbnails have no neighbourhood worth following.
    tuned = search("superglobal", settings=SMALL)
    assert not tuned.beats_none
    assert tuned.chosen is tuned.rows[0]
    assert "recommended: none" in report.table(tuned)
    assert recipe_out.tuned_recipe(recipes.load("default"), tuned, "x").rerank.chain == "none"


def test_same_seed_gives_the_same_figures_another_seed_other_folds(search):
    first, again, other = (
        search("sift-ratio", settings=dataclasses.replace(SMALL, seed=seed)) for seed in (1, 1, 2)
    )
    assert figures_of(first) == figures_of(again) != figures_of(other)
    assert first.presence.average_precision == again.presence.average_precision


def test_report_is_plain_json_and_a_table(tuned):
    told = json.loads(json.dumps(report.to_dict(tuned), allow_nan=False))
    assert len(told["chains"]) == 4
    table = report.table(tuned)
    for row in told["chains"]:
        assert row["chain"] in table
        assert f"{row['figure']['value']:.4f}" in table


def test_picture_is_drawn_and_a_wrong_suffix_is_one_sentence(tuned, search, tmp_path):
    plot.draw(tmp_path / "tuned.png", tuned)
    assert (tmp_path / "tuned.png").read_bytes().startswith(b"\x89PNG")
    with pytest.raises(Exception, match=r"cannot write the picture .*tuned.xyz"):
        plot.draw(tmp_path / "tuned.xyz", tuned)
    plot.draw(tmp_path / "none.png", search("none", settings=SMALL))


def test_store_without_local_descriptors_tunes_global_chains(places, tmp_path):
    run.run(
        Photos.read(places.index), recipes.from_plain({"global": {"kind": "thumbnail"}}), tmp_path / "s.store"
    )
    engine = Engine.open(tmp_path / "s.store")
    assert {one.needs for one in tune.singles(engine)} == {frozenset()}
    queries = Photos.read(places.queries).select(range(12))
    truth = benchmark.truth_from_labels(engine, queries)
    described = benchmark.describe(engine, queries, truth, engine.chain("none"))
    tuned = tune.tune(engine, described, truth, metrics.parse("map@100"), SMALL)
    names = [row.option.swept.candidate.names for row in tuned.rows]
    assert {"none", "k-reciprocal", "superglobal"} <= set(names)
    assert not any("sift" in name for name in names)


def test_too_few_places_and_a_metric_that_is_no_mean_are_one_sentence(search):
    with pytest.raises(ConfigError, match="show 24 places, too few for 25 folds"):
        search("none", settings=dataclasses.replace(SMALL, folds=25))
    with pytest.raises(ConfigError, match="knn-f1 is no mean over queries"):
        search("none", metric="knn-f1", settings=SMALL)
    with pytest.raises(ConfigError, match="precision must lie between 0 and 1, got 1"):
        Settings(precision=1.0)


def test_a_query_that_cannot_be_read_is_left_out(engine, places, tmp_path):
    queries = Photos.read(places.queries).select(range(8))
    (tmp_path / "broken.jpg").write_bytes(b"nothing")
    spoiled = Photos(
        queries.ids, (str(tmp_path / "broken.jpg"), *queries.paths[1:]), queries.labels, queries.metadata
    )
    truth = benchmark.truth_from_labels(engine, spoiled)
    described = benchmark.describe(engine, spoiled, truth, engine.chain("none"))
    assert tune.tune(engine, described, truth, metrics.parse("recall@1"), SMALL, chains=[]).queries == 7


def test_recipe_holds_what_was_found_and_keeps_the_rest(engine, tuned):
    given = dataclasses.replace(
        engine.recipe,
        rerank=recipes.RerankSettings(options={"sift-geometric": {"min_inliers": 9}}),
    )
    found = recipe_out.tuned_recipe(given, tuned, "mine")
    again = recipes.from_plain(found.to_plain())
    assert again.digest == engine.recipe.digest
    assert again.rerank == found.rerank
    assert again.rerank.options["sift-geometric"] == {"min_inliers": 9}
    swept = tuned.chosen.option.swept
    assert again.rerank.top == swept.top
    chain = Engine(engine.store, again).chain()
    assert [vars(step)["_config"] for step in chain.steps] == [step.config for step in swept.tuned().steps]
    assert np.isfinite(again.rerank.presence).all()
