"""Pool a feature map (B, C, h, w) into one vector a picture (B, C)."""

from typing import TYPE_CHECKING, Literal

from extract.errors import ConfigError

if TYPE_CHECKING:
    import torch

Pooling = Literal["gem", "regional-gem", "avg", "max", "cls"]

# Keeps the power and its root finite where a whole channel is zero. Source: the GeM authors' program.
_GEM_FLOOR = 1e-6
# Above this power values of some thousands would leave float32's range (7000 ** 10 does), so a channel is
# first divided by its largest value, which takes a second pass.
_LARGEST_PLAIN_POWER = 8.0
_LARGEST_POWER = 100.0
# Beyond it the floor to this power leaves float32's range, and a region where a channel is zero has no slope.
_LARGEST_REGIONAL_POWER = 6.0
# A map is cut into 1, 2 x 2 and 3 x 3 regions of 1, 2/3 and 1/2 of its sides, which overlap.
_REGIONS_A_SIDE = (1, 2, 3)
# Below this a region has no direction, and counts for nothing.
_MIN_NORM = 1e-12


def pool(
    maps: "torch.Tensor", class_token: "torch.Tensor | None", kind: Pooling, gem_p: float
) -> "torch.Tensor":
    """Pool `maps` (B, C, h, w) to (B, C), not normalised.

    `gem` is the generalised mean with exponent `gem_p` (1 is the average, infinity the maximum);
    `regional-gem` takes it of 14 overlapping regions, each brought to length one, and adds them up, so that
    a part that is bright in the map does not outvote the others; `cls` takes the class token.
    Source: Radenović et al., Fine-tuning CNN image retrieval, TPAMI 2018; the regions Tolias et al.,
    Particular object retrieval with integral max-pooling, ICLR 2016, of the map's own shape.

    Raises:
        ValueError: `cls` is asked of a network without a class token.
    """
    if kind == "cls":
        if class_token is None:
            raise ValueError("this network has no class token; pool with gem, regional-gem, avg or max")
        return class_token
    if kind == "avg":
        return maps.mean(dim=(2, 3))
    if kind == "max":
        return maps.amax(dim=(2, 3))
    maps = maps.clamp(min=_GEM_FLOOR)
    if kind == "regional-gem":
        return _over_regions(maps.pow(gem_p), gem_p)
    if gem_p <= _LARGEST_PLAIN_POWER:
        return maps.pow(gem_p).mean(dim=(2, 3)).pow(1.0 / gem_p)
    top = maps.amax(dim=(2, 3), keepdim=True)
    return (maps / top).pow(gem_p).mean(dim=(2, 3)).pow(1.0 / gem_p) * top[:, :, 0, 0]


def check_power(kind: Pooling, gem_p: float, where: str) -> None:
    """Refuse an exponent that `kind` cannot take; `where` names the table of the setting.

    Raises:
        ConfigError: it is out of range.
    """
    most = _LARGEST_REGIONAL_POWER if kind == "regional-gem" else _LARGEST_POWER
    if not 1.0 <= gem_p <= most:
        raise ConfigError(
            f"{where}.gem_p must be between 1 and {most:g} with the pooling {kind}, got {gem_p}"
        )


def _over_regions(powers: "torch.Tensor", gem_p: float) -> "torch.Tensor":
    """Add up the directions of the generalised means of regions, `powers` (B, C, h, w) being raised."""
    total = powers.new_zeros(powers.shape[:2])
    for count in _REGIONS_A_SIDE:
        rows, columns = (_region_means(powers, side, count) for side in (2, 3))
        means = (rows @ powers @ columns.transpose(0, 1)).pow(1.0 / gem_p)
        lengths = means.norm(dim=1, keepdim=True).clamp(min=_MIN_NORM)
        total = total + (means / lengths).sum(dim=(2, 3))
    return total


def _region_means(maps: "torch.Tensor", dim: int, count: int) -> "torch.Tensor":
    """Give the matrix (count, side) that takes the mean over each of `count` regions along `dim`.

    In tensors, so that an exported network keeps them for every size.
    """
    import torch

    side = maps.shape[dim]
    length = (2 * side + count) // (count + 1)
    first = torch.arange(count, device=maps.device) * (side - length)
    first = torch.div(first, max(1, count - 1), rounding_mode="floor")[:, None]
    place = torch.arange(side, device=maps.device)[None]
    return ((place >= first) & (place < first + length)).to(maps.dtype) / length
