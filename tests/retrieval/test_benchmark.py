"""Evaluation of an engine: truth from labels and files, queries that fail, the query itself."""

import numpy as np
import pytest

from evaluate import metrics
from evaluate.errors import EvaluationError
from evaluate.truth import Truth
from extract.errors import PhotosError
from extract.photos import Photos
from retrieval import benchmark
from retrieval.engine import Engine


@pytest.fixture(scope="module")
def engine(store):
    return Engine.open(store)


def judged(engine, queries, truth, metric):
    chain = engine.chain("none")
    described = benchmark.describe(engine, queries, truth, chain)
    known = benchmark.ground_truth(engine, described.asked, truth)
    return benchmark.run(
        engine,
        described,
        known,
        [metrics.parse(metric)],
        chain,
    )


def average_precision(ranked, relevant, k=100):
    hits, total = 0, 0.0
    for rank, row in enumerate(ranked[:k], start=1):
        if row in relevant:
            hits += 1
            total += hits / rank
    return total / min(len(relevant), k)


def test_figure_equals_a_plain_loop_over_a_plain_product(engine, places):
    queries = Photos.read(places.queries)
    truth = benchmark.truth_from_labels(engine, queries)
    done = judged(engine, queries, truth, "map@100")
    described = engine.describe(queries, engine.chain("none"))
    order = np.argsort(-(described.queries.vectors @ engine.store.vectors().T), axis=1, kind="stable")
    labels = engine.store.records.labels
    values = [
        average_precision(ranked, {row for row, other in enumerate(labels) if other == label})
        for ranked, label in zip(order.tolist(), queries.labels, strict=True)
    ]
    figure = done.report.metrics["map@100"]
    assert figure.value == pytest.approx(np.mean(values), abs=1e-9)
    assert figure.low < figure.value < figure.high


def test_a_query_in_the_store_does_not_find_itself(engine, places):
    photos = Photos.read(places.index)
    truth = benchmark.truth_from_labels(engine, photos)
    done = judged(engine, photos, truth, "map@100")
    own = np.array([engine.rows_by_id[name] for name in truth.query_ids])
    assert not (done.ranking.rows == own[:, None]).any()
    assert (truth.num_relevant == 1).all()


def test_an_unreadable_query_counts_as_wrong(engine, places, tmp_path):
    queries = Photos.read(places.queries).select(range(4))
    broken = tmp_path / "broken.jpg"
    broken.write_bytes(b"nothing")
    spoiled = Photos(queries.ids, (str(broken), *queries.paths[1:]), queries.labels, queries.metadata)
    metric = "recall@100"
    truth = benchmark.truth_from_labels(engine, queries)
    good = judged(engine, queries, truth, metric)
    bad = judged(engine, spoiled, truth, metric)
    assert list(bad.failures) == [queries.ids[0]]
    assert bad.report.unanswered == (queries.ids[0],)
    assert bad.report.metrics["recall@100"].value == pytest.approx(
        good.report.metrics["recall@100"].value - 0.25
    )


def test_unlabelled_queries_are_left_out_and_a_lonely_label_is_an_error(engine, places):
    queries = Photos.read(places.queries).select(range(3))
    some = Photos(queries.ids, queries.paths, ("", *queries.labels[1:]), queries.metadata)
    assert benchmark.truth_from_labels(engine, some).query_ids == queries.ids[1:]
    lonely = Photos(queries.ids, queries.paths, ("nowhere", *queries.labels[1:]), queries.metadata)
    with pytest.raises(EvaluationError, match=queries.ids[0]):
        benchmark.truth_from_labels(engine, lonely)
    none = Photos(queries.ids, queries.paths, ("", "", ""), queries.metadata)
    with pytest.raises(PhotosError, match="--truth"):
        benchmark.truth_from_labels(engine, none)


def test_solution_file_and_labels_give_the_same_figure(engine, places, tmp_path):
    queries = Photos.read(places.queries).select(range(10))
    by_label = benchmark.truth_from_labels(engine, queries)
    ids = engine.store.records.ids
    lines = [
        f"{name},{' '.join(ids[row] for row in rows)},{'Public' if place % 2 else 'Private'}"
        for place, (name, rows) in enumerate(zip(by_label.query_ids, by_label.relevant, strict=True))
    ]
    file = tmp_path / "solution.csv"
    file.write_text("id,images,Usage\n" + "\n".join(lines) + "\n")
    truth = Truth.from_solution(file, engine.rows_by_id)
    metric = "map@100"
    one = judged(engine, queries, by_label, metric)
    two = judged(engine, queries, truth, metric)
    assert two.report.metrics == one.report.metrics
    assert set(two.report.usages) == {"public", "private"}
