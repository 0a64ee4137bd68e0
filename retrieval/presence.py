"""Say whether the place of a query is in the collection at all, where the recipe was fitted to tell."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from rerank import chain as chains
from rerank import presets
from retrieval.engine import Engine, Hit


@dataclass(frozen=True)
class Presence:
    """The chance that the first hit is right; below `threshold` the place counts as not there."""

    chance: float
    threshold: float

    @property
    def seems_present(self) -> bool:
        """Whether the place counts as in the collection."""
        return self.chance >= self.threshold

    @property
    def sentence(self) -> str:
        """What a person is told: nothing as long as the place seems to be there."""
        if self.seems_present:
            return ""
        return f"this place does not seem to be in the collection (chance {self.chance:.2f})"


def judge(
    engine: Engine,
    hits: Sequence[Hit],
    *,
    rerank: str | None = None,
    v: float | None = None,
    top: int | None = None,
) -> Presence | None:
    """Judge the `hits` of one query that were asked for with these options of a chain.

    None where the recipe says nothing of presence, there is no hit, or the options make another chain than
    the recipe's: the score of its hits means something else.
    """
    own = engine.recipe.rerank
    if not own.presence or not hits:
        return None
    text = own.chain if rerank is None else presets.expand(rerank, engine.store.recipe.local)
    asked = chains.settings(text, options=own.options, v=v)
    if asked != chains.settings(own.chain, options=own.options) or (asked and top not in (None, own.top)):
        return None
    slope, intercept = own.presence
    return Presence(chance_of(hits[0].score, slope, intercept), own.presence_threshold)


def chance_of(score: float, slope: float, intercept: float) -> float:
    """Turn a score into the chance that its answer is right, 1 / (1 + exp(-(slope * score + intercept)))."""
    # tanh, unlike exp, cannot overflow.
    return 0.5 * (1.0 + math.tanh(0.5 * (slope * score + intercept)))
