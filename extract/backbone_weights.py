"""Fit a file of weights to timm's model: under its names, in its shapes, without a classifier."""

from pathlib import Path
from typing import TYPE_CHECKING

from extract import lite_weights, weight_files
from extract.config import FileRef
from extract.errors import WeightsError

if TYPE_CHECKING:
    import torch


def fill(model: "torch.nn.Module", backbone: str, weights: FileRef) -> None:
    """Give `model`, which is timm's `backbone`, the weights of a resolved `weights`.

    Raises:
        WeightsError: the file is absent, altered since it was resolved, of another network, or holds NaN.
    """
    file = Path(weights.path) if weights.path else lite_weights.packaged_file(backbone)
    weight_files.check(file, weights.sha256)
    state = weight_files.read_state(file)
    if any(name.startswith("_conv_stem") for name in state):
        # Other networks have layers of the same names and shapes, and other padding.
        if backbone.split(".")[0] not in lite_weights.SHA256:
            raise WeightsError(
                f"{str(file)!r} does not fit {backbone}: weights with these names belong to "
                f"{', '.join(lite_weights.SHA256)}"
            )
        state = lite_weights.to_timm_names(state, model.blocks)
    state = _without_classifier(state, model)
    spoiled = [name for name, value in state.items() if not value.isfinite().all()]
    if spoiled:
        raise WeightsError(f"{str(file)!r} holds NaN or infinity (e.g. in {spoiled[0]!r})")
    own = model.state_dict()
    misshaped = [name for name, value in state.items() if name in own and own[name].shape != value.shape]
    if misshaped:
        raise WeightsError(
            f"{str(file)!r} does not fit {backbone}: {len(misshaped)} of its tensors have another shape "
            f"(e.g. {misshaped[0]!r})"
        )
    missing, unexpected = model.load_state_dict(state, strict=False)
    if missing or unexpected:
        raise WeightsError(
            f"{str(file)!r} does not fit {backbone}: {len(missing)} of its tensors are missing, "
            f"{len(unexpected)} are unknown (e.g. {(missing + unexpected)[0]!r})"
        )


def _without_classifier(
    state: "dict[str, torch.Tensor]", model: "torch.nn.Module"
) -> "dict[str, torch.Tensor]":
    classifier = model.pretrained_cfg.get("classifier") or "head"
    heads = (classifier,) if isinstance(classifier, str) else tuple(classifier)
    return {name: value for name, value in state.items() if not name.startswith(heads)}
