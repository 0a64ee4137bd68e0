"""The memory of past batches."""

import torch

from train.memory import Memory
from train.reference import Reference


def batch(*values):
    vectors = torch.tensor([[float(value)] for value in values], requires_grad=True)
    return Reference(vectors, torch.tensor([value % 3 for value in values]))


def test_the_newest_are_kept_and_stand_behind_the_batch():
    memory = Memory(5, 1)
    assert memory.behind(batch(1)).vectors.flatten().tolist() == [1]
    memory.remember(batch(10, 11, 12))
    assert memory.behind(batch(1, 2)).vectors.flatten().tolist() == [1, 2, 10, 11, 12]
    memory.remember(batch(20, 21, 22))
    behind = memory.behind(batch(1))
    assert behind.vectors.flatten().tolist() == [1, 20, 21, 22, 10, 11]
    assert behind.labels.tolist() == [1, 2, 0, 1, 1, 2]


def test_of_a_batch_larger_than_the_memory_a_part_is_kept():
    memory = Memory(2, 1)
    memory.remember(batch(10, 11, 12))
    assert memory.behind(batch(1)).vectors.flatten().tolist() == [1, 10, 11]


def test_gradients_flow_into_the_batch_and_not_into_the_past():
    memory, past, now = Memory(4, 1), batch(10, 11), batch(1, 2)
    memory.remember(past)
    memory.behind(now).vectors.square().sum().backward()
    assert past.vectors.grad is None
    assert now.vectors.grad.flatten().tolist() == [2, 4]


def test_what_is_remembered_is_part_of_the_state():
    memory, other = Memory(3, 1), Memory(3, 1)
    memory.remember(batch(10, 11))
    other.load_state_dict(memory.state_dict())
    other.remember(batch(20))
    assert other.behind(batch(1)).vectors.flatten().tolist() == [1, 20, 10, 11]
    # A state that was taken is not changed by going on.
    taken = memory.state_dict()
    memory.remember(batch(30))
    assert taken["vectors"].flatten().tolist() == [10, 11, 0]
