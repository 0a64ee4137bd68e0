"""Whether a place is in the collection: lower chances for places left out; no word of another chain."""

import dataclasses

import numpy as np
import pytest

from evaluate import metrics
from extract.photos import Photos
from extract.recipe import RerankSettings
from retrieval import benchmark, presence, tune
from retrieval.engine import Engine, Hit
from retrieval.tuning.result import Settings
from retrieval.tuning.steps import candidate


def hit(score):
    return Hit(1, "a", "/a.jpg", score, score, None, {})


def engine_with(store, **settings):
    opened = Engine.open(store)
    recipe = dataclasses.replace(opened.recipe, rerank=RerankSettings(**settings))
    return Engine(opened.store, recipe)


OPTIONS = {"chain": "sift-ratio", "top": 20, "options": {"sift-ratio": {"v": 0.4}}}


@pytest.fixture(scope="module")
def fitted(store):
    return engine_with(store, **OPTIONS, presence=(4.0, -2.0), presence_threshold=0.6)


def test_chance_and_sentence_by_hand(fitted):
    # 1 / (1 + exp(-(4 x .25 - 2))) = 1 / (1 + e) = .2689
    low = presence.judge(fitted, [hit(0.25), hit(0.9)])
    assert low.chance == pytest.approx(0.26894, abs=1e-5)
    assert low.sentence == "this place does not seem to be in the collection (chance 0.27)"
    high = presence.judge(fitted, [hit(1.0)])
    assert high.chance == pytest.approx(0.88080, abs=1e-5)
    assert high.sentence == ""


def test_scores_far_off_are_certain_and_no_overflow(fitted):
    assert presence.judge(fitted, [hit(-1e9)]).chance == 0.0
    assert presence.judge(fitted, [hit(1e9)]).chance == 1.0


@pytest.mark.parametrize(
    "asked",
    [{}, {"rerank": "sift-ratio"}, {"v": 0.4}, {"top": 20}, {"rerank": "sift-ratio:v=0.4", "top": 20}],
)
def test_options_that_change_nothing_keep_it(fitted, asked):
    assert presence.judge(fitted, [hit(0.5)], **asked) is not None


@pytest.mark.parametrize(
    "asked", [{"rerank": "none"}, {"v": 0.5}, {"top": 21}, {"rerank": "sift-ratio:ratio=0.9"}]
)
def test_another_chain_is_not_judged(fitted, asked):
    assert presence.judge(fitted, [hit(0.5)], **asked) is None


def test_nothing_is_said_without_a_fit_or_without_hits(store, fitted):
    assert presence.judge(engine_with(store, **OPTIONS), [hit(0.5)]) is None
    assert presence.judge(fitted, []) is None


@pytest.fixture(scope="module")
def tuned(store, places):
    engine = Engine.open(store)
    queries = Photos.read(places.queries).select(range(0, 48, 2))
    truth = benchmark.truth_from_labels(engine, queries)
    chain = candidate("sift-ratio", {})
    described = benchmark.describe(engine, queries, truth, chain.chain(16))
    settings = Settings(folds=3, tops=(16,))
    return tune.tune(engine, described, truth, metrics.parse("map@100"), settings, chains=[chain])


def test_chance_falls_for_places_left_out(tuned):
    fit = tuned.presence
    assert fit.slope > 0
    assert np.median(fit.present) > 2 * np.median(fit.absent)
    assert fit.average_precision > 0.8
    assert fit.interval[0] <= fit.average_precision <= fit.interval[1]


def test_threshold_keeps_the_precision_that_was_asked_for(tuned):
    fit = tuned.presence
    said = np.concatenate([fit.present, fit.absent]) >= fit.threshold
    assert fit.precision >= 0.9
    # All that is said of places left out is wrong, so that no more than a tenth may be of them.
    assert said[len(said) // 2 :].sum() <= 0.1 * said.sum()
    # A lower threshold would find more and break the promise: none of those below has the precision.
    below = fit.curve.thresholds < fit.threshold
    assert (fit.curve.precision[below] < 0.9).all()
