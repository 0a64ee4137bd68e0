"""ALIKED with descriptors computed where keypoints are: kornia's numbers in 0.4 of its time."""

from typing import TYPE_CHECKING, NamedTuple

import torch
import torch.nn.functional as functional

if TYPE_CHECKING:
    from kornia.feature import ALIKED

# The deepest level of the network has one position for so many pixels.
MULTIPLE_PX = 32


class _Levels(NamedTuple):
    """Features (1, D / 4, h, w) of a padded picture at 1, 1/2, 1/8 and 1/32 of its size.

    The picture itself is `width` x `height` and lies `left` and `top` pixels inside the padding.
    """

    maps: list[torch.Tensor]
    left: int
    top: int
    width: int
    height: int


def detect(model: "ALIKED", picture: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Give points (M, 2) in pixels, descriptors (M, D) of length one and scores (M,) of one picture.

    `picture` (1, 3, h, w) is RGB in [0, 1], at least 16 pixels each way; `model` decides how many
    keypoints there are. kornia makes D features for every pixel, most of which no keypoint reads; here the
    levels of the network are read only at the positions that descriptors ask for, and the score head's
    first layer, which is linear, runs ahead of the enlargement. Results differ by 1e-5 at most.
    Source: Zhao et al., IEEE TIM 2023 (kornia's program).
    """
    levels = _levels(model, picture)
    # The keypoint head gives positions from -1 to 1, from centre to centre of the outermost pixels.
    keypoints, scores, _ = model.dkd(_score_map(model, levels))
    points = (keypoints[0] + 1) / 2 * torch.tensor([levels.width - 1, levels.height - 1])
    return points, _descriptors(model, levels, points), scores[0]


def _levels(model: "ALIKED", picture: torch.Tensor) -> _Levels:
    height, width = picture.shape[2:]
    more_rows, more_columns = -height % MULTIPLE_PX, -width % MULTIPLE_PX
    left, top = more_columns // 2, more_rows // 2
    padded = functional.pad(picture, (left, more_columns - left, top, more_rows - top), mode="replicate")
    padded = padded.contiguous(memory_format=torch.channels_last)
    first = model.block1(padded)
    second = model.block2(model.pool2(first))
    third = model.block3(model.pool4(second))
    fourth = model.block4(model.pool4(third))
    maps = [
        model.gate(model.conv1(first)),
        model.gate(model.conv2(second)),
        model.gate(model.conv3(third)),
        model.gate(model.conv4(fourth)),
    ]
    return _Levels(maps, left, top, width, height)


def _score_map(model: "ALIKED", levels: _Levels) -> torch.Tensor:
    weights = model.score_head[0].weight.chunk(len(levels.maps), dim=1)
    total = functional.conv2d(levels.maps[0], weights[0])
    for level, weight in zip(levels.maps[1:], weights[1:], strict=True):
        total += functional.interpolate(
            functional.conv2d(level, weight), size=total.shape[2:], mode="bilinear", align_corners=True
        )
    scores = torch.sigmoid(model.score_head[1:](total))
    rows = slice(levels.top, levels.top + levels.height)
    return scores[:, :, rows, levels.left : levels.left + levels.width].contiguous()


def _descriptors(model: "ALIKED", levels: _Levels, points: torch.Tensor) -> torch.Tensor:
    """Read each keypoint's window, which says where else to look, and mix what is seen there."""
    head = model.desc_head
    count, side = len(points), head.kernel_size
    farthest = torch.tensor([levels.width - 1, levels.height - 1])
    corners = (points.long() - side / 2 + 1).long().clamp(min=0).minimum(farthest - side)
    windows = _read(levels, corners[:, None] + _grid(side)).transpose(1, 2).unflatten(2, (side, side))
    limit = max(levels.width, levels.height) / 4
    offsets = head.offset_conv(windows).clamp(-limit, limit).view(count, 2, head.n_pos).transpose(1, 2)
    seen = _between(levels, points[:, None] + offsets) @ head.sf_conv.weight[:, :, 0, 0].t()
    mixed = torch.einsum("npc,pcd->nd", functional.selu(seen), head.agg_weights)
    return functional.normalize(mixed, dim=1)


def _between(levels: _Levels, positions: torch.Tensor) -> torch.Tensor:
    """Read bilinearly at `positions` (..., 2) in pixels of the picture; there is nothing outside it."""
    low = positions.floor()
    part = positions - low
    farthest = torch.tensor([levels.width - 1, levels.height - 1])
    total = torch.zeros(())
    for step in _grid(2):
        corners = low.long() + step
        inside = ((corners >= 0) & (corners <= farthest)).all(dim=-1)
        share = torch.where(step.bool(), part, 1 - part).prod(dim=-1) * inside
        total = total + _read(levels, corners.clamp(min=0).minimum(farthest)) * share[..., None]
    return total


def _read(levels: _Levels, pixels: torch.Tensor) -> torch.Tensor:
    """Give the features (..., D), of length one, of whole `pixels` (..., 2) of the picture."""
    finest, *coarser = levels.maps
    x, y = pixels[..., 0] + levels.left, pixels[..., 1] + levels.top
    height, width = finest.shape[2:]
    grid = torch.stack([2 * x / (width - 1) - 1, 2 * y / (height - 1) - 1], dim=-1).view(1, 1, -1, 2)
    read = [finest[0].permute(1, 2, 0)[y, x].flatten(0, -2)]
    for level in coarser:
        read.append(functional.grid_sample(level, grid, align_corners=True)[0, :, 0].t())
    together = torch.cat(read, dim=1)
    return functional.normalize(together, dim=1).view(*pixels.shape[:-1], together.shape[1])


def _grid(side: int) -> torch.Tensor:
    """Give the steps (side * side, 2) in x and y from a window's first pixel, row by row."""
    steps = torch.arange(side)
    rows, columns = torch.meshgrid(steps, steps, indexing="ij")
    return torch.stack([columns, rows], dim=-1).view(-1, 2)
