"""Pairs of a batch and its reference, with and without a miner."""

import torch

from train.mined import Mined, pair_masks
from train.reference import Reference

# A batch a a b, and behind it a remembered b.
LABELS = torch.tensor([0, 0, 1])
REFERENCE = Reference(torch.zeros(4, 1), torch.tensor([0, 0, 1, 1]))


def test_a_row_is_never_its_own_positive():
    assert REFERENCE.positives(LABELS).int().tolist() == [[0, 1, 0, 0], [1, 0, 0, 0], [0, 0, 0, 1]]
    assert REFERENCE.negatives(LABELS).int().tolist() == [[0, 0, 1, 1], [0, 0, 1, 1], [1, 1, 0, 0]]


def test_all_pairs_without_a_miner():
    positives, negatives = pair_masks(LABELS, REFERENCE, None)
    assert positives.equal(REFERENCE.positives(LABELS))
    assert negatives.equal(REFERENCE.negatives(LABELS))


def test_pairs_of_mined_triplets_are_each_there_once():
    mined = Mined(torch.tensor([0, 0]), torch.tensor([1, 1]), torch.tensor([2, 3]))
    positives, negatives = pair_masks(LABELS, REFERENCE, mined)
    assert positives.nonzero().tolist() == [[0, 1]]
    assert negatives.nonzero().tolist() == [[0, 2], [0, 3]]
