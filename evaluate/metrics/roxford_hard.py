"""roxford-hard: mean average precision of revisited Oxford or Paris on the set hard."""

from evaluate.metric import Metric
from evaluate.revisited import build_average_precision


def build(k: int | None) -> Metric:
    """Make the metric, which `evaluate.revisited.average_precision` defines; it takes no k."""
    return build_average_precision("hard", k)
