"""What several commands share: recipes from options, progress, and how lists of failures are shown."""

import json
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import click

if TYPE_CHECKING:
    from collections.abc import Iterator

    from extract.recipe import Recipe

Function = TypeVar("Function", bound=Callable[..., object])

RECIPE_HELP = "A recipe that ships by name, a TOML file, or a folder from `retrieve train`; else default."
_LISTED = 10
_PLAIN_EVERY_S = 10.0


def recipe_options(function: Function) -> Function:
    """Add the options that say how photographs are described."""
    options = [
        click.option("--recipe", "recipe_name", metavar="NAME|FILE|FOLDER", help=RECIPE_HELP),
        click.option("--backbone", help="Any timm model by name, in place of the recipe's."),
        click.option("--weights", metavar="FILE",
                     help="Weights of the backbone: safetensors or a state dict."),
        click.option("--whitening", metavar="FILE", help="A whitening from `retrieve fit-whitening`."),
        click.option("--set", "settings", multiple=True, metavar="KEY=VALUE",
                     help="One setting of the recipe, e.g. global.size_px=640; may be repeated."),
    ]  # fmt: skip
    for option in reversed(options):
        function = option(function)
    return function


def chain_options(function: Function) -> Function:
    """Add the options that say how a ranking is re-ranked."""
    options = [
        click.option("--rerank", metavar="none|CHAIN",
                     help="Re-rankers split by commas, e.g. sift-ratio,sift-geometric; best, e5, e6 or e7; "
                          "none for the global ranking alone. Without it: the recipe's own, else best."),
        click.option("--v", type=float,
                     help="Weight of the global score, 1 - v of the local one, in every step."),
        click.option("--top", type=click.IntRange(1), help="How many candidates are re-ranked."),
        click.option("--recipe", "recipe_name", metavar="NAME|FILE|FOLDER",
                     help="Take chain and settings from this recipe; it must fit the store."),
    ]  # fmt: skip
    for option in reversed(options):
        function = option(function)
    return function


def read_recipe(
    name: str | None,
    *,
    backbone: str | None,
    weights: str | None,
    whitening: str | None,
    settings: Sequence[str],
) -> "Recipe":
    """Load a recipe and lay the options over it.

    Where they name another network, the recipe's tuned layers, head and whitening, which belong to its own,
    are left out; that is told of a recipe that was asked for by name.

    Raises:
        ConfigError: the recipe or an option is wrong.
    """
    from extract import recipe as recipes
    from extract import recipe_files

    origin = recipes.load(name or "default")
    given = {"global.backbone": backbone, "global.weights": weights, "global.whitening": whitening}
    changes: dict[str, object] = {key: value for key, value in given.items() if value is not None}
    changes |= changes_of(settings, "global.size_px=640")
    values = origin.to_plain()
    lay_over(values, changes)
    asked = [key.removeprefix("global.") for key in changes]
    recipe, left_out = recipe_files.without_foreign(recipes.from_plain(values), origin, asked)
    if left_out and name not in (None, "default"):
        click.echo(
            f"left out of the recipe {name!r}, since they belong to its own network: {', '.join(left_out)}",
            err=True,
        )
    return recipe


def with_kept(
    recipe: "Recipe", local: str | None, codebooks: Sequence[str], settings: Sequence[str] = ()
) -> "Recipe":
    """Lay --local and --codebook over a recipe; without --local it keeps what it has.

    Raises:
        RetrieveError: a local descriptor is unknown, a file is none of `retrieve fit-codebook` for them, or
            one of `settings` (--set) is for a descriptor that is not kept.
    """
    from extract import recipe as recipes
    from extract import recipe_files
    from extract.errors import ConfigError

    if local is not None:
        kinds = [kind.strip() for kind in local.split(",") if kind.strip() and kind.strip() != "none"]
        recipe = recipes.with_local(recipe, kinds)
        for setting in settings:
            table, _, rest = setting.strip().partition(".")
            kind = rest.partition(".")[0]
            if table == "local" and kind not in recipe.local:
                raise ConfigError(
                    f"--set {setting} is for {kind} descriptors, which are not kept; "
                    f"add them: --local {','.join([*recipe.local, kind])}"
                )
    return recipe_files.with_fitted(recipe, codebooks)


def changes_of(settings: Sequence[str], example: str) -> dict[str, object]:
    """Read what --set was given, each KEY=VALUE; a value is JSON, or else a text.

    Raises:
        UsageError: one has no `=`; `example` shows how.
    """
    changes: dict[str, object] = {}
    for setting in settings:
        key, equals, text = setting.partition("=")
        if not equals:
            raise click.UsageError(f"--set takes KEY=VALUE, e.g. {example}, got {setting!r}")
        try:
            changes[key.strip()] = json.loads(text)
        except ValueError:
            changes[key.strip()] = text.strip()
    return changes


def lay_over(values: dict[str, object], changes: Mapping[str, object]) -> None:
    """Put each of `changes` in its place among the tables of a recipe, e.g. `global.size_px`.

    Raises:
        UsageError: what should be a table is none.
    """
    for key, value in changes.items():
        *tables, last = key.split(".")
        target = values
        for table in tables:
            inner = target.setdefault(table, {})
            if not isinstance(inner, dict):
                raise click.UsageError(f"--set {key}: {table!r} is no table of settings")
            target = inner
        target[last] = value


@contextmanager
def progress(what: str) -> "Iterator[tuple[Callable[[int], None], Callable[[bool], None]]]":
    """Show how far a run is, on stderr: a bar with rate and time left on a terminal, single lines elsewhere.

    Gives two functions: one to call with the number of photographs, one after each of them.
    """
    from tqdm import tqdm

    bars: list[tqdm[None]] = []
    plain = _PlainProgress(what)
    if not sys.stderr.isatty():
        yield plain.start, plain.step
        return

    def start(total: int) -> None:
        if total:
            bars.append(tqdm(total=total, desc=what, unit=" photos", file=sys.stderr, dynamic_ncols=True))

    def step(failed: bool) -> None:
        bars[0].update()

    try:
        yield start, step
    finally:
        for bar in bars:
            bar.close()


class _PlainProgress:
    """A line every few seconds, for logs."""

    def __init__(self, what: str) -> None:
        self._what = what
        self._total = self._done = 0
        self._started = self._last = 0.0

    def start(self, total: int) -> None:
        self._total = total
        self._started = self._last = time.monotonic()

    def step(self, failed: bool) -> None:
        self._done += 1
        now = time.monotonic()
        if now - self._last < _PLAIN_EVERY_S:
            return
        self._last = now
        rate = self._done / (now - self._started)
        left = (self._total - self._done) / rate
        click.echo(
            f"{self._what}: {self._done} of {self._total} photos, {rate:.1f} a second, {left:.0f} s left",
            err=True,
        )


def show_failures(failures: Sequence[tuple[str, str]], more: str = "") -> None:
    """List photographs that failed, as (id, reason), on stderr; `more` says where all of them are listed."""
    for name, reason in failures[:_LISTED]:
        click.echo(f"failed: {printable(name)}: {reason}", err=True)
    if len(failures) > _LISTED:
        click.echo(f"… and {len(failures) - _LISTED} more{more}", err=True)


def check_output(path: str | None) -> None:
    """Refuse a file to write whose folder is not there, before any work is done for it.

    Raises:
        RetrieveError: the folder does not exist.
    """
    from extract.errors import RetrieveError

    if path and not Path(path).resolve().parent.is_dir():
        raise RetrieveError(f"cannot write {path!r}: its folder does not exist; make it first")


def printable(name: str) -> str:
    """Give a name on one line: line breaks and other control characters are escaped."""
    return "".join(char if char.isprintable() else char.encode("unicode_escape").decode() for char in name)


def echo_json(values: Mapping[str, object]) -> None:
    """Print one JSON object on one line to stdout."""
    click.echo(json.dumps(values, ensure_ascii=False, allow_nan=False))
