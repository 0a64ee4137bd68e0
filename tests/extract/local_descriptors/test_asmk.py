"""ASMK*: words and signs against a plain loop, for widths that bytes do not divide too."""

import numpy as np
import pytest

from extract import codebook, weight_files
from extract.codebook import Codebook
from extract.config import FileRef
from extract.features import Features
from extract.fitted import Note
from extract.local_descriptors.asmk import Config, build


def features_of(descriptors):
    count = len(descriptors)
    return Features(np.zeros((count, 4), np.float32), descriptors, np.zeros(count, np.float32))


def plain_asmk(descriptors, centres):
    """Words with signs and counts, one descriptor at a time, in float64."""
    found = {}
    for row in descriptors.astype(np.float64):
        unit = row / np.linalg.norm(row)
        word = int(((unit - centres) ** 2).sum(axis=1).argmin())
        total, count = found.get(word, (0.0, 0))
        found[word] = (total + unit - centres[word], count + 1)
    return {word: ((total > 0).tolist(), count) for word, (total, count) in sorted(found.items())}


def unpacked(features, dim):
    words = features.descriptors[:, :4].copy().view("<u4").ravel()
    signs = np.unpackbits(features.descriptors[:, 4:], axis=1)[:, :dim].astype(bool)
    return {
        int(word): (sign.tolist(), int(count))
        for word, sign, count in zip(words, signs, features.scores, strict=True)
    }


@pytest.fixture(scope="module")
def file(write_codebook, tmp_path_factory):
    return write_codebook(tmp_path_factory.mktemp("words") / "asmk", "asmk", words=600)


def test_it_is_that_of_a_plain_loop(unit, file):
    descriptors = np.rint(512 * unit(250, seed=5)).clip(0, 255).astype(np.uint8)
    found = build(Config(codebook=file)).derive(features_of(descriptors))
    assert found.descriptors.dtype == np.uint8
    assert found.descriptors.shape == (len(found), 20)
    expected = plain_asmk(descriptors, codebook.load(file, "asmk").centres)
    assert list(unpacked(found, 128)) == list(expected)
    assert unpacked(found, 128) == expected
    assert found.scores.sum() == 250


@pytest.mark.parametrize("dim", [5, 8, 12])
def test_signs_of_any_width_are_packed(unit, tmp_path, dim):
    Codebook(unit(7, dim), Note("asmk", "patch", {})).write(tmp_path / "words")
    file = FileRef(str(tmp_path / "words"), weight_files.sha256_of(tmp_path / "words"))
    descriptors = unit(30, dim, seed=2).astype(np.float16)
    found = build(Config(codebook=file)).derive(features_of(descriptors))
    assert found.descriptors.shape[1] == 4 + {5: 1, 8: 1, 12: 2}[dim]
    assert unpacked(found, dim) == plain_asmk(descriptors, codebook.load(file, "asmk").centres)


@pytest.mark.filterwarnings("error")
def test_no_keypoint_has_no_word(file):
    found = build(Config(codebook=file)).derive(features_of(np.zeros((0, 128), np.uint8)))
    assert (found.points.shape, found.descriptors.shape, found.scores.shape) == ((0, 0), (0, 20), (0,))


def test_one_keypoint_and_equal_ones_have_one_word_and_the_same_signs(unit, file):
    descriptor = np.rint(512 * unit(1, seed=6)).clip(0, 255).astype(np.uint8)
    extractor = build(Config(codebook=file))
    one = extractor.derive(features_of(descriptor))
    many = extractor.derive(features_of(np.repeat(descriptor, 50, axis=0)))
    assert one.descriptors.tobytes() == many.descriptors.tobytes()
    assert (one.scores.tolist(), many.scores.tolist()) == ([1], [50])
