import socket

import pytest
import torch

from train import agreement, distributed, loader
from train.errors import TrainingError

# What both sides run: three steps on the joint batch, or on this process's share of it.
PROGRAM = """
import dataclasses
import torch
from torch import nn
from extract import heads
from extract.timm_backbone import Backbone
from train import distributed
from train.batch import Batch
from train.errors import TrainingError
from train.network import EmbeddingNetwork
from train.recipe import TrainRecipe
from train.settings import Network, Optimiser, Validation, Views
from train.step import NotFiniteError, Step

torch.set_num_threads(1)
NETWORK = Network(pretrained=False, head="mlp", dim=4)
HELD = Network(distill=2.0)


class Criterion(nn.Module):
    def __init__(self, dim):
        super().__init__()
        self.centres = nn.Parameter(torch.randn(3, dim, dtype=torch.float64))
        self.register_buffer("memory", torch.zeros(8, dim, dtype=torch.float64))

    def forward(self, embeddings, labels, generator):
        weights = torch.rand(8, 1, generator=generator, dtype=torch.float64)
        pairs = (weights * (embeddings @ torch.cat((embeddings, self.memory.clone())).T).tanh()).mean()
        self.memory.copy_(embeddings.detach())
        return nn.functional.cross_entropy(embeddings @ self.centres.T, labels) + pairs


def step_of(network_settings, seed, device, accumulate):
    optimiser = Optimiser(kind="sgd", accumulate=accumulate, rate=0.1, clip_norm=0.0, warmup_steps=1)
    tables = network_settings, Views(), optimiser, Validation()
    recipe = TrainRecipe("test", 5, 1, 8, 0, True, *tables, {}, "", None, "", None, {})
    torch.manual_seed(seed)
    # A backbone of timm costs seconds to import.
    features = nn.Sequential()
    features.add_module("model", nn.Sequential(nn.Conv2d(3, 6, 3, 2), nn.BatchNorm2d(6), nn.GELU()))
    backbone = Backbone(features, 6, (0.5,) * 3, (0.2,) * 3, (1, 1), 0, False)
    dim = network_settings.dim or 6
    head = heads.build(network_settings.head, 6, dim, 0.2)
    network = EmbeddingNetwork(backbone, head, dim, network_settings).double()
    network.to(memory_format=torch.channels_last)
    return Step(network, Criterion(dim), recipe, 10, 5, device)


def train(device, accumulate, settings=NETWORK):
    # Only the first process begins with the weights that all are to have.
    step = step_of(settings, distributed.rank(), device, accumulate)
    rows = distributed.share(8)
    losses = []
    for number in range(3):
        generator = torch.Generator().manual_seed(number)
        pixels = torch.randint(0, 256, (8, 3, 32, 32), dtype=torch.uint8, generator=generator)[rows]
        labels = torch.tensor([0, 1, 2, 0, 1, 2, 0, 1])[rows]
        losses.append(step.run(Batch(pixels, labels, tuple("abcdefgh")[rows])))
    return losses, step
"""

RANK = """
import copy, os


def sentence_of(error, function, *arguments):
    try:
        function(*arguments)
    except error as caught:
        return str(caught)


where = {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": port, "WORLD_SIZE": "2"}
os.environ.update(where, RANK=str(rank), LOCAL_RANK=str(rank))
with distributed.joined() as device:
    held = train(device, 2, HELD)[0]
    losses, step = train(device, accumulate=2)
    state = copy.deepcopy({key: step.state()[key] for key in ("network", "criterion", "average")})
    pixels, ids = torch.zeros(4, 3, 32, 32, dtype=torch.uint8), tuple("abcdefgh")[distributed.share(8)]
    step._criterion.centres.data.fill_(torch.nan)
    follows = dataclasses.replace(NETWORK, batch_norm="batch")
    told = [
        sentence_of(NotFiniteError, step.run, Batch(pixels, torch.zeros(4).long(), ids)),
        sentence_of(TrainingError, distributed.share, 7),
        sentence_of(TrainingError, step_of, follows, 0, device, 1),
    ]
    torch.save((distributed.rank(), losses, held, state, told), file)
"""


@pytest.fixture(scope="module")
def two_processes(tmp_path_factory):
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = str(server.getsockname()[1])
    files = [str(tmp_path_factory.mktemp("ranks") / f"{rank}.pt") for rank in range(2)]
    # By the loader's server of processes: importing torch takes longer than the steps.
    ranks = [
        loader.fork_server().Process(
            target=exec, args=(PROGRAM + RANK, {"rank": rank, "port": port, "file": file}), daemon=True
        )
        for rank, file in enumerate(files)
    ]
    for rank in ranks:
        rank.start()
    for rank in ranks:
        rank.join(60)
    assert [rank.exitcode for rank in ranks] == [0, 0]
    return [torch.load(file, weights_only=True) for file in files]


def test_two_processes_train_as_one_does_on_the_joint_batch(two_processes):
    alone = {}
    exec(PROGRAM, alone)
    losses, step = alone["train"](torch.device("cpu"), 1)
    held, _ = alone["train"](torch.device("cpu"), 1, alone["HELD"])
    for place, (rank, own_losses, own_held, state, _) in enumerate(two_processes):
        assert rank == place
        assert own_losses == pytest.approx(losses, abs=1e-9)
        assert own_held == pytest.approx(held, abs=1e-9)
        for key, values in state.items():
            torch.testing.assert_close(values, step.state()[key], rtol=0, atol=1e-6)
    first, second = (state for *_, state, _ in two_processes)
    torch.testing.assert_close(first, second, rtol=0, atol=0)


def test_every_process_names_all_that_is_wrong(two_processes):
    for *_, (not_finite, uneven, unshared) in two_processes:
        assert "the loss is nan at step 4 with the photos 'a', 'b', 'c', 'd', 'e' and 3 more" in not_finite
        assert "multiple of the number of processes, 2, got 7" in uneven
        assert "set network.batch_norm to 'frozen'" in unshared


def test_one_process_is_alone():
    rows = torch.ones(3, 2)
    assert (distributed.count(), distributed.rank(), distributed.share(7)) == (1, 0, slice(0, 7))
    assert distributed.gather(rows) is rows
    assert (agreement.of_all(("a",)), agreement.of_first("a")) == (("a",), "a")


def test_process_that_finds_no_other_is_told(monkeypatch):
    monkeypatch.setenv("WORLD_SIZE", "2")
    monkeypatch.delenv("RANK", raising=False)
    with pytest.raises(TrainingError, match="do not find each other .*torchrun"), distributed.joined():
        pass
