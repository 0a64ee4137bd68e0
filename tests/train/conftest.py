"""What runs share: photographs of a few places, the smallest of networks, and a recipe for both."""

import pytest

from train import labelled_photos, recipe

NUM_PLACES, PHOTOS_A_PLACE = 6, 4
TINY = {
    "name": "tiny",
    "epochs": 2,
    "batch_size": 4,
    "network": {
        "backbone": "test_efficientnet",
        "pretrained": False,
        "head": "mlp",
        "dim": 8,
        "dropout": 0.2,
    },
    "views": {"size_px": 32},
    "optimiser": {"warmup_steps": 2, "schedule": "constant", "rate": 1e-3, "ema": 0.9},
    "validation": {"share": 0.34},
    "recipe": {"global": {"size_px": 64}},
}


@pytest.fixture(scope="session")
def place_folder(tmp_path_factory, photograph):
    """A folder of six places with four photographs each."""
    folder = tmp_path_factory.mktemp("places")
    for place in range(NUM_PLACES):
        (folder / f"place-{place}").mkdir()
        for number in range(PHOTOS_A_PLACE):
            file = folder / f"place-{place}" / f"{number}.jpg"
            file.write_bytes(photograph(place + 4 * NUM_PLACES * number))
    return folder


@pytest.fixture(scope="session")
def place_photos(place_folder):
    return labelled_photos.read(place_folder)


@pytest.fixture(scope="session")
def tiny_recipe():
    """Give a recipe of a second; `tiny_recipe(optimiser={"rate": 1.0})` changes it."""

    def make(**changes):
        values = dict(TINY)
        for name, change in changes.items():
            values[name] = {**values[name], **change} if isinstance(values.get(name), dict) else change
        return recipe.from_plain(values)

    return make
