"""Run one row of the landmark study: a network, a search, perhaps a re-ranking."""

import dataclasses
import functools
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import cast

import numpy as np
from numpy.typing import NDArray

from evaluate.formats.usages import usage_of
from evaluate.outcome import Outcome
from extract import config as configs
from extract import recipe as recipes
from extract import recipe_files
from extract.recipe import Recipe
from rerank import chain as chains
from rerank import presets
from rerank.ranking import Ranking
from retrieval.experiments import _data, _landmark_data, _landmark_local, _run, _trained, _weights
from retrieval.experiments._kept import Measured, Points
from retrieval.experiments._landmark_arms import NAME
from retrieval.experiments._landmark_data import Landmarks
from retrieval.experiments._run import Work
from retrieval.experiments._study import Arm
from retrieval.indexes import flat
from retrieval.tuning import places
from train import recipe as train_recipes
from train import result

_DEPTH = 100
Settings = Mapping[str, object]
Vectors = NDArray[np.float32]


def run(arm: Arm, work: Work) -> Measured:
    """Measure one row with one seed.

    Raises:
        RetrieveError: the data do not suit, or a run fails.
    """
    data = _read(work.data, work.small)
    network, settings = _network_of(arm)
    recipe, random_start = _recipe(network, settings, data, work)
    # What no seed and no training has a part in is described once for all seeds.
    seedless = not random_start and "train" not in settings
    folder = _shared(work) / network if seedless else _folder(network, settings, work)
    vectors = _trained.described(recipe, _data.joined(data.database, data.queries), folder / "vectors.store")
    asked = vectors[len(data.database) :]
    index = flat.build(flat.Config(), vectors.shape[1])
    index.add(np.arange(len(data.database)), vectors[: len(data.database)])
    found = index.search(asked, min(_DEPTH, len(index)))
    if "chain" in arm.settings:
        found = _reranked(arm.settings, recipe, data, work, index, found, asked)
    return Measured(_outcomes(data, found), _points(data, vectors), random_start)


@functools.lru_cache(maxsize=1)
def _read(data: Path, small: bool) -> Landmarks:
    return _landmark_data.small(data) if small else _landmark_data.gldv2(data)


def _network_of(arm: Arm) -> tuple[str, Settings]:
    """Give name and settings of the row whose network this one asks: its own, or that of e4."""
    if "network_of" not in arm.settings:
        return arm.name, arm.settings
    ((name, settings),) = _table(arm.settings, "network_of").items()
    return name, cast(Settings, settings)


def _recipe(name: str, settings: Settings, data: Landmarks, work: Work) -> tuple[Recipe, bool]:
    """Give the recipe of a row's network, trained where it is not yet; tell whether it began at random."""
    own = dataclasses.replace(work, folder=_folder(name, settings, work))
    if "train" not in settings:
        untrained, random_start = _weights.with_weights(_table(settings, "plain"), work)
        return (_at_random(untrained, own) if random_start else _as_it_is(untrained)), random_start
    plain, random_start = _begun(settings, data, work)
    own.folder.mkdir(parents=True, exist_ok=True)
    return recipes.load(str(_trained.trained(plain, data.train, own))), random_start


def _begun(settings: Settings, data: Landmarks, work: Work) -> tuple[Settings, bool]:
    """Give a training with its first weights: ImageNet's, or those of the row that it begins with."""
    plain = _table(settings, "train")
    if "begins_with" not in settings:
        return _weights.with_weights(plain, work)
    ((name, before),) = _table(settings, "begins_with").items()
    _, random_start = _recipe(name, cast(Settings, before), data, work)
    weights = _folder(name, cast(Settings, before), work) / "run" / result.WEIGHTS_FILE
    network = {**_table(plain, "network"), "weights": str(weights.resolve())}
    return {**plain, "network": network}, random_start


def _as_it_is(plain: Settings) -> Recipe:
    """Give the recipe of a network that is not trained."""
    network, described = _table(plain, "network"), _table(plain, "recipe")
    return recipes.from_plain({**described, "global": {**network, **_table(described, "global")}})


def _at_random(plain: Settings, own: Work) -> Recipe:
    """Give the recipe of a network that begins, and ends, at random, its weights written into the folder."""
    network = _trained.network_of(plain, None, own)
    out = own.folder / "run"
    out.mkdir(parents=True, exist_ok=True)
    if not (out / result.RECIPE_FILE).is_file():
        recipe = train_recipes.from_plain({**plain, "seed": own.seed})
        result.write(out, recipe, network.backbone.get_submodule("model"), network.head, {})
    return recipes.load(str(out))


def _reranked(
    settings: Settings,
    network: Recipe,
    data: Landmarks,
    work: Work,
    index: flat.FlatIndex,
    found: Ranking,
    asked: Vectors,
) -> Ranking:
    local = _table(settings, "local")
    kinds = tuple(local)
    photos = _data.joined(data.database, data.queries)
    of_network = "patch" in local
    if of_network:
        recipe, folder = _landmark_local.with_network(network, local), work.folder / "patches.store"
    else:
        recipe = _landmark_local.without_network(_with_words(settings, data, work))
        folder = _shared(work) / f"{'-'.join(kinds)}-{recipe_files.resolve(recipe).digest[:8]}.store"
    store, rows = _landmark_local.stored(photos, recipe, folder)
    database = _landmark_local.LocalDatabase(index, store, rows[: len(data.database)])
    queries = _landmark_local.queries_of(store, rows[len(data.database) :], asked, kinds)
    chain = chains.parse(presets.expand(str(settings["chain"]), kinds), top=_DEPTH)
    done = chain.rerank(found, queries, database)
    if of_network:
        # A gigabyte for 8,000 photographs, of use to this row and seed alone.
        shutil.rmtree(folder)
    return done


def _with_words(settings: Settings, data: Landmarks, work: Work) -> dict[str, object]:
    """Give the tables of local descriptors, with the codebook that VLAD needs."""
    local = dict(_table(settings, "local"))
    if "words" not in settings:
        return local
    words = _table(settings, "words")
    file = _shared(work) / f"words-{configs.digest(words)[:8]}.safetensors"
    count, sift = cast(int, words["count"]), _table(words, "sift")
    codebook = _landmark_local.words(data.train, count, sift, file)
    return {"vlad": {**_table(local, "vlad"), "codebook": str(codebook.resolve())}}


def _outcomes(data: Landmarks, found: Ranking) -> dict[str, Outcome]:
    every = Outcome.from_rows(data.truth, found.rows)
    usages = np.array([usage_of(usage) for usage in data.truth.usages])
    return {"all": every, **{name: every.select(usages == name) for name in ("private", "public")}}


def _points(data: Landmarks, vectors: Vectors) -> Points:
    """Give the queries and what is correct for them, each labelled with its place."""
    numbers = places.places(data.truth)
    place_of = {
        row: number
        for number, relevant in zip(numbers.tolist(), data.truth.relevant, strict=True)
        for row in relevant.tolist()
    }
    rows = sorted(place_of)
    labels = [f"place {number}" for number in (*(place_of[row] for row in rows), *numbers.tolist())]
    asked = np.arange(len(data.database), len(vectors))
    return Points(vectors[np.concatenate([np.array(rows, np.int64), asked])], tuple(labels))


def _folder(name: str, settings: Settings, work: Work) -> Path:
    """Name the folder of a row with this seed, in the experiment that holds all rows."""
    arm = next(arm for arm in _run.load(NAME).STUDY.of_size(work.small) if arm.name == name)
    if arm.settings != settings:
        raise ValueError(f"the row {name} has other settings than the one that another builds on")
    return _run.folder_of(NAME, arm, work)


def _shared(work: Work) -> Path:
    size = "small" if work.small else "full"
    return (
        work.all_runs / f"{NAME}-shared" / f"{size}-{configs.digest({'data': str(work.data.resolve())})[:8]}"
    )


def _table(values: Settings, name: str) -> Settings:
    return cast(Settings, values[name])
