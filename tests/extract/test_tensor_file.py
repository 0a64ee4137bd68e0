"""Files of tensors are written whole and read back as they were."""

import numpy as np
import pytest
from safetensors import safe_open

from extract import tensor_file
from extract.errors import WeightsError


def test_columns_in_memory_are_rows_in_the_file(tmp_path):
    turned = np.arange(6, dtype=np.float32).reshape(2, 3).T
    tensor_file.write(tmp_path / "f", {"turned": turned}, {"note": "text"})
    with safe_open(tmp_path / "f", framework="numpy") as file:
        np.testing.assert_array_equal(file.get_tensor("turned"), turned)
        assert file.metadata() == {"note": "text"}
    assert [path.name for path in tmp_path.iterdir()] == ["f"]


def test_a_folder_that_is_not_there_is_one_sentence(tmp_path):
    with pytest.raises(WeightsError, match=r"cannot write '.*/none/f': No such file"):
        tensor_file.write(tmp_path / "none" / "f", {}, {})
