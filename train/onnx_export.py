"""Export a trained network to ONNX, pictures in and vectors out, and check it against torch."""

import contextlib
import importlib.util
import io
import logging
import os
import tempfile
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor, nn

from extract import heads, timm_backbone
from extract.global_descriptors import network as networks
from extract.pooling import pool
from extract.publish import publish
from extract.recipe import Recipe
from extract.weight_files import first_line
from train.errors import TrainingError
from train.whitened import Whitened

ONNX_FILE = "network.onnx"
NEEDS = ("onnx", "onnxruntime", "onnxscript")

# Float32 sums in another order differ by some 1e-6 in a vector of length one, a wrong padding by 1e-2.
MAX_DIFFERENCE = 1e-3
_OPSET = 18
_INPUT, _OUTPUT = "pictures", "vectors"
# Batch, height and width of the pictures that are traced, then of those that are compared; sides count
# strides, or patches of a transformer.
_TRACED, _COMPARED = (2, 2, 3), ((1, 3, 2), (3, 5, 4))
_STRIDE_PX = 32


@dataclass(frozen=True)
class Exported:
    """A file, and by how much its vectors differ at most from torch's in one of their numbers."""

    path: Path
    max_difference: float


def missing() -> tuple[str, ...]:
    """Name the packages that the export needs and that are not installed."""
    return tuple(name for name in NEEDS if importlib.util.find_spec(name) is None)


def export(out: Path, recipe: Recipe) -> Exported:
    """Write the network of `recipe` (resolved) to network.onnx in `out`, whole or not at all.

    It takes pictures (B, 3, h, w), float32 RGB in [0, 255], and gives vectors (B, D) of length one. Batch
    and sides are free, but for networks that take one size. It is compared with torch at two sizes that it
    was not traced at, or twice at the only one.

    Raises:
        TrainingError: the network cannot be exported, or gives other vectors than in torch.
        StoreError: the file cannot be written.
    """
    config = recipe.global_config
    if not isinstance(config, networks.Config):
        raise ValueError(f"the recipe must describe by a network, got {recipe.global_kind!r}")
    vectors = _Vectors(config).eval()
    reasons = []
    # The newer exporter takes minutes where a network pads by its picture's size, and the older one does
    # not know every operation (a transformer's resized positions).
    for is_newer in (False, True):
        try:
            content = _exported(vectors, is_newer=is_newer)
            difference = max(_difference(vectors, content, shape) for shape in vectors.compared)
        except Exception as error:  # exporter and runtime raise errors of many types
            reasons.append(first_line(error))
            continue
        if difference <= MAX_DIFFERENCE:
            publish(out / ONNX_FILE, content)
            return Exported(out / ONNX_FILE, difference)
        reasons.append(f"its vectors differ from torch's by {difference:.2g}")
    raise TrainingError(f"{config.backbone} was not exported to ONNX: {'; '.join(reasons)}")


class _Vectors(nn.Module):
    """Pictures to vectors, with everything that describing photographs does but decoding and resizing."""

    def __init__(self, config: networks.Config) -> None:
        super().__init__()
        self._backbone = timm_backbone.load(config.backbone, config.weights, config.tuned)
        # As a child, so that its weights belong to this module.
        self.network = self._backbone.module
        dim = self._backbone.dim
        head = heads.read(Path(config.head.path), dim) if config.head.path else None
        self.head = head.module if head else nn.Identity()
        pooled_dim = head.dim if head else dim
        self.whitening = (
            Whitened.read(config.whitening, pooled_dim) if config.whitening.path else nn.Identity()
        )
        self._pooling, self._gem_p = config.pooling, config.gem_p
        self.register_buffer("_mean", 255.0 * torch.tensor(self._backbone.mean).view(1, 3, 1, 1))
        self.register_buffer("_std", 255.0 * torch.tensor(self._backbone.std).view(1, 3, 1, 1))
        settings: dict[str, object] = self.network.get_submodule("model").pretrained_cfg  # type: ignore[assignment]
        side = settings["input_size"][-1] if settings.get("fixed_input_size") else 0  # type: ignore[index]
        self.side = int(side)

    @property
    def traced(self) -> tuple[int, int, int, int]:
        """The shape of pictures to trace with."""
        return self._shape(_TRACED)

    @property
    def compared(self) -> list[tuple[int, int, int, int]]:
        """The shapes of pictures to compare with."""
        return [self._shape(shape) for shape in _COMPARED]

    def forward(self, pictures: Tensor) -> Tensor:
        """Describe pictures (B, 3, h, w) as (B, D)."""
        maps, class_token = self._backbone.maps(
            (pictures - self.get_buffer("_mean")) / self.get_buffer("_std")
        )
        pooled = pool(maps, class_token, self._pooling, self._gem_p)
        vectors: Tensor = nn.functional.normalize(self.whitening(self.head(pooled)), dim=1)
        return vectors

    def _shape(self, shape: tuple[int, int, int]) -> tuple[int, int, int, int]:
        count, height, width = shape
        if self.side:
            return count, 3, self.side, self.side
        rows, columns = (_STRIDE_PX if side == 1 else side for side in self._backbone.patch)
        return count, 3, height * rows, width * columns


def _exported(vectors: _Vectors, *, is_newer: bool) -> bytes:
    pictures = _pictures(vectors.traced)
    free = {0: "batch"} if vectors.side else {0: "batch", 2: "height", 3: "width"}
    with _quiet(), torch.no_grad(), tempfile.TemporaryDirectory() as folder:
        file = os.path.join(folder, ONNX_FILE)
        if is_newer:
            dynamic = dict.fromkeys(free, torch.export.Dim.DYNAMIC)
            program = torch.onnx.export(
                vectors, (pictures,), dynamo=True, dynamic_shapes={"pictures": dynamic},
                input_names=[_INPUT], output_names=[_OUTPUT], opset_version=_OPSET, verbose=False,
            )  # fmt: skip
            program.save(file)  # type: ignore[union-attr]
        else:
            torch.onnx.export(
                vectors, (pictures,), file, dynamo=False, dynamic_axes={_INPUT: free, _OUTPUT: {0: "batch"}},
                input_names=[_INPUT], output_names=[_OUTPUT], opset_version=_OPSET,
            )  # fmt: skip
        return Path(file).read_bytes()


def _difference(vectors: _Vectors, content: bytes, shape: tuple[int, int, int, int]) -> float:
    import onnxruntime

    pictures = _pictures(shape)
    session = onnxruntime.InferenceSession(content, providers=["CPUExecutionProvider"])
    (found,) = session.run([_OUTPUT], {_INPUT: pictures.numpy()})
    with torch.inference_mode():
        expected = vectors(pictures)
    return float((expected - torch.from_numpy(found)).abs().max())


def _pictures(shape: tuple[int, int, int, int]) -> Tensor:
    return 255.0 * torch.rand(shape, generator=torch.Generator().manual_seed(0))


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Keep the exporters' remarks to developers from the terminal."""
    with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):
        warnings.simplefilter("ignore")
        levels = {name: logging.getLogger(name).level for name in ("torch.onnx", "onnxscript", "onnx_ir")}
        for name in levels:
            logging.getLogger(name).setLevel(logging.ERROR)
        try:
            yield
        finally:
            for name, level in levels.items():
                logging.getLogger(name).setLevel(level)
