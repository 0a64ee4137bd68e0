"""Metrics by name: each module here is one metric, found by its file name and listed nowhere else."""

import difflib
import importlib
import pkgutil
import re

from evaluate import dialects
from evaluate.errors import EvaluationError
from evaluate.metric import Metric

# How a file's name ends, and the name of its metric: K stands for a number, r for itself.
_ENDINGS = {"_at_k": "@K", "_at_r": "@r"}
_HAS_DIALECTS = "map@K"


def names() -> tuple[str, ...]:
    """List the metrics there are, sorted; the K in "map@K" stands for a number, the r in "map@r" does not."""
    return tuple(sorted(_modules()))


def parse(name: str) -> Metric:
    """Make the metric of this name: "knn-f1" is the file knn_f1.py, "map@100" is map_at_k.py with k = 100.

    "map@r" (or "map@R") is map_at_r.py, and "map@100:trec" is map@100 in a dialect of `evaluate.dialects`.

    Raises:
        EvaluationError: there is no such metric or dialect, or k is not a positive integer.
    """
    plain, colon, dialect = name.partition(":")
    stem, at, k_text = plain.partition("@")
    modules = _modules()
    if f"{stem}@r" in modules and k_text in ("r", "R"):
        public_name, k_text = f"{stem}@r", ""
    else:
        public_name = f"{stem}@K" if at else stem
    if public_name not in modules:
        raise EvaluationError(
            f"there is no metric {name!r}{_suggestion(plain, modules)}; there are {', '.join(names())} "
            "(K is a positive integer)"
        )
    if colon and public_name != _HAS_DIALECTS:
        raise EvaluationError(f"only map@K has dialects, as in 'map@100:trec'; got {name!r}")
    # Nine digits: no ranking is longer, and int() stays fast.
    if public_name.endswith("@K") and not re.fullmatch(r"0*[1-9][0-9]{0,8}", k_text, re.ASCII):
        raise EvaluationError(
            f"the k of {name!r} must be a positive integer, as in '{stem}@10'; got {k_text!r}"
        )
    if colon:
        return dialects.build(int(k_text), dialect)
    module = importlib.import_module(f"{__name__}.{modules[public_name]}")
    metric: Metric = module.build(int(k_text) if k_text else None)
    return metric


def _modules() -> dict[str, str]:
    """Map the name of each metric to that of its module."""
    return {_public_name(module.name): module.name for module in pkgutil.iter_modules(__path__)}


def _public_name(module: str) -> str:
    for ending, shown in _ENDINGS.items():
        if module.endswith(ending):
            return module.removesuffix(ending).replace("_", "-") + shown
    return module.replace("_", "-")


def _suggestion(plain: str, modules: dict[str, str]) -> str:
    """Propose the metric of the nearest name, capitals and underscores aside, with the number given."""
    stem, at, k_text = plain.lower().replace("_", "-").partition("@")
    is_number = k_text.isdecimal()
    asked = f"{stem}@k" if is_number else f"{stem}{at}{k_text}"
    known = {name.lower(): name for name in modules}
    near = difflib.get_close_matches(asked, known, n=1)
    if not near:
        return ""
    shown = known[near[0]]
    return f" (did you mean {shown.replace('K', k_text) if is_number else shown!r}?)"
