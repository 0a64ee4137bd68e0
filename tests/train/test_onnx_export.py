import numpy as np
import pytest

from extract import recipe as recipes
from extract import recipe_files
from extract.global_descriptors import network as descriptors
from train import extras, onnx_export, result
from train.errors import TrainingError
from train.events import Remark
from train.network import EmbeddingNetwork

onnxruntime = pytest.importorskip("onnxruntime")
pytest.importorskip("onnx")


@pytest.fixture(scope="module")
def trained(tmp_path_factory, tiny_recipe):
    folder = tmp_path_factory.mktemp("onnx")
    recipe = tiny_recipe()
    network = EmbeddingNetwork.build(recipe.network, seed=0)
    result.write(folder, recipe, network.backbone.model, network.head, {})
    return folder, recipe_files.resolve(recipes.load(str(folder)))


def test_the_exported_network_describes_as_we_do(trained):
    folder, recipe = trained
    exported = onnx_export.export(folder, recipe)
    assert exported.max_difference < 1e-5
    session = onnxruntime.InferenceSession(exported.path, providers=["CPUExecutionProvider"])
    ours = descriptors.build(recipe.global_config)
    for shape in ((2, 96, 64, 3), (1, 160, 224, 3)):
        pictures = np.random.default_rng(1).integers(0, 256, shape, np.uint8)
        given = pictures.transpose(0, 3, 1, 2).astype(np.float32)
        (found,) = session.run(None, {"pictures": given})
        np.testing.assert_allclose(found, ours.extract(pictures), atol=1e-5)


def test_a_network_that_gives_other_vectors_is_not_exported(trained, tmp_path, monkeypatch):
    monkeypatch.setattr(onnx_export, "_exported", lambda vectors, *, is_newer: b"")
    monkeypatch.setattr(onnx_export, "_difference", lambda *given: 2e-3)
    with pytest.raises(TrainingError, match="not exported to ONNX: its vectors differ from torch's by 0.002"):
        onnx_export.export(tmp_path, trained[1])
    assert not list(tmp_path.iterdir())


def test_without_the_packages_a_remark_says_what_to_install(trained, monkeypatch):
    remarks = []
    monkeypatch.setattr(onnx_export, "missing", lambda: ("onnx", "onnxscript"))
    monkeypatch.setattr(extras, "_draw", lambda out, on_event: None)
    assert extras.write(trained[0], remarks.append) is None
    assert remarks == [Remark("network.onnx is not written; pip install onnx onnxscript")]
