"""The loss of a recipe: weights, memory, mining, precision, seeds, and batches without pairs."""

import logging
import sys

import pytest
import torch

from extract.errors import PluginError
from train import criterion, recipe
from train.errors import TrainingError
from train.reference import Reference

LABELS = torch.tensor([0, 0, 1, 1])
PAIRLESS = torch.tensor([0, 1, 2, 3])


def build(loss, seed=0, **settings):
    plain = recipe.from_plain({"loss": loss, "seed": seed, **settings})
    return criterion.build(plain, 4, 3, [5, 4, 3, 0])


def rows(seed=0, count=4):
    return torch.randn(count, 3, generator=torch.Generator().manual_seed(seed))


def cost(loss, embeddings, labels=LABELS, seed=0):
    return loss(embeddings, labels, torch.Generator().manual_seed(seed))


def test_half_classification_and_half_contrastive_is_half_of_each():
    parts = {"classification": {}, "contrastive": {"distance": "cosine", "negative_margin": 0.4}}
    # The layer of classes begins alike: its random numbers follow from the seed, and no other term draws.
    alone = [cost(build({name: options}), rows()) for name, options in parts.items()]
    both = build({name: {**options, "weight": 0.5} for name, options in parts.items()})
    torch.testing.assert_close(cost(both, rows()), 0.5 * alone[0] + 0.5 * alone[1])


def test_beginnings_follow_from_the_seed_and_leave_other_random_numbers_alone():
    state = torch.get_rng_state()
    first, same, other = (build({"arcface": {}}, seed).state_dict() for seed in (3, 3, 4))
    assert torch.get_rng_state().equal(state)
    assert first["terms.arcface.centres"].equal(same["terms.arcface.centres"])
    assert not first["terms.arcface.centres"].equal(other["terms.arcface.centres"])


def test_remembered_batches_are_as_a_larger_reference():
    loss = build({"supcon": {}}, memory=6)
    first, second = rows(1), rows(2)
    cost(loss, first)
    found = cost(loss, second)
    both = Reference(torch.cat([second, first]), torch.cat([LABELS, LABELS]))
    torch.testing.assert_close(found, loss.terms["supcon"](second, LABELS, both, None))
    torch.testing.assert_close(loss.state_dict()["memory.vectors"], torch.cat([second, first[:2]]))


def test_evaluation_neither_remembers_nor_counts():
    loss = build({"supcon": {}}, memory=6).eval()
    before = {name: value.clone() for name, value in loss.state_dict().items()}
    cost(loss, rows())
    assert all(value.equal(before[name]) for name, value in loss.state_dict().items())


def test_the_miner_draws_from_the_generator():
    loss = build({"triplet": {"margin": 3.0}}, miner={"kind": "random"})
    embeddings, labels = rows(count=12), torch.arange(12) % 3
    costs = [cost(loss, embeddings, labels, seed).item() for seed in (0, 0, 1)]
    assert costs[0] == costs[1] != costs[2]


def test_half_precision_is_computed_in_single_precision_even_under_autocast():
    loss = build({"arcface": {}, "ntxent": {}})
    embeddings = rows().to(torch.bfloat16)
    with torch.autocast("cpu", torch.bfloat16):
        found = cost(loss, embeddings.requires_grad_())
    found.backward()
    assert found.dtype == torch.float32
    assert embeddings.grad.dtype == torch.bfloat16
    assert found.item() == cost(loss, embeddings.detach().float()).item()


def test_batches_without_pairs_stop_the_run_when_all_of_the_first_twenty_are():
    loss = build({"triplet": {}, "supcon": {}})
    for _ in range(criterion.NUM_FIRST_BATCHES - 1):
        assert cost(loss, rows(), PAIRLESS).item() == 0
    with pytest.raises(TrainingError) as caught:
        cost(loss, rows(), PAIRLESS)
    assert str(caught.value) == (
        "none of 20 batches held two photographs of one class beside one of another, so supcon and triplet "
        "had no pair to learn from; set sampler.kind to 'm-per-class' (or 'two-views' without labels), or a "
        "larger batch_size"
    )


def test_a_single_batch_with_pairs_is_enough():
    loss = build({"triplet": {}})
    for step in range(criterion.NUM_FIRST_BATCHES + 1):
        cost(loss, rows(), LABELS if step == 7 else PAIRLESS)
    loss.check_pairs()
    assert (int(loss.num_batches), int(loss.num_pairless_batches)) == (21, 20)


def test_a_short_epoch_without_pairs_is_refused_at_its_end():
    loss = build({"triplet": {}})
    loss.check_pairs()
    # One class alone is no pair to learn from either.
    cost(loss, rows(), torch.zeros(4, dtype=torch.int64))
    with pytest.raises(TrainingError, match="none of 1 batches"):
        loss.check_pairs()


def test_counts_go_on_after_a_checkpoint():
    loss, other = build({"triplet": {}}), build({"triplet": {}})
    cost(loss, rows(), PAIRLESS)
    other.load_state_dict(loss.state_dict())
    with pytest.raises(TrainingError, match="none of 1 batches"):
        other.check_pairs()


def test_beside_classes_batches_without_pairs_are_told_and_go_on(caplog):
    loss = build({"classification": {}, "triplet": {}})
    with caplog.at_level(logging.WARNING, "train.criterion"):
        for _ in range(criterion.NUM_FIRST_BATCHES + 1):
            assert cost(loss, rows(), PAIRLESS).item() > 0
    assert len(caplog.messages) == 1
    assert "so triplet had no pair to learn from" in caplog.text


def test_a_library_that_is_not_there_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "pytorch_metric_learning.losses", None)
    with pytest.raises(PluginError, match=r"^loss\.supcon needs a package \(.*pytorch_metric_learning.*pip"):
        build({"supcon": {}})


def test_losses_over_classes_need_no_pairs():
    loss = build({"arcface": {}})
    for _ in range(criterion.NUM_FIRST_BATCHES + 1):
        assert cost(loss, rows(), PAIRLESS).item() > 0


@pytest.mark.parametrize(
    ("settings", "said"),
    [({"memory": 8}, "memory has no effect"), ({"miner": {"kind": "random"}}, "miner.kind has no effect")],
)
def test_settings_that_only_pairs_know_are_refused_without_them(settings, said):
    with pytest.raises(TrainingError, match=f"^{said}: arcface compares photographs with classes"):
        build({"arcface": {}}, **settings)
