"""The network that is trained: pictures, or pooled vectors of a frozen backbone, to embeddings."""

from collections.abc import Callable, Iterator
from typing import TypeVar

import torch
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm

from extract import heads, timm_backbone, weight_files
from extract.errors import ConfigError
from extract.pooling import pool
from extract.timm_backbone import Backbone
from train.settings import Network
from train.whitened import Whitened

Built = TypeVar("Built")


class HeadNetwork(nn.Module):
    """The head alone, on pooled vectors that a frozen backbone gave once; its `pool` changes nothing."""

    def __init__(self, head: nn.Module, pooled_dim: int, dim: int) -> None:
        super().__init__()
        self.head = head
        self.pooled_dim, self.dim = pooled_dim, dim

    @classmethod
    def build(cls, settings: Network, pooled_dim: int, seed: int) -> "HeadNetwork":
        """Give a head whose first weights depend on `seed` alone."""
        head, dim = _head(settings, pooled_dim, seed)
        return cls(head, pooled_dim, dim)

    def pool(self, inputs: Tensor) -> Tensor:
        """Give pooled vectors (B, pooled_dim) as they are."""
        return inputs

    def forward(self, inputs: Tensor) -> Tensor:
        """Embed pooled vectors (B, pooled_dim) as (B, dim), not normalised."""
        embeddings: Tensor = self.head(inputs)
        return embeddings


class EmbeddingNetwork(nn.Module):
    """Backbone, pooling, head; `backbone.model` is timm's own model, with timm's names.

    Pooling and head work in the parameters' own precision even where the backbone runs in a smaller one.
    """

    _mean: Tensor
    _std: Tensor

    def __init__(self, backbone: Backbone, head: nn.Module, dim: int, settings: Network) -> None:
        super().__init__()
        self._maps = backbone.maps
        self._settings = settings
        self.backbone = backbone.module
        self.head = head
        self.pooled_dim = backbone.dim
        self.dim = dim
        for name, values in (("_mean", backbone.mean), ("_std", backbone.std)):
            self.register_buffer(name, 255.0 * torch.tensor(values).view(1, 3, 1, 1), persistent=False)
        self._freeze()

    @classmethod
    def build(cls, settings: Network, seed: int) -> "EmbeddingNetwork":
        """Give the network with its first weights; those that are random depend on `seed` alone.

        Raises:
            WeightsError: the weights are absent or of another network, or the whitening is absent.
            ConfigError: timm has no such model, it has fewer stages than are to be frozen, or no class
                token to pool by, or the whitening does not suit it, or nothing would be left to train.
        """
        weights = None
        if settings.pretrained:
            weights = timm_backbone.resolve_weights(settings.backbone, settings.weights)
        backbone = _seeded(lambda: timm_backbone.trainable(settings.backbone, weights), seed)
        if settings.pooling == "cls" and not backbone.has_class_token:
            raise ConfigError(
                f"{settings.backbone} has no class token; set network.pooling to gem, regional-gem, avg "
                "or max"
            )
        head, dim = _head(settings, backbone.dim, seed)
        network = cls(backbone, head, dim, settings)
        if not any(True for _ in network.trained_parameters()):
            raise ConfigError(
                f"network.frozen_stages = {settings.frozen_stages} leaves nothing to train; set a smaller "
                "number, or network.head and dim"
            )
        network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        return network

    def _freeze(self) -> None:
        model = self.backbone.get_submodule("model")
        parameters = dict(model.named_parameters())
        names = list(parameters) if self._settings.frozen else _first_stages(model, self._settings)
        for name in names:
            parameters[name].requires_grad_(False)

    def pool(self, inputs: Tensor) -> Tensor:
        """Pool the feature maps of pictures (B, 3, h, w) uint8 to (B, pooled_dim).

        Raises:
            ConfigError: the backbone cannot take pictures of this size, or so many.
        """
        pictures = inputs.to(self._mean.dtype, memory_format=torch.channels_last)
        pictures = pictures.sub(self._mean).div_(self._std)
        try:
            maps, class_token = self._maps(pictures)
        except (AssertionError, RuntimeError) as error:
            count, _, height, width = inputs.shape
            raise ConfigError(
                f"{self._settings.backbone} cannot take {count} pictures of {width} x {height} "
                f"({weight_files.first_line(error)}); set views.size_px to a size that it takes, or where "
                "memory is short a larger optimiser.accumulate"
            ) from error
        with torch.autocast(inputs.device.type, enabled=False):
            token = None if class_token is None else class_token.to(self._mean.dtype)
            return pool(maps.to(self._mean.dtype), token, self._settings.pooling, self._settings.gem_p)

    def forward(self, inputs: Tensor) -> Tensor:
        """Embed pictures (B, 3, h, w) uint8 as (B, dim), not normalised."""
        pooled = self.pool(inputs)
        with torch.autocast(inputs.device.type, enabled=False):
            embeddings: Tensor = self.head(pooled)
        return embeddings

    def trained_parameters(self) -> Iterator[nn.Parameter]:
        """Give the parameters that training changes."""
        return (parameter for parameter in self.parameters() if parameter.requires_grad)

    def train(self, mode: bool = True) -> "EmbeddingNetwork":
        """Set training mode, but for frozen stages and frozen normalisations of the backbone."""
        super().train(mode)
        keep_statistics = self._settings.batch_norm == "frozen"
        for module in self.backbone.modules():
            parameters = list(module.parameters())
            is_frozen = bool(parameters) and not any(parameter.requires_grad for parameter in parameters)
            if is_frozen or (keep_statistics and isinstance(module, _BatchNorm)):
                module.eval()
        return self


def _head(settings: Network, pooled_dim: int, seed: int) -> tuple[nn.Module, int]:
    """Give what follows pooling, and the length of what it gives."""
    if settings.whitening.path:
        whitened = Whitened.read(settings.whitening, pooled_dim)
        return whitened, whitened.dim
    head = _seeded(lambda: heads.build(settings.head, pooled_dim, settings.dim, settings.dropout), seed)
    return head, settings.dim or pooled_dim


def _seeded(build: Callable[[], Built], seed: int) -> Built:
    with torch.random.fork_rng(devices=[]):
        torch.default_generator.manual_seed(seed)
        return build()


def _first_stages(model: nn.Module, settings: Network) -> list[str]:
    """Name the parameters of the first `frozen_stages` stages, as timm groups them."""
    if not settings.frozen_stages:
        return []
    from timm.models import group_parameters

    stages = group_parameters(model, model.group_matcher(coarse=True))  # type: ignore[operator]
    if settings.frozen_stages > len(stages):
        raise ConfigError(
            f"network.frozen_stages must be at most {len(stages)}, the stages of {settings.backbone} "
            f"with its stem, got {settings.frozen_stages}"
        )
    return [name for stage in range(settings.frozen_stages) for name in stages[stage]]
