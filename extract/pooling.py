"""Pool a feature map (B, C, h, w) into one vector a picture (B, C)."""

from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    import torch

Pooling = Literal["gem", "avg", "max", "cls"]

# Keeps the power and its root finite where a whole channel is zero. Source: the GeM authors' program.
_GEM_FLOOR = 1e-6
# Above this power values of some thousands would leave float32's range (7000 ** 10 does), so a channel is
# first divided by its largest value, which takes a second pass.
_LARGEST_PLAIN_POWER = 8.0


def pool(
    maps: "torch.Tensor", class_token: "torch.Tensor | None", kind: Pooling, gem_p: float
) -> "torch.Tensor":
    """Pool `maps` (B, C, h, w) to (B, C), not normalised.

    `gem` is the generalised mean with exponent `gem_p` (1 is the average, infinity the maximum);
    `cls` takes the class token. Source: Radenović et al., Fine-tuning CNN image retrieval, TPAMI 2018.

    Raises:
        ValueError: `cls` is asked of a network without a class token.
    """
    if kind == "cls":
        if class_token is None:
            raise ValueError("this network has no class token; pool with gem, avg or max")
        return class_token
    if kind == "avg":
        return maps.mean(dim=(2, 3))
    if kind == "max":
        return maps.amax(dim=(2, 3))
    maps = maps.clamp(min=_GEM_FLOOR)
    if gem_p <= _LARGEST_PLAIN_POWER:
        return maps.pow(gem_p).mean(dim=(2, 3)).pow(1.0 / gem_p)
    top = maps.amax(dim=(2, 3), keepdim=True)
    return (maps / top).pow(gem_p).mean(dim=(2, 3)).pow(1.0 / gem_p) * top[:, :, 0, 0]
