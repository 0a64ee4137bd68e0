"""From finished runs to what an experiment leaves: tables and pictures; and the list of all."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from extract import plugins
from extract.publish import publish
from retrieval.experiments import _picture, _run, _statistics, _table
from retrieval.experiments._run import Work
from retrieval.experiments._study import PACKAGE, Study, share_text


@dataclass(frozen=True)
class Written:
    """The table as text, all of it as plain values, and the folder that holds the files."""

    text: str
    values: Mapping[str, object]
    folder: Path


def make(name: str, work: Work, num_seeds: int, on_run: Callable[[str, int, bool], None]) -> Written:
    """Run what is not kept, and write table.txt, table.md, table.json, figures.png and tsne.png.

    Raises:
        RetrieveError: no such experiment, unfit data, a run that fails, or a file that cannot be written.
    """
    _picture.check_library()
    experiment = _run.load(name)
    found = _run.run_all(name, work, num_seeds, on_run)
    report = _table.Report(
        name,
        experiment.STUDY,
        work.small,
        num_seeds,
        tuple(_statistics.judge(experiment.STUDY, work.small, found)),
        sum(run.seconds for runs in found.values() for run in runs),
    )
    folder = _run.folder_of_experiment(name, work)
    text, values = _table.text(report), _table.to_dict(report)
    publish(folder / "table.txt", f"{text}\n".encode())
    publish(folder / "table.md", f"{_table.markdown(report)}\n".encode())
    publish(folder / "table.json", json.dumps(values, ensure_ascii=False, indent=1).encode())
    _picture.draw_figures(folder / "figures.png", report)
    points_of = {arm: runs[0].points for arm, runs in found.items()}
    _picture.draw_points(folder / "tsne.png", f"{name}: t-SNE of the queries, seed 0", points_of)
    return Written(text, values, folder)


def listed() -> list[str]:
    """Give a line for each experiment: its name, its title and the study's figures."""
    names = plugins.names(PACKAGE)
    width = max(map(len, names))
    return [f"{name.ljust(width)}  {_line(_run.load(name).STUDY)}" for name in names]


def _line(study: Study) -> str:
    told = []
    for measure in study.measures:
        figures = [value for arm in study.arms for value in arm.studied.get(measure.name, ())]
        if figures:
            ends = dict.fromkeys(map(share_text, (min(figures), max(figures))))
            told.append(f"{measure.name} {' to '.join(ends)}")
    return f"{study.title}: {', '.join(told)}"
