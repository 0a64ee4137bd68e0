"""What tests of extraction share: one thread for torch, real photographs, weights, codebooks."""

import functools
import shutil
import sys

import numpy as np
import pytest
from threadpoolctl import threadpool_limits

from extract import config as configs
from extract import weight_files
from extract.codebook import Codebook
from extract.config import FileRef
from extract.fitted import Note
from extract.local_descriptors import sift


@pytest.fixture(scope="session", autouse=True)
def one_thread_for_numpy():
    """Two threads of a library on a busy machine are ten times slower than one."""
    with threadpool_limits(1, user_api="blas"):
        yield


@pytest.fixture(autouse=True)
def one_thread_for_torch():
    """The same, in every test that comes behind one which chose another number."""
    torch = sys.modules.get("torch")
    if torch:
        torch.set_num_threads(1)


@functools.cache
def _picture(name):
    from skimage import data
    from sklearn.datasets import load_sample_image

    if name in ("china", "flower"):
        return np.array(load_sample_image(f"{name}.jpg"))
    return np.array(getattr(data, name)()[..., :3])


@pytest.fixture(scope="session")
def picture():
    """Give the pixels (h, w, 3) uint8 RGB of a photograph of scikit-learn or scikit-image by its name."""
    return _picture


@pytest.fixture(scope="session")
def weights_of(tmp_path_factory):
    """Save the random weights of a timm model, always the same ones, and give the file's FileRef."""
    from extract.torchvision_guard import ensure_importable

    ensure_importable()
    import timm
    import torch
    from safetensors.torch import save_file

    folder = tmp_path_factory.mktemp("weights")

    @functools.cache
    def save(name, suffix=".safetensors"):
        path = folder / f"{name}{suffix}"
        with torch.random.fork_rng():
            torch.manual_seed(0)
            state = timm.create_model(name).state_dict()
        if suffix == ".safetensors":
            save_file({key: value.contiguous() for key, value in state.items()}, path)
        else:
            torch.save(state, path)
        return FileRef(str(path), weight_files.sha256_of(path))

    yield save
    # half a gigabyte, of which pytest would keep three runs
    shutil.rmtree(folder)


@pytest.fixture(scope="session")
def unit():
    """Give `count` random vectors of length one without negative entries, as RootSIFT has them."""

    def vectors(count, dim=128, seed=0):
        values = np.random.default_rng(seed).random((count, dim), np.float32) ** 4
        return values / np.linalg.norm(values, axis=1, keepdims=True)

    return vectors


@pytest.fixture(scope="session")
def write_codebook(unit):
    """Write a codebook of random centres for `kind` that says it was fitted on SIFT with `settings`."""

    def write(path, kind, words=8, seed=0, **settings):
        config = configs.to_plain(sift.Config(**settings))
        Codebook(unit(words, seed=seed), Note(kind, "sift", config)).write(path)
        return FileRef(str(path), weight_files.sha256_of(path))

    return write
