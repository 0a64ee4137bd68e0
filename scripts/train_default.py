"""Make again what ships as the default network: its layers tuned on landmark photographs.

    python scripts/train_default.py DATA --run RUN

DATA holds train.csv, weak.csv and landmarks.csv with their photographs; index and queries are not looked at.
The settings are those of `retrieve train` without a recipe, on every class; they were chosen on classes held
back (docs/training.md). What ships is the changed layers alone, in halves. A run that is stopped goes on.
"""

import argparse
import dataclasses
from pathlib import Path

import torch

from extract import recipe as recipes
from extract import timm_backbone, tuned_layers, weight_files
from retrieval.experiments import _landmark_data
from train import loop
from train import recipe as train_recipes
from train.events import Event, StepDone

PACKAGED = Path(recipes.__file__).parent
LAYERS = PACKAGED / "networks" / "places-lite2.safetensors"
# Chosen on classes held back: docs/training.md. A mean of the tuned and the first weights loses less on what
# the training photographs do not show (Wortsman et al., Robust fine-tuning of zero-shot models, CVPR 2022).
TUNED_SHARE = 0.6


def main() -> None:
    """Train, and keep what changed."""
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
        "share of the tuned weights": str(TUNED_SHARE),
    }
    base = timm_backbone.resolve_weights(recipe.network.backbone, recipe.network.weights)
    before = timm_backbone.trainable(recipe.network.backbone, base).module.get_submodule("model").state_dict()
    after = weight_files.read_state(options.run / "weights.safetensors")
    LAYERS.parent.mkdir(exist_ok=True)
    changed = {
        name: torch.lerp(before[name], value, TUNED_SHARE)
        for name, value in tuned_layers.difference(before, after).items()
    }
    tuned_layers.write(LAYERS, changed, base.sha256, provenance)


def _tell(event: Event) -> None:
    if not isinstance(event, StepDone):
        print(event, flush=True)


if __name__ == "__main__":
    main()
