import functools

import numpy as np
import pytest
import torch

from extract import timm_backbone, traced


@pytest.fixture(autouse=True)
def cache(monkeypatch, tmp_path):
    """The folder of traces, in a home of our own."""
    monkeypatch.setenv("HOME", str(tmp_path))
    # smaller ones take less time
    monkeypatch.setattr(traced, "_TRIALS", ((1, 3, 64, 96), (2, 3, 96, 64), (1, 3, 65, 33)))
    return tmp_path / ".cache" / "landmark-retrieval"


@pytest.fixture(scope="module")
def load(weights_of):
    return functools.cache(lambda name: timm_backbone.load(name, weights_of(name)))


@pytest.fixture
def build(load):
    """Give a network and count how often it was asked for."""

    def one(name):
        one.count += 1
        return load(name)

    one.count = 0
    return one


def maps(backbone, shape=(2, 3, 96, 128)):
    batch = torch.randn(shape, generator=torch.Generator().manual_seed(0))
    with torch.inference_mode(), torch.jit.optimized_execution(False):
        return backbone.maps(batch.contiguous(memory_format=torch.channels_last))[0].numpy()


def test_second_program_loads_the_trace_and_gets_the_same_numbers(build):
    first, second = (traced.load("resnet18", "sha", lambda: build("resnet18")) for _ in range(2))
    assert build.count == 1
    assert first[1:] == (second.dim, tuple(second.mean), tuple(second.std), tuple(second.patch), 0, False)
    # sizes and batches that the trace was not tried on
    for shape in ((2, 3, 96, 128), (1, 3, 65, 33), (5, 3, 64, 64)):
        np.testing.assert_array_equal(maps(first, shape), maps(second, shape))


def test_other_weights_have_a_trace_of_their_own(build, cache):
    for sha in ("one", "other", "one"):
        traced.load("resnet18", sha, lambda: build("resnet18"))
    assert build.count == 2
    assert len(list(cache.glob("resnet18-*.pt"))) == 2


def test_network_whose_trace_depends_on_the_size_is_built_each_time(build, cache):
    name = "vit_tiny_patch16_224"
    first, second = (traced.load(name, "sha", lambda: build(name)) for _ in range(2))
    assert build.count == 2
    assert not cache.exists() or not list(cache.iterdir())
    np.testing.assert_array_equal(maps(first), maps(second))


def flipped(content):
    middle = len(content) // 2
    return content[:middle] + bytes([content[middle] ^ 1]) + content[middle + 1 :]


@pytest.mark.parametrize("damage", ["empty", "text", "cut off", "one bit"])
def test_damaged_trace_is_written_anew(build, cache, damage):
    expected = maps(traced.load("resnet18", "sha", lambda: build("resnet18")))
    (file,) = cache.glob("*.pt")
    whole = file.read_bytes()
    file.write_bytes(
        {"empty": b"", "text": b"no trace", "cut off": whole[: len(whole) // 2], "one bit": flipped(whole)}[
            damage
        ]
    )
    np.testing.assert_array_equal(maps(traced.load("resnet18", "sha", lambda: build("resnet18"))), expected)
    assert build.count == 2
    traced.load("resnet18", "sha", lambda: build("resnet18"))
    assert build.count == 2
    assert {path.suffix for path in cache.iterdir()} == {".pt", ".json"}


def test_cache_that_cannot_be_written_is_no_error(build, cache):
    cache.parent.write_bytes(b"a file where a folder would be")
    for _ in range(2):
        traced.load("resnet18", "sha", lambda: build("resnet18"))
    assert build.count == 2
