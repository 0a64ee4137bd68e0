"""Keep networks traced on this machine, so that a program that asks one question starts in half the time.

Importing timm takes longer than importing torch and describing a photograph together. The first program that
builds a network leaves its trace in the user's cache; the next ones load that and never import timm.
"""

import contextlib
import hashlib
import io
import json
import logging
import warnings
from collections.abc import Callable, Iterator
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

from extract import weight_files
from extract.errors import StoreError, WeightsError
from extract.publish import publish
from extract.recipe_version import EXTRACTION_VERSION
from extract.timm_backbone import Backbone

if TYPE_CHECKING:
    import torch

logger = logging.getLogger(__name__)

# Shapes that a trace must give the very same numbers on: upright, lying, more than one, odd sides.
_TRIALS = ((1, 3, 256, 320), (2, 3, 320, 224), (1, 3, 225, 257))


def load(name: str, weights_sha256: str, build: Callable[[], Backbone]) -> Backbone:
    """Give the backbone `name` from the cache, or `build` it and leave its trace there.

    A network whose trace depends on the size of the picture (one that cuts it into patches does) is built
    each time. A trace belongs to one network, to the files that `weights_sha256` names (one hash behind the
    other), and to one version of torch, timm and this program.
    """
    parts = [name, weights_sha256, version("torch"), version("timm"), str(EXTRACTION_VERSION)]
    key = hashlib.sha256("\n".join(parts).encode())
    try:
        home = Path.home()
    except RuntimeError as error:
        # The cache is a matter of speed alone.
        logger.debug("no home to keep networks in: %s", error)
        return build()
    path = home / ".cache" / "landmark-retrieval" / f"{name}-{key.hexdigest()[:16]}.pt"
    return _read(path) or _traced(build(), path)


def _read(path: Path) -> Backbone | None:
    import torch

    try:
        note = json.loads(path.with_suffix(".json").read_text())
        if weight_files.sha256_of(path) != note["sha256"]:
            return None
        with _without_warnings():
            module = torch.jit.load(str(path), map_location="cpu")
        return Backbone(module=module, **note["backbone"])
    except (RuntimeError, ValueError, TypeError, KeyError, OSError, WeightsError) as error:
        logger.debug("%s is no trace (%s); the network is built anew", path, error)
        return None


def _traced(backbone: Backbone, path: Path) -> Backbone:
    import torch

    if backbone.patch != (1, 1):
        return backbone
    random = torch.Generator().manual_seed(0)
    trials = [
        torch.rand(shape, generator=random).contiguous(memory_format=torch.channels_last) for shape in _TRIALS
    ]
    values = backbone._asdict()
    module = values.pop("module")
    try:
        with _without_warnings(), torch.inference_mode():
            trace = torch.jit.trace(module, trials[0], check_trace=False)
            if all(torch.equal(trace(trial), module(trial)) for trial in trials):
                _keep(trace, values, path)
    except (RuntimeError, ValueError, TypeError, AssertionError, OSError, StoreError) as error:
        # A network that takes one size only, or a full disk, is no error.
        logger.debug("the network is not kept as a trace: %s", error)
    return backbone


def _keep(trace: "torch.jit.ScriptModule", values: dict[str, object], path: Path) -> None:
    import torch

    # Only the user may write here: a trace is a program.
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    content = io.BytesIO()
    torch.jit.save(trace, content)
    publish(path, content.getvalue())
    note = {"sha256": hashlib.sha256(content.getvalue()).hexdigest(), "backbone": values}
    publish(path.with_suffix(".json"), json.dumps(note).encode())


@contextlib.contextmanager
def _without_warnings() -> Iterator[None]:
    # torch announces that traces will go; where they are gone, the network is simply built each time.
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield
