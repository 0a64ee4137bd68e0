"""Any timm model as a function from pictures to a map (B, C, h, w)."""

import difflib
import logging
import os
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from extract import backbone_weights, lite_weights, tuned_layers, weight_files
from extract.config import NO_FILE, FileRef
from extract.errors import ConfigError, WeightsError

if TYPE_CHECKING:
    import torch

logger = logging.getLogger(__name__)

# Large enough for every network that takes any size, and a hundredth of a second.
_TRIAL_SIDE_PX = 64


class Backbone(NamedTuple):
    """A network without its classifier, and what it makes of a picture."""

    module: "torch.nn.Module"
    dim: int
    mean: tuple[float, float, float]
    std: tuple[float, float, float]
    patch: tuple[int, int]
    prefix_tokens: int
    has_class_token: bool

    def maps(self, batch: "torch.Tensor") -> "tuple[torch.Tensor, torch.Tensor | None]":
        """Give the last feature map (B, C, h, w), and the class token (B, C) where the network has one.

        Raises:
            ConfigError: the network gives neither a map nor a token for each patch.
        """
        output = self.module(batch)
        if output.ndim == 4:
            # Swin and its relatives keep channels last.
            return (output if output.shape[1] == self.dim else output.permute(0, 3, 1, 2)), None
        rows, columns = batch.shape[2] // self.patch[0], batch.shape[3] // self.patch[1]
        if output.ndim != 3 or output.shape[1] != self.prefix_tokens + rows * columns:
            raise ConfigError(
                f"the network turns pictures of {tuple(batch.shape)} to {tuple(output.shape)}, which is "
                "neither a map nor a token for each patch; take another one as global.backbone"
            )
        tokens = output[:, self.prefix_tokens :].transpose(1, 2).reshape(len(output), self.dim, rows, columns)
        return tokens, (output[:, 0] if self.has_class_token else None)


def resolve_weights(backbone: str, weights: FileRef) -> FileRef:
    """Say by sha256 which weights `backbone` will have: a user's file, the packaged ones or timm's hub.

    Raises:
        WeightsError: the file cannot be read, or there is no file and the hub cannot be reached.
    """
    if weights.path:
        return FileRef(weights.path, weight_files.sha256_of(Path(weights.path)))
    if weights.sha256:
        return weights
    if backbone in lite_weights.SHA256:
        return FileRef(sha256=lite_weights.SHA256[backbone])
    file = _from_hub(backbone)
    return FileRef(str(file), weight_files.sha256_of(file))


def num_channels(backbone: str) -> int:
    """Say how many channels the last feature map of `backbone` has; no weights are needed.

    Raises:
        ConfigError: timm has no such model.
    """
    return int(_create(backbone, pretrained=False).num_features)


def trainable(backbone: str, weights: FileRef | None) -> Backbone:
    """Build `backbone` as timm has it, in float32 and training mode, all of it to be trained.

    Its timm model is `module.model`. `weights` are those that `resolve_weights` named; None begins at random,
    from torch's generator.

    Raises:
        WeightsError: the weights are absent, altered since, or of another network.
        ConfigError: timm has no such model.
    """
    model = _create(backbone, pretrained=False)
    if weights is not None:
        backbone_weights.fill(model, backbone, weights)
    settings = model.pretrained_cfg
    patch = getattr(getattr(model, "patch_embed", None), "patch_size", 1)
    return Backbone(
        _features(model),
        model.num_features,
        tuple(settings["mean"]),
        tuple(settings["std"]),
        (patch, patch) if isinstance(patch, int) else tuple(patch),
        int(getattr(model, "num_prefix_tokens", 0)),
        getattr(model, "cls_token", None) is not None,
    )


def load(backbone: str, weights: FileRef, tuned: FileRef = NO_FILE) -> Backbone:
    """Build `backbone` for inference, with `tuned` layers over the weights that `resolve_weights` named.

    Raises:
        WeightsError: a file is absent, altered since, or of another network.
        ConfigError: timm has no such model.
    """
    import torch

    from extract.folding import fold_batch_norm

    built = trainable(backbone, weights)
    model = built.module.model
    if tuned.path:
        tuned_layers.apply(model, backbone, tuned, weights.sha256)
    settings = model.pretrained_cfg
    # CoAtNet, MaxViT and others take pictures of one size only, and so does the trial of the folding.
    side = settings["input_size"][-1] if settings.get("fixed_input_size") else _TRIAL_SIDE_PX
    folded = fold_batch_norm(built.module.eval(), side)
    return built._replace(module=folded.to(memory_format=torch.channels_last))


def _features(model: "torch.nn.Module") -> "torch.nn.Module":
    from torch import nn

    class Features(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.model = model

        def forward(self, batch: "torch.Tensor") -> "torch.Tensor":
            features: torch.Tensor = self.model.forward_features(batch)
            return features

    return Features()


def _create(backbone: str, *, pretrained: bool) -> "torch.nn.Module":
    from extract.torchvision_guard import ensure_importable

    ensure_importable()
    import timm

    if not timm.is_model(backbone):
        name = backbone.split(".")[0]
        near = timm.list_models(f"*{name}*")[:3] or difflib.get_close_matches(name, timm.list_models())
        hint = f"; near it are {', '.join(near)}" if near else "; `timm.list_models()` lists them"
        raise ConfigError(f"timm has no model {backbone!r}{hint}")
    try:
        # Vision transformers with absolute positions take any size only when asked to.
        return timm.create_model(backbone, pretrained=pretrained, num_classes=0, dynamic_img_size=True)
    except TypeError:
        return timm.create_model(backbone, pretrained=pretrained, num_classes=0)


def _from_hub(backbone: str) -> Path:
    import torch
    from safetensors.torch import save_file

    cached = Path(torch.hub.get_dir()) / "landmark-retrieval" / f"{backbone}.safetensors"
    if cached.exists():
        return cached
    logger.info("asking timm's hub for the weights of %s", backbone)
    # Its retries are told twice each, while the outcome is one sentence of ours.
    logging.getLogger("huggingface_hub").setLevel(logging.ERROR)
    try:
        model = _create(backbone, pretrained=True)
    except (OSError, RuntimeError) as error:
        raise WeightsError(
            f"no weights for {backbone} from timm's hub ({weight_files.first_line(error)}); give a file with "
            "--weights, or use the recipe 'default', whose weights are installed"
        ) from error
    cached.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=cached.parent) as folder:
        part = Path(folder) / cached.name
        save_file({name: value.contiguous() for name, value in model.state_dict().items()}, part)
        os.replace(part, cached)
    return cached
