import dataclasses

import numpy as np
import pytest
import torch

from extract import recipe as recipes
from extract import recipe_files
from extract.errors import ConfigError
from extract.global_descriptors import network as descriptors
from extract.weight_files import sha256_of
from extract.whitening import fit_pca
from train import onnx_export, result
from train.network import EmbeddingNetwork


@pytest.fixture(scope="module")
def written(tmp_path_factory, tiny_recipe):
    """A network that differs from its first weights, and the folder that it was written to, twice."""
    recipe = tiny_recipe(network={"gem_p": 2.5})
    network = EmbeddingNetwork.build(recipe.network, seed=3).eval()
    with torch.no_grad():
        for value in network.parameters():
            value.mul_(1.1)
    folders = [tmp_path_factory.mktemp("result") for _ in range(2)]
    for folder in folders:
        result.write(folder, recipe, network.backbone.model, network.head, {"epoch": "2", "data": "abc"})
    return network, *folders


def test_the_recipe_describes_by_the_network_that_was_trained(written):
    network, folder, _ = written
    recipe = recipe_files.resolve(recipes.load(str(folder)))
    assert recipe.name == folder.name
    pictures = np.random.default_rng(0).integers(0, 256, (2, 64, 96, 3), np.uint8)
    found = descriptors.build(recipe.global_config).extract(pictures)
    with torch.inference_mode():
        embeddings = network(torch.from_numpy(pictures).permute(0, 3, 1, 2))
    expected = torch.nn.functional.normalize(embeddings, dim=1).numpy()
    np.testing.assert_allclose(found, expected, atol=1e-5)


def test_a_whitening_comes_out_with_the_network(tmp_path, tiny_recipe):
    plain = EmbeddingNetwork.build(tiny_recipe(network={"head": "none", "dim": 0}).network, seed=0)
    vectors = np.random.default_rng(0).normal(size=(20, plain.dim)).astype(np.float32)
    fit_pca(vectors, 5, 0.5).write(tmp_path / "white")
    whitening = str(tmp_path / "white")
    settings = {"head": "none", "dim": 0, "whitening": whitening, "pooling": "regional-gem"}
    recipe = tiny_recipe(network=settings)
    network = EmbeddingNetwork.build(recipe.network, seed=0).eval()
    (tmp_path / "run").mkdir()
    resolved = dataclasses.replace(recipe.network.whitening, sha256=sha256_of(tmp_path / "white"))
    result.keep_whitening(
        tmp_path / "run",
        dataclasses.replace(recipe, network=dataclasses.replace(recipe.network, whitening=resolved)),
    )
    result.write(tmp_path / "run", recipe, network.backbone.model, network.head, {})
    (tmp_path / "white").unlink()
    described = recipe_files.resolve(recipes.load(str(tmp_path / "run")))
    pictures = np.random.default_rng(0).integers(0, 256, (2, 64, 96, 3), np.uint8)
    found = descriptors.build(described.global_config).extract(pictures)
    with torch.inference_mode():
        embeddings = network(torch.from_numpy(pictures).permute(0, 3, 1, 2))
    np.testing.assert_allclose(found, torch.nn.functional.normalize(embeddings, dim=1).numpy(), atol=1e-5)
    exported = onnx_export.export(tmp_path / "run", described)
    assert exported.max_difference < 1e-5


def test_the_same_network_is_written_in_the_same_bytes(written):
    _, first, second = written
    for name in (result.WEIGHTS_FILE, result.HEAD_FILE):
        assert (first / name).read_bytes() == (second / name).read_bytes()


@pytest.mark.parametrize(
    ("table", "sentence"),
    [
        ({"weights": "x"}, "recipe.global.weights cannot be set: it follows from training"),
        ({"whitening": "x"}, "recipe.global.whitening cannot be set: .*; set network.whitening"),
        ({"gem_p": 4.0}, "must be what is trained .network.gem_p = 2.0., got 4.0"),
        ({"size_px": 3}, "size_px must be between"),
    ],
)
def test_what_could_not_describe_in_the_end_is_refused_at_once(tiny_recipe, table, sentence):
    with pytest.raises(ConfigError, match=sentence):
        result.check(tiny_recipe(recipe={"global": table}))
