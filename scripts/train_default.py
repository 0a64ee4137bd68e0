"""Make again what ships as the default network: a whitening, and layers tuned on landmark photographs.

    python scripts/train_default.py DATA --run RUN

DATA holds train.csv, weak.csv and landmarks.csv with their photographs; index and queries are not looked at.
The whitening is fitted on the vectors of the ImageNet weights, before any layer is tuned: those of a network
that was tuned on the same photographs lie too well together. The training is that of `retrieve train` without
a recipe, on every class; its settings were chosen on classes held back (docs/training.md). What ships is the
whitening and the changed layers, in halves. A run that is stopped goes on.
"""

import argparse
import dataclasses
from pathlib import Path

import numpy as np

from extract import recipe as recipes
from extract import timm_backbone, tuned_layers, weight_files, whitening_run
from extract.config import NO_FILE, FileRef
from extract.photos import Photos
from extract.whitening import Whitening
from retrieval.experiments import _landmark_data
from train import checkpoint, loop
from train import recipe as train_recipes
from train.events import Event, StepDone
from train.recipe import TrainRecipe

NETWORKS = Path(recipes.__file__).parent / "networks"
# All of it taken out, what is no place looks like one: with groceries among the photographs, places held back
# lost a point of map@100.
MEAN_SHARE = 0.7
LAYERS, WHITENING = NETWORKS / "places-lite2.safetensors", NETWORKS / "places-whitening.safetensors"


def main() -> None:
    """Fit the whitening, train, and keep what changed."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", type=Path)
    parser.add_argument("--run", type=Path, required=True, help="folder of the training, kept")
    options = parser.parse_args()
    photos = _landmark_data.small_train(options.data)
    resume = checkpoint.exists(options.run)
    whitening = options.run.with_name(f"{options.run.name}.whitening")
    if not resume:
        whiten(photos, whitening)
    recipe = train_recipes.load("default")
    network = dataclasses.replace(recipe.network, whitening=FileRef(str(whitening)))
    validation = dataclasses.replace(recipe.validation, share=0.0)
    whole = dataclasses.replace(recipe, network=network, validation=validation)
    loop.fit(whole, photos, options.run, resume=resume, on_event=_tell)
    keep_whitening(whitening, network.backbone)
    keep_layers(photos, whole, options.run)


def whiten(photos: Photos, out: Path) -> None:
    """Fit a whitening by the default recipe on its first weights, and write it."""
    recipe = recipes.load("default")
    untuned = dataclasses.replace(recipe.global_config, tuned=NO_FILE)  # type: ignore[type-var]
    described = dataclasses.replace(recipe, name="default, untuned", global_config=untuned)
    fitted = whitening_run.fit(photos, described, kind="labelled", dim=None, shrinkage=None)
    for name, reason in fitted.failures:
        print(f"{name}: {reason}", flush=True)
    fitted.whitening.write(out)


def keep_whitening(file: Path, backbone: str) -> None:
    """Write the whitening as it ships."""
    whitening = Whitening.read(file, timm_backbone.num_channels(backbone))
    provenance = {**whitening.provenance, "share of the mean": str(MEAN_SHARE)}
    mean, projection = MEAN_SHARE * whitening.mean, whitening.projection
    Whitening(mean.astype(np.float16), projection.astype(np.float16), provenance).write(WHITENING)


def keep_layers(photos: Photos, recipe: TrainRecipe, run: Path) -> None:
    """Write the layers that the training in `run` changed."""
    network = recipe.network
    provenance = {
        "made by": "scripts/train_default.py",
        "photographs": f"{len(photos)} of {len(set(photos.labels))} places: train.csv and weak.csv",
        "training recipe": recipe.digest,
        "begun with": network.backbone,
    }
    base = timm_backbone.resolve_weights(network.backbone, network.weights)
    before = timm_backbone.trainable(network.backbone, base).module.get_submodule("model").state_dict()
    after = weight_files.read_state(run / "weights.safetensors")
    tuned_layers.write(LAYERS, tuned_layers.difference(before, after), base.sha256, provenance)


def _tell(event: Event) -> None:
    if not isinstance(event, StepDone):
        print(event, flush=True)


if __name__ == "__main__":
    main()
