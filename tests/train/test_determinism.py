import pytest
import torch

from train.determinism import deterministic


def test_operation_that_may_differ_from_run_to_run_is_refused_on_a_processor_within_the_context_alone():
    def put():
        return torch.zeros(3).put_(torch.tensor([0, 0]), torch.tensor([1.0, 2.0]))

    put()
    with pytest.raises(RuntimeError, match="deterministic"), deterministic(torch.device("cpu")):
        put()
    put()


def test_settings_of_the_program_come_back():
    torch.use_deterministic_algorithms(True, warn_only=True)
    try:
        with deterministic(torch.device("cpu")):
            assert not torch.is_deterministic_algorithms_warn_only_enabled()
        assert torch.are_deterministic_algorithms_enabled()
        assert torch.is_deterministic_algorithms_warn_only_enabled()
        assert torch.utils.deterministic.fill_uninitialized_memory
    finally:
        torch.use_deterministic_algorithms(False)
