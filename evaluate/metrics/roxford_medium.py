"""roxford-medium: mean average precision of revisited Oxford or Paris on the set medium."""

from evaluate.metric import Metric
from evaluate.revisited import build_average_precision


def build(k: int | None) -> Metric:
    """Make the metric, which `evaluate.revisited.average_precision` defines; it takes no k."""
    return build_average_precision("medium", k)
