import numpy as np
import pytest
import torch

from extract.config import FileRef
from extract.errors import ConfigError, WeightsError
from extract.weight_files import sha256_of
from extract.whitening import fit_pca
from train.network import EmbeddingNetwork
from train.settings import Network
from train.whitened import Whitened


@pytest.fixture
def file(tmp_path):
    vectors = np.random.default_rng(0).normal(size=(20, 6)).astype(np.float32)
    fit_pca(vectors, 3, 0.5).write(tmp_path / "white")
    return FileRef(str(tmp_path / "white"), sha256_of(tmp_path / "white"))


def test_pooled_vectors_are_whitened_at_length_one(file):
    whitened = Whitened.read(file, 6)
    pooled = torch.tensor([[3.0, 0, 4, 0, 0, 0], [0, 0, 0, 0, 0, 2]])
    unit = np.array([[0.6, 0, 0.8, 0, 0, 0], [0, 0, 0, 0, 0, 1]])
    mean, projection = (
        getattr(whitened, name).numpy().astype(np.float64) for name in ("_mean", "_projection")
    )
    np.testing.assert_allclose(whitened(pooled), (unit - mean) @ projection, atol=1e-6)
    assert whitened.dim == 3


def test_nothing_of_it_is_trained_or_kept_in_a_checkpoint(file):
    whitened = Whitened.read(file, 6)
    assert not list(whitened.parameters())
    assert not whitened.state_dict()


def test_a_file_that_was_altered_or_is_of_another_length_is_refused(file, tmp_path):
    with pytest.raises(ConfigError, match="takes vectors of 6 numbers, the network gives 7"):
        Whitened.read(file, 7)
    (tmp_path / "white").write_bytes(b"other")
    with pytest.raises(WeightsError, match="white"):
        Whitened.read(file, 6)


def test_a_head_beside_a_whitening_or_a_first_network_is_refused(file):
    for setting in ({"whitening": file}, {"distill": 1.0}):
        with pytest.raises(ConfigError, match="go with a network without a head"):
            Network(head="linear", dim=4, **setting)


def test_a_network_ends_in_it(tmp_path):
    settings = {"backbone": "test_efficientnet", "pretrained": False}
    plain = EmbeddingNetwork.build(Network(**settings), 0).eval()
    vectors = np.random.default_rng(0).normal(size=(20, plain.dim)).astype(np.float32)
    fit_pca(vectors, 5, 0.5).write(tmp_path / "white")
    file = FileRef(str(tmp_path / "white"))
    network = EmbeddingNetwork.build(Network(**settings, whitening=file), 0).eval()
    pictures = torch.randint(0, 256, (2, 3, 32, 32), dtype=torch.uint8)
    assert network.dim == 5
    expected = Whitened.read(file, plain.dim)(plain(pictures))
    torch.testing.assert_close(network(pictures), expected)
