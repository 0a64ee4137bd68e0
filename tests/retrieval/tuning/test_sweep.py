"""The fast sweep gives what the engine gives with the same chain; what cannot be swept is run as it is."""

import numpy as np
import pytest

from evaluate import metrics
from rerank.fusion import Fusion
from rerank.ranking import PAD
from retrieval import benchmark
from retrieval.tuning.steps import Candidate, Step, candidate
from retrieval.tuning.sweep import Setting, _shortlists, _simplest, sweep
from retrieval.tuning.trial import on_queries

METRIC = metrics.parse("map@100")


@pytest.fixture(scope="module")
def trial(engine, asked):
    return on_queries(engine, *asked, METRIC, 16)


@pytest.fixture(scope="module")
def folds(trial):
    return np.arange(len(trial.queries)) % 3


def evaluated(engine, asked, chain):
    described, truth = asked
    known = benchmark.ground_truth(engine, described.asked, truth)
    done = benchmark.run(engine, described, known, [METRIC], chain)
    return done.held.outcome


@pytest.mark.parametrize("top", [8, 16])
@pytest.mark.parametrize(
    "text",
    [
        "none",
        "sift-ratio",
        "k-reciprocal",
        "sift-ratio,superglobal",
        "superglobal,sift-ratio",
        "neighbourhood,sift-ratio:top=5",
        "sift-ratio:top=4,dba",
    ],
)
def test_values_equal_a_run_of_the_engine_with_the_chosen_setting(engine, asked, trial, folds, text, top):
    swept = sweep(trial, candidate(text, {}), top, folds, METRIC)
    chain = swept.tuned().chain(top)
    expected = METRIC.per_query(evaluated(engine, asked, chain))
    np.testing.assert_allclose(swept.values[-1], expected, atol=1e-6)


@pytest.mark.parametrize("calibration", ["none", "minmax", "zscore", "sigmoid", "isotonic"])
def test_any_weight_and_calibration_equals_a_run_of_the_engine(engine, asked, trial, calibration):
    lists = _shortlists(trial, candidate("sift-ratio", {}), 16, None)
    curve = lists.curve(calibration, np.ones(len(trial.queries), bool))
    for v in (0.0, 0.3, 0.95, 1.0):
        fusion = Fusion(v, calibration, curve)
        step = candidate("sift-ratio", {}).steps[0].with_fusion(fusion)
        expected = METRIC.per_query(evaluated(engine, asked, Candidate((step,)).chain(16)))
        np.testing.assert_allclose(lists.values(fusion, METRIC), expected, atol=1e-6)


def test_only_scores_of_a_pair_alone_are_remembered(trial):
    ratio, superglobal = (candidate(name, {}).steps[0] for name in ("sift-ratio", "superglobal"))
    assert trial.is_pairwise(ratio)
    assert not trial.is_pairwise(superglobal)


def test_a_curve_is_fitted_without_the_fold_that_it_is_judged_on(trial, folds, monkeypatch):
    from retrieval.tuning import shortlists

    seen = []
    real = shortlists.fit
    monkeypatch.setattr(
        shortlists,
        "fit",
        lambda kind, scores, correct: seen.append(len(scores)) or real(kind, scores, correct),
    )
    sweep(trial, candidate("sift-ratio", {}), 8, folds, METRIC)
    # Eight candidates of each of 24 queries; a third of the queries is held back, but for the last fit.
    assert set(seen) == {16 * 8, 24 * 8}


class Odd:
    """Ranks by its own rule, whatever v says."""

    needs = frozenset()

    def rerank(self, ranking, queries, database):
        return ranking.sorted_by(np.where(ranking.used, ranking.rows % 7, -np.inf).astype(np.float32))


def test_a_re_ranker_that_does_not_fuse_is_run_as_it_is(trial, folds, monkeypatch):
    monkeypatch.setattr(Step, "build", lambda step: Odd())
    one = candidate("sift-ratio", {})
    odd = Candidate((Step("sift-ratio", type(one.steps[0].config)(ratio=0.123)),))
    swept = sweep(trial, odd, 8, folds, METRIC)
    assert swept.settings == (Setting(),) * 4
    assert swept.tuned() == odd


def test_the_querys_own_photograph_is_never_a_candidate(engine, places):
    from extract.photos import Photos

    photos = Photos.read(places.index).select(range(6))
    truth = benchmark.truth_from_labels(engine, photos)
    described = benchmark.describe(engine, photos, truth, engine.chain("none"))
    trial = on_queries(engine, described, truth, METRIC, 16)
    own = [engine.rows_by_id[name] for name in photos.ids]
    for rows, mine in zip(trial.base.rows, own, strict=True):
        assert mine not in rows.tolist()
    assert (trial.base.rows[:, :16] != PAD).all()


def test_a_fitted_calibration_must_be_better_than_chance():
    settings = [Setting(None, v, kind) for kind in ("none", "isotonic") for v in (0.9, 0.5)]
    # isotonic is better by .1 at one query of four: mean .025, deviation .0433, error .0217.
    values = np.array([[0.1] * 4, [0.5] * 4, [0.2] * 4, [0.5, 0.5, 0.5, 0.6]])
    assert _simplest(settings, values) == 3
    # By .1 at one and -.05 at another: mean .0125, deviation .0545, error .0273.
    values[3] = [0.5, 0.5, 0.45, 0.6]
    assert _simplest(settings, values) == 1
