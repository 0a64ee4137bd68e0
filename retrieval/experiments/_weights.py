"""The pretrained weights of an experiment's networks: given by the user, packaged, or not to be had."""

import functools
import logging
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import cast

from extract.errors import ConfigError
from retrieval.experiments._run import Work
from retrieval.experiments._study import Arm

logger = logging.getLogger(__name__)


def weights_by_backbone(arms: Sequence[Arm], given: Sequence[str]) -> dict[str, str]:
    """Read `[BACKBONE=]FILE` of the command line; without a name the file is for the arms' only backbone.

    Raises:
        ConfigError: the arms have several backbones or not the one named, or the file is not there.
    """
    backbones = sorted({name for arm in arms for name in _backbones(arm.settings)})
    files: dict[str, str] = {}
    for text in given:
        name, equals, path = text.partition("=")
        if not equals or Path(text).is_file():
            name, path = (backbones[0] if len(backbones) == 1 else ""), text
        if name not in backbones:
            raise ConfigError(
                f"--weights {text} must say for which backbone: BACKBONE=FILE; this experiment has "
                f"{', '.join(backbones)}"
            )
        if not Path(path).is_file():
            raise ConfigError(f"--weights {text}: the file {path!r} is not there")
        files[name] = path
    return files


def with_weights(plain: Mapping[str, object], work: Work) -> tuple[dict[str, object], bool]:
    """Lay the weights that can be had over a recipe's plain values; tell whether it begins at random.

    Those of `work` go first, then packaged ones and timm's hub. Where there are none, and where the recipe
    itself has `pretrained` false, the network begins at random.

    Raises:
        WeightsError: a file of `work` cannot be read.
    """
    network = dict(cast(Mapping[str, object], plain.get("network", {})))
    backbone = str(network["backbone"])
    if not network.get("pretrained", True):
        return dict(plain), True
    if backbone in work.weights:
        network["weights"] = str(Path(work.weights[backbone]).resolve())
        return {**plain, "network": network}, False
    if _has_weights(backbone):
        return dict(plain), False
    network["pretrained"] = False
    return {**plain, "network": network}, True


def _backbones(values: Mapping[str, object]) -> Iterator[str]:
    for key, value in values.items():
        if key == "backbone":
            yield str(value)
        elif isinstance(value, Mapping):
            yield from _backbones(value)


@functools.cache
def _has_weights(backbone: str) -> bool:
    # Kept: without a network every question takes seconds.
    from extract import timm_backbone
    from extract.config import NO_FILE
    from extract.errors import WeightsError

    try:
        timm_backbone.resolve_weights(backbone, NO_FILE)
    except WeightsError as error:
        logger.warning("%s: random initialisation; no conclusion will be drawn (%s)", backbone, error)
        return False
    return True
