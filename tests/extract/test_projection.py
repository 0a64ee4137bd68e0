"""PCA of positions of a map: scikit-learn's axes, lengths of one, zeros that stay."""

import numpy as np
import pytest

from extract import projection
from extract.errors import ConfigError, WeightsError
from extract.fitted import Network, Note
from extract.projection import Projection

NOTE = Note("patch", network=Network("resnet18", "ab" * 32))


@pytest.fixture
def vectors(unit):
    return unit(200, 24) @ np.diag(np.linspace(0.2, 2, 24)).astype(np.float32)


def test_axes_are_those_of_scikit_learn(vectors):
    from sklearn.decomposition import PCA

    expected = PCA(6, svd_solver="full").fit(vectors.astype(np.float64))
    fitted = projection.fit(vectors, 6, NOTE)
    np.testing.assert_allclose(fitted.mean, expected.mean_, atol=1e-6)
    # An axis may point either way.
    cosines = np.abs((fitted.axes * expected.components_.T).sum(axis=0))
    np.testing.assert_allclose(cosines, 1, atol=1e-5)
    np.testing.assert_allclose(fitted.axes.T @ fitted.axes, np.eye(6), atol=1e-5)
    assert (np.take_along_axis(fitted.axes, np.abs(fitted.axes).argmax(0)[None], 0) > 0).all()


def test_projected_vectors_have_length_one_and_zero_stays_zero(vectors):
    vectors[7] = 0
    projected = projection.fit(vectors, 6, NOTE).apply(vectors)
    lengths = np.linalg.norm(projected, axis=1)
    assert lengths[7] == 0
    np.testing.assert_allclose(np.delete(lengths, 7), 1, rtol=1e-5)


@pytest.mark.parametrize(("count", "dim", "most"), [(200, 25, 24), (5, 5, 4)])
def test_more_numbers_than_vectors_span_are_refused(vectors, count, dim, most):
    with pytest.raises(ConfigError, match=f"between 1 and {most} for {count} descriptors"):
        projection.fit(vectors[:count], dim, NOTE)


def test_a_file_gives_back_what_was_written(vectors, tmp_path):
    fitted = projection.fit(vectors, 6, NOTE)
    fitted.write(tmp_path / "p")
    read = Projection.read(tmp_path / "p")
    np.testing.assert_array_equal(read.axes, fitted.axes)
    np.testing.assert_array_equal(read.mean, fitted.mean)
    assert (read.note, read.dim) == (NOTE, 6)


def test_a_codebook_is_no_projection(write_codebook, tmp_path):
    write_codebook(tmp_path / "words", "vlad")
    with pytest.raises(WeightsError, match="not a codebook or projection"):
        Projection.read(tmp_path / "words")
