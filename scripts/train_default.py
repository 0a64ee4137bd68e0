"""Make again what ships as the default network: tuned layers and whitening from landmark photographs.

    python scripts/train_default.py DATA --run RUN

DATA holds train.csv, weak.csv and landmarks.csv with their photographs; index and queries are not looked at.
The settings are those of `retrieve train` without a recipe, on every class; they were chosen on classes held
back (docs/training.md). What ships is the changed layers alone, in halves. A run that is stopped goes on.
"""

import argparse
import dataclasses
from pathlib import Path

import numpy as np

from extract import recipe as recipes
from extract import timm_backbone, tuned_layers, weight_files, whitening_run
from extract.config import FileRef
from extract.whitening import Whitening
from retrieval.experiments import _landmark_data
from train import loop
from train import recipe as train_recipes
from train.events import Event, StepDone

PACKAGED = Path(recipes.__file__).parent
LAYERS = PACKAGED / "networks" / "places-lite2.safetensors"
WHITENING = PACKAGED / "whitenings" / "places-lite2.safetensors"
# Chosen on classes held back: docs/training.md.
DIM, SHRINKAGE = 512, 0.9


def main() -> None:
    """Train, keep what changed, and fit the whitening on the vectors of the tuned network."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", type=Path)
    parser.add_argument("--run", type=Path, required=True, help="folder of the training, kept")
    options = parser.parse_args()
    photos = _landmark_data.small_train(options.data)
    recipe = train_recipes.load("default")
    whole = dataclasses.replace(recipe, validation=dataclasses.replace(recipe.validation, share=0.0))
    loop.fit(whole, photos, options.run, resume=options.run.exists(), on_event=_tell)
    provenance = {
        "made by": "scripts/train_default.py",
        "photographs": f"{len(photos)} of {len(set(photos.labels))} places: train.csv and weak.csv",
        "training recipe": whole.digest,
        "begun with": recipe.network.backbone,
    }
    base = timm_backbone.resolve_weights(recipe.network.backbone, recipe.network.weights)
    before = timm_backbone.trainable(recipe.network.backbone, base).module.get_submodule("model").state_dict()
    after = weight_files.read_state(options.run / "weights.safetensors")
    LAYERS.parent.mkdir(exist_ok=True)
    tuned_layers.write(LAYERS, tuned_layers.difference(before, after), base.sha256, provenance)
    plain = recipes.load("imagenet")
    config = dataclasses.replace(plain.global_config, tuned=FileRef(str(LAYERS)))  # type: ignore[type-var]
    tuned = dataclasses.replace(plain, global_config=config)
    fitted = whitening_run.fit(photos, tuned, kind="labelled", dim=DIM, shrinkage=SHRINKAGE).whitening
    WHITENING.parent.mkdir(exist_ok=True)
    halved = (fitted.mean.astype(np.float16), fitted.projection.astype(np.float16))
    Whitening(*halved, {**fitted.provenance, **provenance}).write(WHITENING)


def _tell(event: Event) -> None:
    if not isinstance(event, StepDone):
        print(event, flush=True)


if __name__ == "__main__":
    main()
