"""A study of two arms that needs no network: its queries are right or wrong as its settings say."""

import types

import numpy as np
import pytest

from evaluate.outcome import Outcome
from retrieval.experiments._kept import Measured, Points
from retrieval.experiments._study import Arm, Measure, Study

NUM_QUERIES = 200


def outcome(right):
    """One answer a query, right or wrong as `right` (Q,) says."""
    hits = np.asarray(right, bool)[:, None]
    ones = np.ones(len(hits), np.int64)
    return Outcome(hits, ones, ones, query_ids=tuple(f"q{row}" for row in range(len(hits))))


def measured(right, random_start=False):
    points = Points(np.random.default_rng(0).normal(size=(12, 4)).astype(np.float32), tuple("ab" * 6))
    return Measured({"accuracy": outcome(right)}, points, random_start)


def study(good=(0.9,), bad=(0.5,), **fields):
    arms = (Arm("good", {"accuracy": good}, {"share": 0.9}), Arm("bad", {"accuracy": bad}, {"share": 0.5}))
    values = {
        "title": "Two arms",
        "source": "nowhere",
        "question": "Which is better?",
        "data": "a folder",
        "measures": (Measure("accuracy", "hit@1"),),
        "arms": arms,
        "small_arms": arms,
    }
    return Study(**{**values, **fields})


@pytest.fixture
def fake(monkeypatch):
    """Put an experiment `fake` in place of all others; give it, with the (arm, seed) that it was run with."""
    module = types.SimpleNamespace(STUDY=study(), calls=[])

    def run(arm, work):
        module.calls.append((arm.name, work.seed))
        rng = np.random.default_rng(work.seed)
        return measured(rng.random(NUM_QUERIES) < arm.settings["share"])

    module.run = run
    monkeypatch.setattr("retrieval.experiments._run.load", lambda name: module)
    return module
