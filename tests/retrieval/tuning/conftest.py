"""A search on the small collection of real photographs, made once."""

import pytest

from evaluate import metrics
from extract.photos import Photos
from retrieval import benchmark, tune
from retrieval.engine import Engine
from retrieval.tuning.result import Settings
from retrieval.tuning.steps import candidate

SETTINGS = Settings(folds=3, tops=(8, 16), seed=1)


@pytest.fixture(scope="session")
def engine(store):
    return Engine.open(store)


@pytest.fixture(scope="session")
def asked(engine, places):
    """Queries, truth and descriptions of twenty-four places."""
    queries = Photos.read(places.queries).select(range(0, 48, 2))
    truth = benchmark.truth_from_labels(engine, queries)
    return benchmark.describe(engine, queries, truth, engine.chain("sift-ratio")), truth


@pytest.fixture(scope="session")
def search(engine, asked):
    """Search among `chains` as a user names them, with these settings."""

    def call(*chains, settings=SETTINGS, metric="map@100"):
        given = [candidate(text, {}) for text in chains]
        return tune.tune(engine, *asked, metrics.parse(metric), settings, chains=given)

    return call


@pytest.fixture(scope="session")
def tuned(search):
    return search("sift-ratio", "superglobal", "sift-ratio,k-reciprocal")
