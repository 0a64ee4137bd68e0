"""What other programs compute from the rankings of `bench_rankings`: each work returns its figure."""

import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from bench_common import note
from bench_rankings import Made

from evaluate.arrays import FloatArray

DEPTH = 100


@dataclass(frozen=True)
class Peer:
    """A program ready to run: `run` gives its mean AP in the dialect of `evaluate.dialects`.

    `prepare` brings the rankings into the form that it wants, which `run` finds done; None where that is
    a plain array. `from_ids`: it is given ids or documents and finds the hits itself.
    """

    dialect: str
    run: Callable[[], float]
    prepare: Callable[[], object] | None = None
    from_ids: bool = False


def all_of(made: Made) -> Mapping[str, Peer]:
    """Every peer that can be imported; of each other one a line on stderr says that it is left out."""
    found: dict[str, Peer] = {"python_loop": python_loop(made)}
    for name, build in {
        "pytrec_eval": pytrec_eval,
        "ranx": ranx,
        "pytorch_metric_learning": pytorch_metric_learning,
        "sklearn_loop": sklearn_loop,
        "torchmetrics_loop": torchmetrics_loop,
        "open_metric_learning": open_metric_learning,
    }.items():
        try:
            found[name] = build(made)
        except ImportError as error:
            note(f"without {name}: {error}")
    return found


def dicts(made: Made) -> tuple[dict[str, dict[str, int]], dict[str, dict[str, float]]]:
    """Judgements and scores by query and image, as the programs of TREC take them."""
    judged: dict[str, dict[str, int]] = {}
    ranked: dict[str, dict[str, float]] = {}
    for query, name in enumerate(made.query_ids):
        judged[name] = dict.fromkeys(made.relevant_ids(query), 1)
        ids = made.ranked_ids(query)
        ranked[name] = dict(zip(ids, np.arange(len(ids), 0.0, -1.0).tolist(), strict=True))
    return judged, ranked


def pytrec_eval(made: Made) -> Peer:
    """trec_eval itself, in C."""
    import pytrec_eval

    judged, ranked = dicts(made)
    measure = f"map_cut_{DEPTH}"

    def run() -> float:
        evaluator = pytrec_eval.RelevanceEvaluator(judged, {measure})
        return float(np.mean([one[measure] for one in evaluator.evaluate(ranked).values()]))

    return Peer("trec", run, lambda: dicts(made), from_ids=True)


def ranx(made: Made) -> Peer:
    """Compiled by numba, from objects of its own."""
    from ranx import Qrels, Run, evaluate

    def objects() -> tuple[object, object]:
        judged, ranked = dicts(made)
        return Qrels(judged), Run(ranked)

    qrels, results = objects()
    return Peer("trec", lambda: float(evaluate(qrels, results, f"map@{DEPTH}")), objects, from_ids=True)


def pytorch_metric_learning(made: Made) -> Peer:
    """The function behind AccuracyCalculator's mean_average_precision, given the neighbours' labels."""
    import torch
    from pytorch_metric_learning.utils.accuracy_calculator import mean_average_precision

    labels = np.searchsorted(made.starts, made.rows, side="right") - 1
    asked, places = np.unique(made.landmarks, return_index=True)
    counts = (torch.from_numpy(asked)[:, None], torch.from_numpy(made.num_relevant[places]))
    near, own = torch.from_numpy(labels), torch.from_numpy(made.landmarks)[:, None]
    return Peer(
        "trec", lambda: float(mean_average_precision(near, own, False, counts, False, False, torch.eq))
    )


def sklearn_loop(made: Made) -> Peer:
    """average_precision_score query by query; one without a hit is 0, which it is not asked for."""
    from sklearn.metrics import average_precision_score

    scores = np.arange(DEPTH, 0, -1)

    def run() -> float:
        values = [average_precision_score(line, scores) if line.any() else 0.0 for line in made.hits]
        return float(np.mean(values))

    return Peer("found", run)


def torchmetrics_loop(made: Made) -> Peer:
    """retrieval_average_precision query by query, which is how it is called."""
    import torch
    from torchmetrics.functional.retrieval import retrieval_average_precision

    scores, hits = torch.arange(DEPTH, 0, -1).float(), torch.from_numpy(made.hits)

    def run() -> float:
        return float(np.mean([float(retrieval_average_precision(scores, line, DEPTH)) for line in hits]))

    return Peer("found", run)


def open_metric_learning(made: Made) -> Peer:
    """calc_map of its functional metrics."""
    import torch
    from oml.functional.metrics import calc_map

    hits, counts = list(torch.from_numpy(made.hits)), made.num_relevant.tolist()
    return Peer("found", lambda: float(calc_map(hits, counts, (DEPTH,))[0].mean()))


def python_loop(made: Made) -> Peer:
    """What one writes himself, on lists."""
    lines, counts = made.hits.tolist(), made.num_relevant.tolist()

    def run() -> float:
        total = 0.0
        for line, count in zip(lines, counts, strict=True):
            found, area = 0, 0.0
            for rank, hit in enumerate(line, start=1):
                if hit:
                    found += 1
                    area += found / rank
            total += area / min(count, DEPTH)
        return total / len(lines)

    return Peer("gldv2", run)


def scipy_interval(values: FloatArray) -> Callable[[], tuple[float, float]] | None:
    """scipy.stats.bootstrap of a mean, percentile; None where there is no scipy."""
    try:
        from scipy.stats import bootstrap
    except ImportError as error:
        note(f"without scipy: {error}")
        return None

    def run() -> tuple[float, float]:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            ends = bootstrap((values,), np.mean, n_resamples=10_000, method="percentile").confidence_interval
        return float(ends.low), float(ends.high)

    return run
