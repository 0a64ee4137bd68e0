"""roxford-easy-mp@K: mP@K of revisited Oxford or Paris on the set easy."""

from evaluate.metric import Metric
from evaluate.revisited import build_precision


def build(k: int | None) -> Metric:
    """Make the metric of the first `k` results, which `evaluate.revisited.precision` defines."""
    return build_precision("easy", k)
