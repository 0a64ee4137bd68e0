"""Words of a codebook: the nearest centre, checked against every distance; files that are refused."""

import numpy as np
import pytest

from extract import codebook, weight_files
from extract.codebook import Codebook
from extract.config import NO_FILE, FileRef, to_plain
from extract.errors import ConfigError, WeightsError
from extract.fitted import Note
from extract.local_descriptors import asmk, sift, vlad

NOTE = Note("vlad", "sift", {}, None, {"seed": "3"})


def nearest_by_distance(descriptors, centres):
    differences = descriptors.astype(np.float64)[:, None] - centres.astype(np.float64)[None]
    return (differences**2).sum(axis=2).argmin(axis=1)


@pytest.mark.parametrize("products", [1, 40, 2**22])
def test_the_nearest_centre_is_that_of_all_distances(unit, monkeypatch, products):
    monkeypatch.setattr(codebook, "_MOST_PRODUCTS", products)
    centres, descriptors = 0.8 * unit(37, seed=1), unit(203)
    found = Codebook(centres, NOTE).assign(descriptors)
    np.testing.assert_array_equal(found, nearest_by_distance(descriptors, centres))


def test_of_equal_centres_the_first_is_taken(unit):
    centres = unit(5)[[0, 1, 1, 0, 2]]
    assert Codebook(centres, NOTE).assign(centres).tolist() == [0, 1, 1, 0, 4]


def test_no_descriptors_have_no_words(unit):
    assert Codebook(unit(5), NOTE).assign(unit(0)).shape == (0,)
    words, sums, counts = Codebook(unit(5), NOTE).residuals(unit(0))
    assert (words.shape, sums.shape, counts.shape) == ((0,), (0, 128), (0,))


def test_residuals_are_those_of_a_plain_loop(unit):
    centres, descriptors = unit(9, seed=1), unit(60)
    expected = {}
    for descriptor, word in zip(descriptors, nearest_by_distance(descriptors, centres), strict=True):
        total, count = expected.get(int(word), (np.zeros(128), 0))
        expected[int(word)] = (total + descriptor - centres[word], count + 1)
    words, sums, counts = Codebook(centres, NOTE).residuals(descriptors)
    assert words.tolist() == sorted(expected)
    for word, total, count in zip(words, sums, counts, strict=True):
        np.testing.assert_allclose(total, expected[word][0], atol=1e-5)
        assert count == expected[word][1]


def test_a_zero_descriptor_is_left_out(unit):
    book, descriptors = Codebook(unit(9, seed=1), NOTE), unit(20)
    with_zeros = np.insert(descriptors, [0, 7, 20], 0, axis=0)
    for one, other in zip(book.residuals(descriptors), book.residuals(with_zeros), strict=True):
        np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize(("words", "dtype"), [(16, np.float16), (1000, np.uint8)])
def test_a_file_gives_back_the_centres_nearly_and_the_note_exactly(unit, tmp_path, words, dtype):
    from safetensors.numpy import load_file

    centres = unit(words) - np.float32(0.01)
    Codebook(centres, NOTE).write(tmp_path / "words")
    assert load_file(tmp_path / "words")["centres"].dtype == dtype
    read = Codebook.read(tmp_path / "words")
    assert read.centres.dtype == np.float32
    # Half a step of 255 over the range.
    np.testing.assert_allclose(read.centres, centres, atol=np.ptp(centres) / 500)
    assert read.note == NOTE


def test_a_file_that_is_none_is_refused_in_a_sentence(tmp_path):
    (tmp_path / "text").write_text("no words")
    for name in ("text", "absent"):
        with pytest.raises(
            WeightsError, match=rf"{name}' is not a codebook .*`retrieve fit-codebook` writes"
        ):
            Codebook.read(tmp_path / name)


def test_a_codebook_for_another_descriptor_or_altered_since_is_refused(write_codebook, tmp_path):
    file = write_codebook(tmp_path / "words", "vlad")
    assert codebook.load(file, "vlad").centres.shape == (8, 128)
    with pytest.raises(ConfigError, match="is for vlad descriptors, not for asmk"):
        codebook.load(file, "asmk")
    with pytest.raises(WeightsError, match="sha256 differs"):
        codebook.load(FileRef(file.path, "0" * 64), "vlad")


@pytest.mark.parametrize(("plugin", "words"), [(vlad, 16), (asmk, 4096)])
def test_packaged_codebooks_are_of_sift_at_its_defaults(plugin, words):
    file = plugin.resolve(plugin.Config()).codebook
    read = codebook.load(file, plugin.__name__.rsplit(".")[-1])
    assert read.centres.shape == (words, 128)
    assert (read.note.source, dict(read.note.config)) == ("sift", to_plain(sift.Config()))
    assert {"photos", "descriptors", "seed"} <= set(read.note.more)
    # A mean of vectors of length one is shorter than one.
    assert (np.linalg.norm(read.centres, axis=1) < 1.01).all()


def test_only_a_codebook_that_is_not_named_is_the_packaged_one(write_codebook, tmp_path):
    file = write_codebook(tmp_path / "words", "vlad")
    assert vlad.resolve(vlad.Config(codebook=file)).codebook == file
    assert vlad.resolve(vlad.Config()).codebook != NO_FILE
    assert weight_files.sha256_of(tmp_path / "words") == file.sha256
