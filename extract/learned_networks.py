"""Learned keypoint networks of kornia by name: weights to a detector."""

import importlib.util
import logging
import os
import tempfile
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Literal, NamedTuple

from extract import weight_files
from extract.config import FileRef
from extract.errors import PluginError, WeightsError

if TYPE_CHECKING:
    import torch
    from kornia.feature import ALIKED, DISK, XFeat

logger = logging.getLogger(__name__)

Network = Literal["aliked-n16rot", "aliked-t16", "aliked-n16", "aliked-n32", "disk", "xfeat"]

# A constant that ALIKED computes for itself; files of weights lack it.
_COMPUTED = "dkd.hw_grid"
# Below it the authors of ALIKED see no keypoint. The strongest point of a blank picture reached 0.12, and the
# 500th of most training photographs 0.3 to 0.8.
_ALIKED_MIN_SCORE = 0.2
_XFEAT_MULTIPLE_PX = 32


class Detected(NamedTuple):
    """`points` (M, 2) in pixels of the picture, `descriptors` (M, D) of length one, `scores` (M,)."""

    points: "torch.Tensor"
    descriptors: "torch.Tensor"
    scores: "torch.Tensor"


# Takes one picture (1, 3, h, w), RGB in [0, 1], of at least 32 pixels each way; threads may share it.
Detector = Callable[["torch.Tensor"], Detected]


def width(network: Network) -> int:
    """Give the length of a descriptor."""
    return 64 if network in ("aliked-t16", "xfeat") else 128


def resolve_weights(network: Network, weights: FileRef) -> FileRef:
    """Say by sha256 which weights `network` will have: a user's file, or those of kornia's hub.

    Raises:
        PluginError: kornia is not installed.
        WeightsError: the file cannot be read, or there is no file and the hub cannot be reached.
    """
    _need_kornia()
    file = Path(weights.path) if weights.path else _from_hub(network)
    return FileRef(str(file), weight_files.sha256_of(file))


def load(network: Network, weights: FileRef, max_keypoints: int) -> Detector:
    """Build a detector of at most `max_keypoints` with the weights that `resolve_weights` named.

    Raises:
        PluginError: kornia is not installed.
        WeightsError: the weights are altered since, or of another network.
    """
    _need_kornia()
    file = Path(weights.path)
    weight_files.check(file, weights.sha256)
    model = create(network)
    _fill(_holder(model), weight_files.read_state(file), network, file)
    return detector(model, max_keypoints)


def create(network: Network) -> "ALIKED | DISK | XFeat":
    """Build kornia's network with random weights, for inference."""
    from kornia.feature import ALIKED, DISK, XFeat

    if network == "disk":
        return DISK().eval()
    if network == "xfeat":
        return XFeat().eval()
    return ALIKED(network).eval()


def detector(model: "ALIKED | DISK | XFeat", max_keypoints: int) -> Detector:
    """Make one of kornia's networks a detector."""
    import torch
    from kornia.feature import ALIKED, DISK

    if isinstance(model, ALIKED):
        # Above 0 the strongest are kept, however weak.
        model.dkd.top_k = max_keypoints
        model = model.to(memory_format=torch.channels_last)
        return lambda picture: _aliked(model, picture)
    if isinstance(model, DISK):
        return lambda picture: _disk(model, picture, max_keypoints)
    return lambda picture: _xfeat(model, picture, max_keypoints)


def _aliked(model: "ALIKED", picture: "torch.Tensor") -> Detected:
    from extract import aliked

    points, descriptors, scores = aliked.detect(model, picture)
    strong = scores > _ALIKED_MIN_SCORE
    return Detected(points[strong], descriptors[strong], scores[strong])


def _disk(model: "DISK", picture: "torch.Tensor", max_keypoints: int) -> Detected:
    # kornia pads at the right and at the bottom, and finds no keypoint there.
    found = model(picture, n=max_keypoints, pad_if_not_divisible=True)[0]
    return Detected(found.keypoints, found.descriptors, found.detection_scores)


def _xfeat(model: "XFeat", picture: "torch.Tensor", max_keypoints: int) -> Detected:
    import torch

    # kornia would shrink each side to a multiple by itself, width and height by different factors.
    height, width = picture.shape[2:]
    padding = (0, -width % _XFEAT_MULTIPLE_PX, 0, -height % _XFEAT_MULTIPLE_PX)
    padded = torch.nn.functional.pad(picture, padding, mode="replicate")
    found = model.detectAndCompute(padded, top_k=max_keypoints)[0]
    inside = (found["keypoints"] < torch.tensor([width, height])).all(dim=1)
    return Detected(found["keypoints"][inside], found["descriptors"][inside], found["scores"][inside])


def _holder(model: "ALIKED | DISK | XFeat") -> "torch.nn.Module":
    """Give the module whose state dict the authors publish."""
    from kornia.feature import XFeat

    return model.net if isinstance(model, XFeat) else model


def _fill(module: "torch.nn.Module", state: "dict[str, torch.Tensor]", network: str, file: Path) -> None:
    spoiled = [name for name, value in state.items() if not value.isfinite().all()]
    if spoiled:
        raise WeightsError(f"{str(file)!r} holds NaN or infinity (e.g. in {spoiled[0]!r})")
    own = module.state_dict()
    unfit = sorted((own.keys() ^ state.keys()) - {_COMPUTED})
    unfit += [name for name in own.keys() & state.keys() if own[name].shape != state[name].shape]
    if unfit:
        raise WeightsError(
            f"{str(file)!r} does not fit {network}: {len(unfit)} of its tensors are missing, unknown or of "
            f"another shape (e.g. {unfit[0]!r})"
        )
    module.load_state_dict(state, strict=False)


def _need_kornia() -> None:
    # Here, not at import: a store made with kornia can be looked at and searched without it.
    if importlib.util.find_spec("kornia") is None:
        raise PluginError("learned needs the package kornia; install it and run again")


def _from_hub(network: Network) -> Path:
    import torch
    from safetensors.torch import save_file

    cached = Path(torch.hub.get_dir()) / "landmark-retrieval" / f"{network}.safetensors"
    if cached.exists():
        return cached
    logger.info("asking kornia's hub for the weights of %s", network)
    try:
        with warnings.catch_warnings():
            # It warns of each of its retries, while the outcome is one sentence of ours.
            warnings.simplefilter("ignore")
            model = _pretrained(network)
    except (OSError, RuntimeError) as error:
        # kornia wraps it in a paragraph about its cache.
        cause = error.__cause__ if isinstance(error.__cause__, Exception) else error
        raise WeightsError(
            f"no weights for {network} from kornia's hub ({weight_files.first_line(cause)}); "
            "give a file with --set local.learned.weights=FILE"
        ) from error
    state = {name: value.contiguous() for name, value in _holder(model).state_dict().items()}
    cached.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=cached.parent) as folder:
        part = Path(folder) / cached.name
        save_file(state, part)
        os.replace(part, cached)
    return cached


def _pretrained(network: Network) -> "ALIKED | DISK | XFeat":
    from kornia.feature import ALIKED, DISK, XFeat

    if network == "disk":
        return DISK.from_pretrained()
    if network == "xfeat":
        return XFeat.from_pretrained()
    return ALIKED.from_pretrained(network)
