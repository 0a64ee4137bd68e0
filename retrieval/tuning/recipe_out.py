"""Write what was found as a recipe that fits the store it was found on."""

import dataclasses
import os
from pathlib import Path

from extract import config as configs
from extract.config import FileRef
from extract.errors import RetrieveError
from extract.recipe import Recipe, RerankSettings, map_files
from retrieval.tuning.report import presence_sentence, verdict
from retrieval.tuning.result import Tuned


def tuned_recipe(recipe: Recipe, tuned: Tuned, name: str) -> Recipe:
    """Give `recipe` with the chain that is recommended; settings of re-rankers outside it stay."""
    swept = tuned.chosen.option.swept
    final = swept.tuned()
    fit = tuned.presence
    settings = RerankSettings(
        chain=final.names,
        top=swept.top,
        options={**recipe.rerank.options, **{step.name: step.options() for step in final.steps}},
        presence=(fit.slope, fit.intercept) if fit else (),
        presence_threshold=fit.threshold if fit else RerankSettings.presence_threshold,
    )
    return dataclasses.replace(recipe, name=name, rerank=settings)


def write(path: str, recipe: Recipe, tuned: Tuned, queries: str) -> None:
    """Write the recipe to `path`; files that it names are given with their whole path.

    Raises:
        RetrieveError: the file cannot be written.
    """
    found = tuned_recipe(recipe, tuned, Path(path).stem)
    whole = map_files(found, lambda file: FileRef(os.path.abspath(file.path), file.sha256))
    try:
        Path(path).write_text(provenance(tuned, queries) + configs.to_toml(whole.to_plain()), "utf-8")
    except OSError as error:
        raise RetrieveError(f"cannot write the recipe {path!r}: {error.strerror}") from error


def provenance(tuned: Tuned, queries: str) -> str:
    """Give the comments that say where the settings come from."""
    difference = tuned.difference
    lines = [
        f"Found by `retrieve tune` on {Path(queries).name!r}: {tuned.queries} queries of "
        f"{tuned.places} places.",
        f"{tuned.metric} of held-back places: {tuned.figure.value:.4f} "
        f"({tuned.figure.low:.4f} - {tuned.figure.high:.4f}), difference to none {difference.value:+.4f} "
        f"({difference.low:+.4f} - {difference.high:+.4f}).",
        f"{verdict(tuned)[0].upper()}{verdict(tuned)[1:]}.",
    ]
    if tuned.presence:
        lines.append(
            f"presence, where one query in two shows a place that is not there: "
            f"{presence_sentence(tuned.presence)}."
        )
    return "".join(f"# {line}\n" for line in lines)
