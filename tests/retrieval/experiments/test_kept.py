"""A finished run comes back as it was, and never for other settings."""

import numpy as np
import pytest

from evaluate import metrics
from evaluate.embeddings import outcome_from_vectors
from extract.errors import StoreError
from retrieval.experiments import _kept
from retrieval.experiments._kept import Measured, Points


def test_outcome_and_vectors_come_back(tmp_path):
    rng = np.random.default_rng(0)
    vectors, labels = rng.normal(size=(20, 3)), ["a", "b"] * 10
    outcome = outcome_from_vectors(vectors[:6], labels[:6], vectors[6:], labels[6:], k=5, exclude_self=False)
    measured = Measured({"F1": outcome}, Points(vectors.astype(np.float32), tuple(labels)), True, 2.5)
    _kept.write(tmp_path, measured, "digest")
    back = _kept.read(tmp_path, "digest")
    f1 = metrics.parse("knn-f1")
    assert f1.per_query(back.outcomes["F1"]).tolist() == f1.per_query(outcome).tolist()
    assert back.outcomes["F1"].query_ids == outcome.query_ids
    np.testing.assert_array_equal(back.points.vectors, measured.points.vectors)
    assert (back.points.labels, back.random_start, back.seconds) == (
        tuple(labels), True, 2.5,
    )  # fmt: skip


def test_other_settings_find_nothing(tmp_path):
    measured = Measured({}, Points(np.zeros((1, 1), np.float32), ("a",)))
    assert _kept.read(tmp_path, "digest") is None
    _kept.write(tmp_path, measured, "digest")
    assert _kept.read(tmp_path, "other") is None


@pytest.mark.parametrize("size", [0, 60, 400])
def test_a_file_that_was_cut_is_one_sentence(tmp_path, size):
    _kept.write(tmp_path, Measured({}, Points(np.zeros((1, 1), np.float32), ("a",))), "digest")
    path = tmp_path / _kept.FILE
    path.write_bytes(path.read_bytes()[:size])
    with pytest.raises(StoreError, match=r"outcome\.npz' is damaged .*; delete it and run again"):
        _kept.read(tmp_path, "digest")
