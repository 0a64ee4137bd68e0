"""Metrics by name: each module here is one metric, found by its file name and listed nowhere else."""

import difflib
import importlib
import pkgutil
import re

from evaluate.errors import EvaluationError
from evaluate.metric import Metric

_AT_K = "_at_k"


def names() -> tuple[str, ...]:
    """List the metrics there are, sorted; the K in "map@K" stands for a number."""
    modules = (module.name for module in pkgutil.iter_modules(__path__))
    return tuple(sorted(_public_name(module) for module in modules))


def parse(name: str) -> Metric:
    """Make the metric of this name: "knn-f1" is the file knn_f1.py, "map@100" is map_at_k.py with k = 100.

    Raises:
        EvaluationError: there is no such metric, or k is not a positive integer.
    """
    stem, at, k_text = name.partition("@")
    public_name = f"{stem}@K" if at else stem
    if public_name not in names():
        raise EvaluationError(
            f"there is no metric {name!r}{_suggestion(public_name, k_text)}; there are {', '.join(names())} "
            "(K is a positive integer)"
        )
    # Nine digits: no ranking is longer, and int() stays fast.
    if at and not re.fullmatch(r"0*[1-9][0-9]{0,8}", k_text, re.ASCII):
        raise EvaluationError(
            f"the k of {name!r} must be a positive integer, as in '{stem}@10'; got {k_text!r}"
        )
    module = importlib.import_module(f"{__name__}.{_module_name(stem, bool(at))}")
    metric: Metric = module.build(int(k_text) if at else None)
    return metric


def _public_name(module: str) -> str:
    stem = module.removesuffix(_AT_K)
    return stem.replace("_", "-") + ("@K" if stem != module else "")


def _module_name(stem: str, has_k: bool) -> str:
    return stem.replace("-", "_") + (_AT_K if has_k else "")


def _suggestion(public_name: str, k_text: str) -> str:
    known = {name.lower(): name for name in names()}
    near = difflib.get_close_matches(public_name.lower(), known, n=1)
    return f" (did you mean {known[near[0]].replace('K', k_text or 'K')!r}?)" if near else ""
