"""A network's pooled feature map: the embedding that finds candidates."""

import dataclasses
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from extract import heads, timm_backbone, traced, weight_files
from extract.allocator import keep_freed_memory
from extract.config import NO_FILE, FileRef
from extract.descriptor_values import at_length_one
from extract.errors import ConfigError
from extract.pooling import Pooling, check_power, pool
from extract.size_rule import SizeRule, fit
from extract.whitening import Whitening

if TYPE_CHECKING:
    import torch

# On a processor one picture at a time a thread is as fast as any batch (measured from 1 to 16), and gives a
# photograph the same bits whatever its neighbours are; an accelerator needs more at once to be kept busy.
_BATCH_SIZE = {"cpu": 1, "cuda": 16}

# Below this a vector has no direction; it stays the zero vector instead of noise of length one.
_MIN_NORM = 1e-12


@dataclass(frozen=True)
class Config:
    """Backbone (a timm name), weights, size rule, pooling, scales, head, whitening and normalisation.

    `tuned` holds the layers that a training changed, which go over `weights` (`extract.tuned_layers`); `head`
    takes the pooled vector of each scale to another (`extract.heads`). `multiple_px` must be a multiple of
    the network's stride or patch. The preset `default` says which settings were chosen on training
    photographs.
    """

    backbone: str = "tf_efficientnet_lite2"
    weights: FileRef = NO_FILE
    tuned: FileRef = NO_FILE
    size_rule: SizeRule = "longest"
    size_px: int = 512
    resize_px: int = 256
    multiple_px: int = 32
    pooling: Pooling = "gem"
    gem_p: float = 3.0
    scales: tuple[float, ...] = (1.0,)
    head: FileRef = NO_FILE
    whitening: FileRef = NO_FILE
    normalise: bool = True

    def __post_init__(self) -> None:
        if not 16 <= self.size_px <= 4096:
            raise ConfigError(f"global.size_px must be between 16 and 4096, got {self.size_px}")
        if self.size_rule == "crop" and self.resize_px < self.size_px:
            raise ConfigError(f"global.resize_px must be at least size_px, got {self.resize_px}")
        if not 1 <= self.multiple_px <= self.size_px:
            raise ConfigError(f"global.multiple_px must be between 1 and size_px, got {self.multiple_px}")
        check_power(self.pooling, self.gem_p, "global")
        if not self.scales or not all(0.1 <= scale <= 4.0 for scale in self.scales):
            raise ConfigError(f"global.scales must be between 0.1 and 4, got {list(self.scales)}")


def resolve(config: Config) -> Config:
    """Name the weights by sha256 where the configuration leaves them to the default."""
    return dataclasses.replace(config, weights=timm_backbone.resolve_weights(config.backbone, config.weights))


def build(config: Config) -> "NetworkDescriptor":
    """Load the network; `config` must be resolved.

    Raises:
        WeightsError: its weights, tuned layers or head are absent, altered or of another network.
        ConfigError: the pooling or size rule does not suit the network, or the head or the whitening takes
            vectors of another length.
    """
    return NetworkDescriptor(config)


def size(config: Config) -> tuple[int, int]:
    """Give the length of a vector and the number of channels of a map; no weights are needed.

    Raises:
        RetrieveError: timm has no such model, or the head or whitening is none or does not fit it.
    """
    dim = channels = timm_backbone.num_channels(config.backbone)
    if config.head.path:
        dim = heads.read(Path(config.head.path), dim).dim
    if config.whitening.path:
        dim = Whitening.read(Path(config.whitening.path), dim).dim
    return dim, channels


class NetworkDescriptor:
    """Pictures to vectors; `extract` may be called from several threads at once."""

    def __init__(self, config: Config) -> None:
        import torch

        keep_freed_memory()
        self._config = config
        self._device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
        self._backbone = traced.load(
            config.backbone,
            config.weights.sha256 + config.tuned.sha256,
            lambda: timm_backbone.load(config.backbone, config.weights, config.tuned),
        )
        _check_fit(config, self._backbone)
        self._backbone.module.to(self._device)
        self._mean = 255.0 * torch.tensor(self._backbone.mean, device=self._device).view(1, 3, 1, 1)
        self._std = 255.0 * torch.tensor(self._backbone.std, device=self._device).view(1, 3, 1, 1)
        self.batch_size = _BATCH_SIZE[self._device.type]
        self.dim = self.channels = self._backbone.dim
        self._head: heads.Head | None = None
        if config.head.path:
            self._head = heads.read(_checked(config.head), self.dim)
            self._head.module.to(self._device)
            self.dim = self._head.dim
        self._whitening: Whitening | None = None
        if config.whitening.path:
            self._whitening = Whitening.read(_checked(config.whitening), self.dim)
            self.dim = self._whitening.dim

    def prepare(self, pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """Apply the size rule to one photograph's pixels (h, w, 3)."""
        config = self._config
        return fit(pixels, config.size_rule, config.size_px, config.resize_px, config.multiple_px)

    def extract(self, batch: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Describe prepared pictures of one shape, (B, h, w, 3) uint8 RGB, as (B, dim) float32."""
        return self._described(batch)[0]

    def extract_with_maps(self, batch: NDArray[np.uint8]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Give, beside what `extract` gives, the last feature maps (B, channels, h, w) of the first scale."""
        vectors, maps = self._described(batch)
        return vectors, maps.float().cpu().numpy()

    def _described(self, batch: NDArray[np.uint8]) -> "tuple[NDArray[np.float32], torch.Tensor]":
        import torch

        # A trace is run as it is written: to optimise it anew for every shape would cost seconds.
        with torch.inference_mode(), torch.jit.optimized_execution(False):
            pictures = torch.from_numpy(batch).to(self._device).permute(0, 3, 1, 2)
            pictures = pictures.float().sub_(self._mean).div_(self._std)
            first, *others = self._config.scales
            total, maps = self._pooled(self._scaled(pictures, first))
            for scale in others:
                total = total + self._pooled(self._scaled(pictures, scale))[0]
            vectors: NDArray[np.float32] = total.cpu().numpy()
        if self._whitening:
            vectors = self._whitening.apply(at_length_one(vectors))
        return (at_length_one(vectors) if self._config.normalise else vectors), maps

    def _scaled(self, pictures: "torch.Tensor", scale: float) -> "torch.Tensor":
        if scale == 1.0:
            return pictures
        import torch

        multiple = self._config.multiple_px
        height, width = (max(1, round(side * scale / multiple)) * multiple for side in pictures.shape[2:])
        return torch.nn.functional.interpolate(
            pictures, size=(height, width), mode="bilinear", antialias=True, align_corners=False
        ).contiguous(memory_format=torch.channels_last)

    def _pooled(self, pictures: "torch.Tensor") -> "tuple[torch.Tensor, torch.Tensor]":
        try:
            maps, class_token = self._backbone.maps(pictures)
        except (AssertionError, RuntimeError) as error:
            height, width = pictures.shape[2:]
            raise ConfigError(
                f"{self._config.backbone} cannot take pictures of {width} x {height} "
                f"({weight_files.first_line(error)}); give global.size_rule='crop' and its own global.size_px"
            ) from error
        pooled = pool(maps, class_token, self._config.pooling, self._config.gem_p)
        if self._head:
            pooled = self._head.module(pooled)
        if len(self._config.scales) == 1:
            return pooled, maps
        return pooled / pooled.norm(dim=1, keepdim=True).clamp(min=_MIN_NORM), maps


def _checked(file: FileRef) -> Path:
    weight_files.check(Path(file.path), file.sha256)
    return Path(file.path)


def _check_fit(config: Config, backbone: timm_backbone.Backbone) -> None:
    """Refuse what would fail at the first photograph."""
    if not backbone.prefix_tokens:
        if config.pooling == "cls":
            raise ConfigError(
                f"{config.backbone} has no class token; set global.pooling to gem, regional-gem, avg or max"
            )
        return
    name = "size_px" if config.size_rule == "crop" and config.scales == (1.0,) else "multiple_px"
    side = getattr(config, name)
    if any(side % patch for patch in backbone.patch):
        raise ConfigError(
            f"global.{name} must be a multiple of the patch of {config.backbone}, "
            f"{max(backbone.patch)} px, got {side}"
        )
