"""What stands beside the network that came out, which is worth as much without it: curves, ONNX."""

import importlib.util
from collections.abc import Callable
from pathlib import Path

from extract import recipe as recipes
from extract import recipe_files
from extract.errors import RetrieveError
from train import curves, onnx_export
from train.events import Event, Remark
from train.onnx_export import Exported


def write(out: Path, on_event: Callable[[Event], None]) -> Exported | None:
    """Write both for the finished run in `out`; what cannot be written is told as a remark, and why."""
    try:
        _draw(out, on_event)
    except RetrieveError as error:
        on_event(Remark(f"{curves.CURVES_FILE} is not drawn: {error}"))
    missing = onnx_export.missing()
    if missing:
        on_event(Remark(f"{onnx_export.ONNX_FILE} is not written; pip install {' '.join(missing)}"))
        return None
    try:
        return onnx_export.export(out, recipe_files.resolve(recipes.load(str(out))))
    except RetrieveError as error:
        on_event(Remark(f"{onnx_export.ONNX_FILE} is not written: {error}"))
        return None


def _draw(out: Path, on_event: Callable[[Event], None]) -> None:
    if importlib.util.find_spec("matplotlib") is None:
        on_event(Remark(f"{curves.CURVES_FILE} is not drawn; pip install matplotlib"))
        return
    curves.draw(out)
