"""Figures as lines of text for a terminal."""

from collections.abc import Mapping

from evaluate.figures import Figure
from evaluate.reporting.wording import plain
from evaluate.words import percent


def figure_lines(title: str, found: Mapping[str, Figure], width: int, level: float) -> str:
    """Show figures by name below `title`, names `width` characters wide, with the ends of their intervals.

    Titles and names may come from files: what a terminal would obey is taken out of them.
    """
    head = f"{percent(level)} interval"
    lines = [f"{plain(title):<{width}}   value   {head:<17} queries"]
    lines += [
        f"{plain(name):<{width}}  {figure.value:.4f}   "
        f"{figure.low:.4f} - {figure.high:.4f}   {figure.queries:>7}"
        for name, figure in found.items()
    ]
    return "\n".join(lines)
