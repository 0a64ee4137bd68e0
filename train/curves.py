"""Draw a run: its loss, and the validation metric with its interval."""

import io
from pathlib import Path
from typing import TYPE_CHECKING

from extract.publish import publish
from train import log

if TYPE_CHECKING:
    from matplotlib.axes import Axes

CURVES_FILE = "curves.png"

_INK, _MUTED, _BEST = "#2860c8", "#9a9a9a", "#d1495b"
_WIDTH, _HEIGHT, _DPI = 12.0, 4.2, 100
_TITLE_PT = 12
# The smooth line averages over this share of all steps, so that long and short runs look alike.
_SMOOTH_SHARE = 0.05


def draw(out: Path) -> None:
    """Draw what log.csv and metrics.csv of the run in `out` hold into curves.png.

    Raises:
        StoreError: the picture cannot be written.
    """
    from matplotlib.figure import Figure as Picture

    picture = Picture(figsize=(_WIDTH, _HEIGHT), dpi=_DPI, layout="constrained")
    losses, metric = picture.subplots(1, 2)
    for axes in (losses, metric):
        axes.spines[["top", "right"]].set_visible(False)
        axes.grid(color="#e6e6e6", linewidth=0.8)
        axes.set_axisbelow(True)
    _draw_losses(losses, log.read(out / log.STEPS_FILE))
    _draw_metric(metric, log.read(out / log.EPOCHS_FILE))
    content = io.BytesIO()
    picture.savefig(content, format="png")
    publish(out / CURVES_FILE, content.getvalue())


def smoothed(values: list[float], width: int) -> list[float]:
    """Average each value with the `width - 1` before it, or as many as there are."""
    means, total = [], 0.0
    for place, value in enumerate(values):
        total += value - (values[place - width] if place >= width else 0.0)
        means.append(total / min(place + 1, width))
    return means


def _draw_losses(axes: "Axes", rows: list[dict[str, str]]) -> None:
    axes.set_title("loss", loc="left", fontsize=_TITLE_PT)
    axes.set_xlabel("step")
    steps, values = [int(row["step"]) for row in rows], [float(row["loss"]) for row in rows]
    width = max(1, round(_SMOOTH_SHARE * len(values)))
    axes.plot(steps, values, color=_MUTED, linewidth=0.7, label="a batch")
    axes.plot(steps, smoothed(values, width), color=_INK, label=f"mean of {width}")
    axes.legend(frameon=False)


def _draw_metric(axes: "Axes", rows: list[dict[str, str]]) -> None:
    from matplotlib.ticker import MaxNLocator

    judged = [row for row in rows if row["value"]]
    axes.set_xlabel("epoch")
    if not judged:
        axes.set_title("validation", loc="left", fontsize=_TITLE_PT)
        axes.text(0.5, 0.5, "no epoch was judged", ha="center", transform=axes.transAxes, color=_MUTED)
        return
    queries = judged[-1]["queries"]
    axes.set_title(f"{judged[-1]['metric']}, {queries} queries", loc="left", fontsize=_TITLE_PT)
    epochs = [int(row["epoch"]) for row in judged]
    value, low, high = ([float(row[name]) for row in judged] for name in ("value", "low", "high"))
    axes.fill_between(epochs, low, high, color=_INK, alpha=0.15, label="95 % interval")
    axes.plot(epochs, value, color=_INK, marker="o", markersize=4)
    best = [row for row in judged if row["best"] == "1"]
    if best:
        axes.scatter(int(best[-1]["epoch"]), float(best[-1]["value"]), color=_BEST, zorder=3, label="kept")
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.legend(frameon=False)
