"""A photograph's pixels to a training picture, all chance being drawn from one seed a view."""

import contextlib
import hashlib
import math
from collections.abc import Callable, Iterator

import cv2
import numpy as np
import torch
from numpy.typing import NDArray

from extract import images
from extract.errors import PluginError
from extract.size_rule import fit
from extract.torchvision_guard import ensure_importable
from train.settings import Views

try:
    ensure_importable()
    from torchvision.transforms import v2
    from torchvision.transforms.v2 import functional
except ImportError as error:
    raise PluginError(
        f"training needs torchvision ({error}); pip install 'landmark-retrieval[train]'"
    ) from error

Pixels = NDArray[np.uint8]

# The usual share of the sides of a photograph: at 16 : 9 the smallest part that is cut out is not enlarged.
_WIDEST_SHARE = 16 / 9
_GREY = np.array([0.299, 0.587, 0.114])
_POLICIES: dict[str, Callable[[], v2.Transform]] = {
    "autoaugment": v2.AutoAugment,
    "randaugment": v2.RandAugment,
    "trivialaugment": v2.TrivialAugmentWide,
}


def decoding(views: Views) -> images.Config:
    """Bound the photographs that are decoded to what the views can show."""
    wanted = math.ceil(_WIDEST_SHARE * views.size_px / math.sqrt(views.min_area))
    return images.Config(max_side_px=wanted)


def view_seed(seed: int, photo_id: str, copy: int, epoch: int, *, fixed: bool) -> int:
    """Give the seed of one view of a photograph: no other photograph, and no order, has a say in it."""
    text = f"{seed} {copy} {0 if fixed else epoch} {photo_id}"
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=7).digest(), "big")


class Viewer:
    """Make training pictures as `views` say.

    One call at a time in a process: torchvision draws from torch's global state.
    """

    def __init__(self, views: Views) -> None:
        self._views = views
        self._crop = v2.RandomResizedCrop(views.size_px, scale=(views.min_area, 1.0))
        self._policy = _POLICIES[views.policy]() if views.policy != "none" else None

    def picture(self, pixels: Pixels, seed: int) -> Pixels:
        """Make a picture (s, s, 3) uint8 of pixels (h, w, 3); the same seed makes the same one."""
        views = self._views
        with _drawing_from(seed):
            if views.min_area < 1.0:
                pixels = self._part(pixels)
            else:
                pixels = fit(pixels, "crop", views.size_px, views.size_px, 1)
            if _uniform(0.0, 1.0) < views.flip:
                pixels = _array(cv2.flip(pixels, 1))
            if views.rotation_deg:
                pixels = _turned(pixels, _uniform(-views.rotation_deg, views.rotation_deg))
            if views.jitter:
                pixels = _jittered(pixels, views.jitter)
            if self._policy is not None:
                pixels = _pixels(self._policy(_tensor(pixels)))
        return np.ascontiguousarray(pixels)

    def _part(self, pixels: Pixels) -> Pixels:
        """Cut a random part out and scale it; cut by a copy, as torch is slow to scale a part of an array."""
        box = self._crop.make_params([_tensor(pixels)])
        top, left = box["top"], box["left"]
        part = pixels[top : top + box["height"], left : left + box["width"]]
        size = [self._views.size_px] * 2
        return _pixels(functional.resize(_tensor(part), size, antialias=True))


@contextlib.contextmanager
def _drawing_from(seed: int) -> Iterator[None]:
    """Draw from `seed` and on one thread, as sums of several threads round otherwise; then as before."""
    # fork_rng and torch.manual_seed ask after every kind of device, at 0.8 ms a picture.
    generator, threads = torch.default_generator, torch.get_num_threads()
    state = generator.get_state()
    generator.manual_seed(seed)
    torch.set_num_threads(1)
    try:
        yield
    finally:
        generator.set_state(state)
        torch.set_num_threads(threads)


def _uniform(low: float, high: float) -> float:
    return float(torch.empty(1, dtype=torch.float64).uniform_(low, high))


def _tensor(pixels: Pixels) -> torch.Tensor:
    return torch.from_numpy(np.ascontiguousarray(pixels)).permute(2, 0, 1)


def _pixels(picture: torch.Tensor) -> Pixels:
    turned: Pixels = picture.permute(1, 2, 0).numpy()
    return turned


def _array(picture: "cv2.typing.MatLike") -> Pixels:
    return np.asarray(picture, dtype=np.uint8)


def _turned(pixels: Pixels, angle_deg: float) -> Pixels:
    """Turn about the centre; corners that come from outside the picture are black, as torchvision's are.

    OpenCV takes 1.2 ms where torchvision's rotation takes 6 (288 px).
    """
    size = pixels.shape[1], pixels.shape[0]
    matrix = cv2.getRotationMatrix2D(((size[0] - 1) / 2, (size[1] - 1) / 2), angle_deg, 1.0)
    return _array(cv2.warpAffine(pixels, matrix, size))


def _jittered(pixels: Pixels, strength: float) -> Pixels:
    """Change brightness, contrast and saturation by up to `strength` each, in an order that is drawn.

    Each is linear in the colours, so all three are one matrix: v2.ColorJitter rounds and clips in between,
    and takes 2.4 ms for it where this takes 0.2 (288 px).
    """
    matrix, offset = np.eye(3), np.zeros(3)
    mean = np.array(cv2.mean(pixels)[:3])
    for change in torch.randperm(3).tolist():
        factor = _uniform(1.0 - strength, 1.0 + strength)
        if change == 0:
            matrix, offset = factor * matrix, factor * offset
        elif change == 1:
            grey = float(_GREY @ (matrix @ mean + offset))
            matrix, offset = factor * matrix, factor * offset + (1.0 - factor) * grey
        else:
            saturation = factor * np.eye(3) + (1.0 - factor) * np.tile(_GREY, (3, 1))
            matrix, offset = saturation @ matrix, saturation @ offset
    transform = np.column_stack([matrix, offset])
    return _array(cv2.transform(pixels, transform))
