"""`retrieve evaluate` of a store: what the figures came from is told, and no file that is read is written."""

import json
from importlib.metadata import version
from pathlib import Path

import pytest


@pytest.fixture
def evaluate(run_here, store, places):
    """Ask the store with the queries of the places, further options behind."""

    def call(*options):
        return run_here("evaluate", store, "--queries", places.queries, "--rerank", "none", *options)

    return call


def test_what_the_figures_came_from_is_told(evaluate, store):
    done = evaluate("--metric", "recall@1", "--json")
    assert done.returncode == 0, done.stderr
    facts = json.loads(done.stdout)["provenance"]
    assert "(sha256 " in facts["queries"]
    assert facts["recipe"].split(", digest of settings and weights ")[1]
    assert facts["torch"] == version("torch")
    assert facts["leaks"] == "not looked for (retrieve leaks)"


def test_the_saved_ranking_never_replaces_a_list_that_is_read(evaluate, places):
    before = Path(places.queries).read_bytes()
    done = evaluate("--save-ranking", places.queries)
    assert (done.returncode, done.stdout) == (1, "")
    assert "is the very file that is read; give another name to write to" in done.stderr
    assert Path(places.queries).read_bytes() == before
