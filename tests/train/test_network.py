import pytest
import torch
from torch import nn
from torch.nn.modules.batchnorm import _BatchNorm

from extract import timm_backbone
from extract.errors import ConfigError
from extract.pooling import pool
from train.network import EmbeddingNetwork, HeadNetwork
from train.settings import Network


def build(seed=0, **settings):
    return EmbeddingNetwork.build(
        Network(**{"backbone": "test_efficientnet", "pretrained": False, **settings}), seed
    )


def pictures(count=2, side=32):
    generator = torch.Generator().manual_seed(0)
    return torch.randint(0, 256, (count, 3, side, side), dtype=torch.uint8, generator=generator)


def stages(network):
    """The parameters of timm's stages, told apart by their names as a reader would."""
    model = network.backbone.model
    tail = [model.blocks[-1], model.conv_head, model.bn2]
    modules = [nn.ModuleList([model.conv_stem, model.bn1]), *model.blocks[:-1], nn.ModuleList(tail)]
    return [list(module.parameters()) for module in modules]


def test_embedding_is_the_head_of_the_pooled_map_of_the_normalised_picture():
    network = build(head="linear", dim=5, gem_p=3.0).eval()
    batch = pictures()
    before = batch.clone()
    backbone = timm_backbone.trainable("test_efficientnet", None)
    backbone.module.model.load_state_dict(network.backbone.model.state_dict())
    backbone.module.eval()
    mean, std = (torch.tensor(values).view(3, 1, 1) for values in (backbone.mean, backbone.std))
    pooled = pool(*backbone.maps((batch / 255 - mean) / std), "gem", 3.0)
    torch.testing.assert_close(network.pool(batch), pooled, rtol=1e-5, atol=1e-6)
    expected = pooled @ network.head[0].weight.T + network.head[0].bias
    torch.testing.assert_close(network(batch), expected, rtol=1e-5, atol=1e-6)
    assert (network.pooled_dim, network.dim) == (pooled.shape[1], 5)
    assert torch.equal(batch, before)


def test_random_weights_depend_on_the_seed_alone():
    torch.manual_seed(1)
    first = build(7, head="mlp", dim=4)
    drawn = torch.rand(1)
    torch.manual_seed(1)
    assert torch.equal(drawn, torch.rand(1))
    second, other = build(7, head="mlp", dim=4), build(8, head="mlp", dim=4)
    for name, value in first.state_dict().items():
        assert torch.equal(value, second.state_dict()[name])
    assert not torch.equal(first.head[0].weight, other.head[0].weight)
    assert not torch.equal(first.backbone.model.conv_stem.weight, other.backbone.model.conv_stem.weight)


def test_packaged_weights_are_those_of_inference():
    network = EmbeddingNetwork.build(Network(backbone="tf_efficientnet_lite2", gem_p=3.0), 0).eval()
    weights = timm_backbone.resolve_weights("tf_efficientnet_lite2", Network().weights)
    folded = timm_backbone.load("tf_efficientnet_lite2", weights)
    batch = pictures(1, 64)
    mean, std = (torch.tensor(values).view(3, 1, 1) for values in (folded.mean, folded.std))
    with torch.inference_mode():
        expected = pool(*folded.maps((batch / 255 - mean) / std), "gem", 3.0)
        torch.testing.assert_close(network(batch), expected, rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize("count", [1, 3])
def test_first_stages_neither_learn_nor_build_a_graph(count):
    network = build(frozen_stages=count, batch_norm="batch").train()
    for place, parameters in enumerate(stages(network)):
        assert {parameter.requires_grad for parameter in parameters} == {place >= count}
    model = network.backbone.model
    assert {parameter.requires_grad for parameter in network.trained_parameters()} == {True}
    graphs = []
    for stage in model.blocks:
        stage.register_forward_hook(lambda _, __, output: graphs.append(output.requires_grad))
    before = {name: value.clone() for name, value in model.named_buffers() if "running_mean" in name}
    network(pictures()).sum().backward()
    # The stem is the first stage: blocks[0] is the second.
    assert graphs == [place + 1 >= count for place in range(len(model.blocks))]
    moved = {
        name.split(".running")[0]
        for name, value in model.named_buffers()
        if name in before and not torch.equal(value, before[name])
    }
    assert not any(name.startswith(f"blocks.{place}.") for name in moved for place in range(count - 1))
    assert "bn1" not in moved
    assert "bn2" in moved
    assert any(name.startswith(f"blocks.{count - 1}.") for name in moved)


def test_more_frozen_stages_than_there_are_is_told_with_their_number():
    # A stem and five groups of blocks.
    with pytest.raises(ConfigError, match="at most 6, the stages of test_efficientnet with its stem, got 7"):
        build(frozen_stages=7, head="linear", dim=2)
    assert not any(
        p.requires_grad for p in build(frozen_stages=6, head="linear", dim=2).backbone.parameters()
    )
    with pytest.raises(ConfigError, match="frozen_stages = 6 leaves nothing to train"):
        build(frozen_stages=6)


def test_frozen_normalisations_keep_statistics_but_learn_their_scale_and_the_head_follows_the_batch():
    network = build(head="mlp", dim=4).train().eval().train()
    norms = [module for module in network.backbone.modules() if isinstance(module, _BatchNorm)]
    assert norms
    assert not any(norm.training for norm in norms)
    assert all(norm.weight.requires_grad for norm in norms)
    assert network.backbone.model.blocks[0].training
    assert network.head[1].training
    assert all(module.training for module in build(batch_norm="batch").train().modules())


def test_whole_backbone_may_be_frozen():
    network = build(frozen=True, head="linear", dim=2, batch_norm="batch").train()
    assert [p.shape for p in network.trained_parameters()] == [(2, network.pooled_dim), (2,)]
    assert not any(module.training for module in network.backbone.modules())


def test_head_network_embeds_pooled_vectors_as_the_whole_network_does():
    settings = Network(backbone="test_efficientnet", pretrained=False, frozen=True, head="mlp", dim=4)
    whole = EmbeddingNetwork.build(settings, 3).eval()
    head = HeadNetwork.build(settings, whole.pooled_dim, 3).eval()
    assert torch.equal(head(whole.pool(pictures())), whole(pictures()))
    assert (head.pooled_dim, head.dim) == (whole.pooled_dim, 4)
    assert len(list(head.parameters())) == 6


def test_class_token_is_asked_of_a_network_that_has_one():
    with pytest.raises(ConfigError, match="test_efficientnet has no class token; set network.pooling to"):
        build(pooling="cls")
    assert build(backbone="test_vit", pooling="cls")(pictures()).shape == (2, 64)


def test_picture_size_that_does_not_suit_the_network_is_told():
    with pytest.raises(ConfigError, match=r"test_vit cannot take 2 pictures of 40 x 40 .*set views.size_px"):
        build(backbone="test_vit")(pictures(side=40))


def test_pooling_stays_precise_where_the_backbone_does_not():
    network = build(head="linear", dim=3).eval()
    with torch.autocast("cpu", torch.bfloat16):
        rough = network(pictures())
    exact = network(pictures())
    assert rough.dtype == torch.float32
    assert 0.0 < (rough - exact).abs().max() < 0.05 * exact.abs().max()
