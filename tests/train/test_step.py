import dataclasses
import io
import math

import pytest
import torch
from torch import nn

from train.batch import Batch
from train.determinism import deterministic
from train.network import EmbeddingNetwork, HeadNetwork
from train.recipe import TrainRecipe
from train.settings import Network, Optimiser, Validation, Views
from train.step import NotFiniteError, Step

CPU = torch.device("cpu")
HEAD = Network(backbone="test_efficientnet", pretrained=False, head="mlp", dim=4, dropout=0.2)


class Criterion(nn.Module):
    """Class centres, all pairs of the batch, a weight drawn at random, and a memory of the last batch."""

    def __init__(self, dim=4):
        super().__init__()
        self.centres = nn.Parameter(torch.linspace(-1, 1, 3 * dim).reshape(3, dim).clone())
        self.register_buffer("memory", torch.zeros(8, dim))

    def forward(self, embeddings, labels, generator):
        self.seen = embeddings
        self.drawn = torch.rand(1, generator=generator, device=embeddings.device)
        pairs = (embeddings @ torch.cat((embeddings, self.memory.clone())).T).tanh().mean()
        self.memory.copy_(embeddings.detach())
        return nn.functional.cross_entropy(embeddings @ self.centres.T, labels) + self.drawn.sum() * pairs


class Fixed(nn.Module):
    """A loss of one line."""

    def __init__(self, formula):
        super().__init__()
        self.formula = formula

    def forward(self, embeddings, labels, generator):
        return self.formula(embeddings)


def recipe_of(network=HEAD, seed=5, **settings):
    optimiser = Optimiser(**{"warmup_steps": 0, "rate": 0.01, "clip_norm": 0.0, **settings})
    tables = network, Views(), optimiser, Validation()
    return TrainRecipe("test", seed, 1, 8, 0, True, *tables, {}, "all", None, "random", None, {})


def step_of(network=HEAD, criterion=None, seed=0, double=True, **settings):
    built = EmbeddingNetwork.build(network, seed)
    criterion = criterion or Criterion()
    if double:
        built, criterion = built.double(), criterion.double()
    return built, criterion, Step(built, criterion, recipe_of(network, **settings), 10, 5, CPU)


def batch(number=0, rows=8):
    generator = torch.Generator().manual_seed(number)
    pixels = torch.randint(0, 256, (rows, 3, 32, 32), dtype=torch.uint8, generator=generator)
    return Batch(pixels, torch.arange(rows) % 3, tuple(f"photo{number}-{row}" for row in range(rows)))


def gradients(*modules):
    return [p.grad.clone() for module in modules for p in module.parameters() if p.grad is not None]


@pytest.mark.parametrize("accumulate", [1, 3])
def test_gradient_of_a_step_is_that_of_finite_differences_with_dropout(
    accumulate,
):
    def loss_and_gradient(shift, directions):
        network, criterion, step = step_of(kind="sgd", accumulate=accumulate)
        # From the second block on, so that the dropped values matter to trained layers before and behind.
        network.backbone.model.blocks[1].append(nn.Dropout(0.3))
        parameters = [p for module in (network, criterion) for p in module.parameters()]
        generator = torch.Generator().manual_seed(1)
        directions = directions or [
            torch.randn(p.shape, generator=generator, dtype=torch.float64) for p in parameters
        ]
        with torch.no_grad():
            for parameter, direction in zip(parameters, directions, strict=True):
                parameter.add_(direction, alpha=shift)
        loss = step.run(batch())
        slope = sum((p.grad * d).sum() for p, d in zip(parameters, directions, strict=True)).item()
        return loss, slope, directions

    _, slope, directions = loss_and_gradient(0.0, None)
    above, below = (loss_and_gradient(shift, directions)[0] for shift in (1e-7, -1e-7))
    assert slope == pytest.approx((above - below) / 2e-7, rel=1e-5)
    assert abs(slope) > 1e-3


def test_batch_in_parts_gives_the_gradients_of_the_whole_batch():
    found = []
    for accumulate in (1, 3, 8):
        network, criterion, step = step_of(accumulate=accumulate, kind="sgd")
        loss = step.run(batch())
        found.append((loss, gradients(network, criterion), network.head[1].running_mean))
    # 8 = 3 + 3 + 2
    (loss, whole, statistics), *others = found
    assert len(whole) == len(list(network.parameters())) + 1
    for other_loss, parts, other_statistics in others:
        assert other_loss == pytest.approx(loss, abs=1e-12)
        torch.testing.assert_close(parts, whole, rtol=0, atol=1e-9)
        torch.testing.assert_close(other_statistics, statistics)


def test_held_to_the_first_network_the_loss_grows_by_the_distance_to_it():
    settings = Network(backbone="test_efficientnet", pretrained=False)
    losses, found = [], []
    for distill, accumulate in ((0.0, 1), (5.0, 1), (5.0, 3)):
        network = EmbeddingNetwork.build(settings, 0)
        criterion = Criterion(network.dim).double()
        recipe = recipe_of(
            dataclasses.replace(settings, distill=distill, pretrained=True), accumulate=accumulate, kind="sgd"
        )
        step = Step(network.double(), criterion, recipe, 10, 5, CPU)
        with torch.no_grad():
            first = network(batch().inputs)
            for parameter in network.parameters():
                parameter.add_(0.05)
            moved = network(batch().inputs)
        losses.append(step.run(batch()))
        found.append(gradients(network))
    distance = (1.0 - nn.functional.cosine_similarity(moved, first)).mean().item()
    assert distance > 1e-4
    assert losses[1] - losses[0] == pytest.approx(5.0 * distance, rel=1e-6)
    assert losses[2] == pytest.approx(losses[1], abs=1e-12)
    torch.testing.assert_close(found[2], found[1], rtol=1e-9, atol=1e-9)


def test_statistics_of_parts_count_once():
    network, _, step = step_of(dataclasses.replace(HEAD, batch_norm="batch"), accumulate=2)
    step.run(batch())
    assert network.backbone.model.bn1.num_batches_tracked == 2
    assert network.head[1].num_batches_tracked == 1


def test_first_step_is_the_clipped_gradient_times_the_rate():
    network, criterion, step = step_of(
        kind="sgd", rate=0.1, loss_rate=3.0, weight_decay=0.0, clip_norm=0.01, warmup_steps=2
    )
    before = [value.detach().clone() for value in (network.head[0].weight, criterion.centres)]
    step.run(batch())
    norm = math.sqrt(sum(gradient.square().sum().item() for gradient in gradients(network, criterion)))
    assert norm == pytest.approx(0.01, rel=1e-4)
    # Half of the warm-up: .05, and three times that for the centres.
    for value, was, rate in zip(
        (network.head[0].weight, criterion.centres), before, (0.05, 0.15), strict=True
    ):
        torch.testing.assert_close(value.detach(), was - rate * value.grad)


@pytest.mark.parametrize(
    ("formula", "words"),
    [
        (lambda embeddings: embeddings.sum() * math.nan, "the loss is nan at step 2"),
        (lambda embeddings: (embeddings.sum() * 0.0).sqrt(), "the gradient is not finite at step 2"),
    ],
)
def test_nan_stops_before_any_weight_changes_and_names_the_photos(formula, words):
    criterion = Fixed(lambda embeddings: embeddings.square().mean())
    _, _, step = step_of(dataclasses.replace(HEAD, head="linear"), criterion)
    step.run(batch())
    before = copied(step.state())
    criterion.formula = formula
    with pytest.raises(NotFiniteError, match=f"{words} with the photos 'photo1-0', .*'photo1-4' and 3 more"):
        step.run(batch(1))
    torch.testing.assert_close(copied(step.state()), before, rtol=0, atol=0, equal_nan=True)


def copied(state):
    buffer = io.BytesIO()
    torch.save(state, buffer)
    buffer.seek(0)
    return torch.load(buffer, weights_only=True)


def test_run_that_goes_on_from_its_state_equals_an_undisturbed_one():
    with deterministic(CPU):
        whole, centres, step = step_of(double=False, ema=0.9, accumulate=2)
        losses = [step.run(batch(number)) for number in range(4)]
        _, _, first = step_of(double=False, ema=0.9, accumulate=2)
        assert [first.run(batch(number)) for number in range(2)] == losses[:2]
        state = copied(first.state())
        torch.manual_seed(99)
        resumed, resumed_centres, second = step_of(double=False, seed=77, ema=0.9, accumulate=2)
        second.load(state)
        assert [second.run(batch(number)) for number in (2, 3)] == losses[2:]
    assert second.num_done == step.num_done == 4
    for one, other in ((whole, resumed), (centres, resumed_centres)):
        torch.testing.assert_close(one.state_dict(), other.state_dict(), rtol=0, atol=0)
    with step.averaged(), second.averaged():
        torch.testing.assert_close(whole.state_dict(), resumed.state_dict(), rtol=0, atol=0)


def test_random_numbers_change_with_step_and_seed_and_not_with_what_others_draw():
    def drawn(seed, disturbance):
        _, criterion, step = step_of(seed=3)
        step._recipe = recipe_of(seed=seed)
        values = []
        for _ in range(2):
            torch.manual_seed(disturbance)
            step.run(batch())
            values.append(criterion.drawn.item())
        return values

    first = drawn(5, 1)
    assert first == drawn(5, 2)
    assert len({*first, *drawn(6, 1)}) == 4


def test_network_carries_the_average_within_the_context_alone():
    network, _, step = step_of(kind="sgd", rate=1.0, ema=0.9)
    start = network.head[0].weight.detach().clone()
    step.run(batch())
    last = network.head[0].weight.detach().clone()
    with step.averaged():
        torch.testing.assert_close(network.head[0].weight.detach(), 0.1 * start + 0.9 * last)
    assert torch.equal(network.head[0].weight, last)
    network, _, step = step_of(ema=0.0)
    with step.averaged():
        assert step.state()["average"] is None


def test_judging_between_steps_changes_nothing():
    losses = []
    for judged in (False, True):
        network, _, step = step_of()
        step.run(batch())
        if judged:
            network.eval()
        losses.append(step.run(batch(1)))
    assert losses[0] == losses[1]


def test_loss_sees_float32_of_a_backbone_in_half_precision():
    exact = step_of(double=False)[2].run(batch())
    network, criterion, step = step_of(double=False, precision="bf16", accumulate=2)
    network.backbone.model.conv_head.register_forward_hook(lambda _, __, output: seen.append(output.dtype))
    seen = []
    assert step.run(batch()) == pytest.approx(exact, rel=0.03)
    assert set(seen) == {torch.bfloat16}
    assert criterion.seen.dtype == torch.float32
    assert {p.grad.dtype for p in network.parameters()} == {torch.float32}


def test_head_alone_learns_from_pooled_vectors():
    settings = dataclasses.replace(HEAD, frozen=True)
    vectors = torch.randn(8, 6, generator=torch.Generator().manual_seed(0))
    losses = []
    for accumulate in (1, 4):
        network = HeadNetwork.build(settings, 6, 0)
        recipe = recipe_of(settings, accumulate=accumulate)
        step = Step(network, Criterion(), recipe, 10, 5, CPU)
        losses.append([step.run(Batch(vectors, torch.arange(8) % 3, ("a",) * 8)) for _ in range(10)])
    assert losses[0] == losses[1]
    assert losses[0][-1] < losses[0][0]
    with pytest.raises(ValueError, match="below 10"):
        step.run(batch())
