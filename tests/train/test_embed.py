import numpy as np
import pytest
import torch
from torch import nn

from extract import recipe as recipes
from extract.photos import Photos
from train.embed import embed_photos, embed_vectors
from train.errors import TrainingError


class Means(nn.Module):
    """Mean colour and size of each picture, as a network whose parameter it multiplies with."""

    def __init__(self, factor=1.0):
        super().__init__()
        self.factor = nn.Parameter(torch.tensor(factor))

    def forward(self, inputs):
        assert not self.training
        size = torch.tensor(inputs.shape[2:]).expand(len(inputs), 2)
        return torch.cat([inputs.float().mean(dim=(2, 3)), size], dim=1) * self.factor


@pytest.fixture
def recipe():
    return recipes.from_plain({"global": {"size_px": 64, "multiple_px": 16}})


def test_photos_are_seen_in_the_size_of_the_recipe(tmp_path, write_photos, recipe):
    photos = write_photos(tmp_path, 3)
    embedded = embed_photos(Means(), photos, recipe)
    # 160 x 120 with the longest side at 64 is 64 x 48.
    assert embedded.rows.tolist() == [0, 1, 2]
    assert embedded.vectors[:, 3:].tolist() == [[48, 64]] * 3
    alone = embed_photos(Means(), photos.select([1]), recipe)
    assert (alone.vectors[0] == embedded.vectors[1]).all()


def test_photo_that_cannot_be_read_is_named(tmp_path, write_photos, recipe):
    photos = write_photos(tmp_path, 3)
    (tmp_path / "001.jpg").write_bytes(b"")
    embedded = embed_photos(Means(), photos, recipe)
    assert embedded.rows.tolist() == [0, 2]
    assert embedded.failures == (("001.jpg", "empty file"),)
    with pytest.raises(TrainingError, match="none of the 1 photos"):
        embed_photos(Means(), photos.select([1]), recipe)


def test_mode_of_the_network_is_left_as_it_was(tmp_path, write_photos, recipe):
    network = Means().train()
    embed_photos(network, write_photos(tmp_path, 1), recipe)
    assert network.training


def test_embedding_that_is_not_finite_is_named(tmp_path, write_photos, recipe):
    photos = write_photos(tmp_path, 2)
    with pytest.raises(TrainingError, match=r"photo '000.jpg' is not finite \(2 of 2"):
        embed_photos(Means(float("nan")), Photos(photos.ids, photos.paths, ("a", "a"), ({}, {})), recipe)


def test_vectors_are_embedded_in_evaluation_mode():
    head = nn.Sequential(nn.Linear(3, 2), nn.Dropout(0.9)).train()
    vectors = np.random.default_rng(0).standard_normal((5, 3)).astype(np.float32)
    expected = vectors @ head[0].weight.detach().numpy().T + head[0].bias.detach().numpy()
    assert np.allclose(embed_vectors(head, vectors, list("abcde")), expected, atol=1e-6)
    assert head.training
    vectors[3] = np.nan
    with pytest.raises(TrainingError, match=r"photo 'd' is not finite \(1 of 5"):
        embed_vectors(head, vectors, list("abcde"))
