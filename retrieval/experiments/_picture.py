"""Draw an experiment: our figures with intervals beside the study's, and every arm's points by t-SNE."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from extract.errors import RetrieveError
from retrieval.experiments._kept import Points
from retrieval.experiments._statistics import Judged
from retrieval.experiments._table import Report

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_OURS, _STUDY, _UNFIT, _INK = "#2860c8", "#d1495b", "#9a9a9a", "#222222"
_DPI, _ROW_INCHES, _PANEL_INCHES = 100, 0.42, 3.0
_MOST_POINTS = 600
_MOST_COLUMNS = 4


def check_library() -> None:
    """Refuse to begin where no picture could be drawn in the end.

    Raises:
        RetrieveError: matplotlib is not installed.
    """
    import importlib.util

    if importlib.util.find_spec("matplotlib") is None:
        raise RetrieveError(
            "experiments draw with the package matplotlib; pip install 'landmark-retrieval[train]'"
        )


def draw_figures(path: Path, report: Report) -> None:
    """Write a panel a measure: a row an arm, ours as a point with its interval, the study's as a cross.

    Raises:
        RetrieveError: the file cannot be written.
    """
    from matplotlib.figure import Figure

    rows = len(report.judged[0].arms)
    picture = Figure(
        figsize=(3.0 + 4.0 * len(report.judged), 1.9 + _ROW_INCHES * rows), dpi=_DPI, layout="constrained"
    )
    panels = picture.subplots(1, len(report.judged), squeeze=False, sharey=True)[0]
    for axes, judged in zip(panels, report.judged, strict=True):
        _draw_measure(axes, judged)
    handles, labels = panels[0].get_legend_handles_labels()
    picture.legend(handles, labels, loc="outside lower center", ncols=3, frameon=False, fontsize=9)
    size = "small run, other data and network than the study's" if report.small else "the study's own data"
    picture.suptitle(f"{report.name}: {report.study.title}\n{size}", fontsize=11, color=_INK)
    _save(picture, path)


def draw_points(path: Path, title: str, points_of: Mapping[str, Points]) -> None:
    """Write a panel an arm: its points in two dimensions by t-SNE, a colour a class.

    At most 600 points are drawn, taken evenly. Source: van der Maaten and Hinton 2008, JMLR 9.

    Raises:
        RetrieveError: the file cannot be written.
    """
    from matplotlib.figure import Figure

    columns = min(_MOST_COLUMNS, len(points_of))
    rows = -(-len(points_of) // columns)
    picture = Figure(
        figsize=(_PANEL_INCHES * columns, _PANEL_INCHES * rows + 0.5), dpi=_DPI, layout="constrained"
    )
    panels = picture.subplots(rows, columns, squeeze=False).ravel()
    for axes in panels:
        axes.set_axis_off()
    for axes, (arm, points) in zip(panels, points_of.items(), strict=False):
        classes = {label: place for place, label in enumerate(sorted(set(points.labels)))}
        kept = np.unique(np.linspace(0, len(points.labels) - 1, _MOST_POINTS).astype(int))
        places = _in_two_dimensions(points.vectors[kept])
        colours = [classes[points.labels[row]] for row in kept]
        axes.scatter(*places.T, c=colours, cmap="nipy_spectral", s=6, linewidths=0)
        axes.set_title(arm, fontsize=10, color=_INK)
    picture.suptitle(title, fontsize=11, color=_INK)
    _save(picture, path)


def _draw_measure(axes: "Axes", judged: Judged) -> None:
    axes.spines[["top", "right"]].set_visible(False)
    axes.grid(axis="x", color="#e6e6e6", linewidth=0.8)
    axes.set_axisbelow(True)
    for row, figure in enumerate(judged.arms):
        colour = _UNFIT if figure.random_start else _OURS
        label = "ours, random initialisation" if figure.random_start else "ours, 95 % interval"
        axes.hlines(row, figure.low, figure.high, color=colour, linewidth=2)
        axes.scatter(figure.value, row, color=colour, s=36, zorder=3, label=_once(axes, label))
        for studied in figure.studied:
            axes.scatter(
                studied, row, color=_STUDY, marker="x", s=36, zorder=3, label=_once(axes, "the study's")
            )
    axes.set_yticks(range(len(judged.arms)), [figure.arm for figure in judged.arms])
    if not axes.yaxis_inverted():
        axes.invert_yaxis()
    axes.set_xlabel(f"{judged.measure.name} ({judged.measure.metric}, {judged.queries} queries)")


def _once(axes: "Axes", label: str) -> str:
    return "_nolegend_" if label in axes.get_legend_handles_labels()[1] else label


def _in_two_dimensions(vectors: "np.typing.NDArray[np.float32]") -> "np.typing.NDArray[np.float32]":
    from sklearn.manifold import TSNE

    # Neighbourhoods of 30, as the paper proposes, where there are enough points for them.
    perplexity = min(30.0, max(1.0, (len(vectors) - 1) / 3))
    reduced = TSNE(perplexity=perplexity, init="pca", random_state=0).fit_transform(vectors)
    return np.asarray(reduced, dtype=np.float32)


def _save(picture: "Figure", path: Path) -> None:
    try:
        picture.savefig(path)
    except (OSError, ValueError) as error:
        raise RetrieveError(f"cannot write the picture {str(path)!r}: {error}") from error
