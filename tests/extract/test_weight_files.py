import hashlib
import os
import pickle

import pytest
import torch
from safetensors.torch import save_file

from extract.errors import WeightsError
from extract.weight_files import read_state, sha256_of


class Code:
    """Writes a file when it is unpickled."""

    def __init__(self, path):
        self.path = str(path)

    def __reduce__(self):
        return os.mkdir, (self.path,)


STATE = {"layer.weight": torch.arange(6.0).reshape(2, 3), "layer.bias": torch.ones(2)}


def assert_same(state):
    assert list(state) == list(STATE)
    assert all(torch.equal(state[name], value) for name, value in STATE.items())


def test_safetensors_and_torch_files_give_the_same(tmp_path):
    save_file(STATE, tmp_path / "a.safetensors")
    torch.save(STATE, tmp_path / "a.pth")
    state = read_state(tmp_path / "a.safetensors")
    assert_same(dict(sorted(state.items(), reverse=True)))
    assert_same(read_state(tmp_path / "a.pth"))


@pytest.mark.parametrize("wrapper", ["state_dict", "model_state_dict", "model", "teacher", "extractor"])
def test_state_dict_is_found_inside_a_checkpoint(tmp_path, wrapper):
    torch.save({wrapper: STATE, "epoch": 3}, tmp_path / "a.pth")
    assert_same(read_state(tmp_path / "a.pth"))


def test_prefix_of_parallel_training_is_taken_off(tmp_path):
    torch.save({"state_dict": {f"module.{name}": value for name, value in STATE.items()}}, tmp_path / "a.pth")
    assert_same(read_state(tmp_path / "a.pth"))


@pytest.mark.parametrize("old_format", [True, False])
def test_pickle_with_code_in_it_is_refused_and_not_run(tmp_path, old_format):
    file, trace = tmp_path / "a.pth", tmp_path / "it ran"
    if old_format:
        file.write_bytes(pickle.dumps({"a": Code(trace)}, protocol=2))
    else:
        torch.save({"a": Code(trace)}, file)
    with pytest.raises(WeightsError, match=r"a\.pth' is damaged or holds more than tensors, so it was not"):
        read_state(file)
    assert not trace.exists()


def test_whole_model_is_refused(tmp_path):
    torch.save(torch.nn.Linear(2, 2), tmp_path / "a.pth")
    with pytest.raises(WeightsError, match="save the state dict alone"):
        read_state(tmp_path / "a.pth")


def whole(suffix, folder):
    path = folder / f"whole{suffix}"
    save_file(STATE, path) if suffix == ".safetensors" else torch.save(STATE, path)
    return path.read_bytes()


@pytest.mark.parametrize("suffix", [".safetensors", ".pth"])
@pytest.mark.parametrize("damage", ["empty", "a web page", "random", "cut off", "cut at the front"])
def test_damaged_file_is_one_sentence(tmp_path, suffix, damage):
    content = whole(suffix, tmp_path)
    file = tmp_path / f"bad{suffix}"
    file.write_bytes(
        {
            "empty": b"",
            "a web page": b"<html><title>404</title></html>",
            "random": bytes(range(256)) * 8,
            "cut off": content[: len(content) // 2],
            "cut at the front": content[20:],
        }[damage]
    )
    with pytest.raises(WeightsError) as caught:
        read_state(file)
    assert repr(str(file)) in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "content", [[torch.ones(2)], {"a": 1}, {0: torch.ones(2)}, torch.ones(2), {"state_dict": {"a": "b"}}]
)
def test_file_without_a_state_dict_is_refused(tmp_path, content):
    torch.save(content, tmp_path / "a.pth")
    with pytest.raises(WeightsError, match="holds no state dict"):
        read_state(tmp_path / "a.pth")


@pytest.mark.parametrize("suffix", [".safetensors", ".pth"])
def test_missing_file_is_one_sentence(tmp_path, suffix):
    with pytest.raises(WeightsError, match="absent"):
        read_state(tmp_path / f"absent{suffix}")


def test_sha256_is_that_of_the_content(tmp_path):
    content = bytes(range(256)) * 5000
    (tmp_path / "a").write_bytes(content)
    assert sha256_of(tmp_path / "a") == hashlib.sha256(content).hexdigest()


def test_sha256_of_what_cannot_be_read_is_one_sentence(tmp_path):
    with pytest.raises(WeightsError, match=r"cannot read '.*absent': No such file"):
        sha256_of(tmp_path / "absent")
    with pytest.raises(WeightsError, match="Is a directory"):
        sha256_of(tmp_path)


def test_safetensors_are_known_without_their_suffix(tmp_path):
    from safetensors.torch import save_file

    save_file({"a": torch.ones(2)}, tmp_path / "0f3c")
    assert read_state(tmp_path / "0f3c")["a"].tolist() == [1, 1]
