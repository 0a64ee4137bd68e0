"""The study's recipes e5, e6 and e7 from the command line, on a network whose weights are packaged."""

import json

import pytest

from extract.photos import Photos
from extract.store import DescriptorStore

pytestmark = pytest.mark.slow

# The study's own network needs weights from elsewhere.
NETWORK = ("--backbone", "tf_efficientnet_lite0")
CHAINS = {
    "e5": "sift-ratio:ratio=0.7:v=0.8:calibration=none",
    "e6": "vlad:v=0.5:calibration=none",
    "e7": "patch-maxsim:v=0.4:calibration=none",
}


@pytest.fixture(scope="module")
def folder(write_photos, tmp_path_factory):
    path = tmp_path_factory.mktemp("study")
    write_photos(path, 4)
    return path


@pytest.mark.parametrize("name", sorted(CHAINS))
def test_recipe_indexes_and_answers_by_its_own_chain(retrieve, folder, name, tmp_path):
    photos = Photos.read(str(folder))
    done = retrieve("index", folder, "--store", tmp_path / "S", "--recipe", name, *NETWORK, "--json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["described"] == 4
    asked = retrieve("query", tmp_path / "S", photos.paths[2], "--json")
    assert asked.returncode == 0, asked.stderr
    answer = json.loads(asked.stdout)
    assert answer["chain"] == CHAINS[name]
    assert answer["hits"][0]["id"] == photos.ids[2]
    assert answer["hits"][0]["local"] == pytest.approx(1, abs=0.02)


def test_e6_takes_centres_of_the_studys_own_sift(retrieve, folder, tmp_path):
    fitted = retrieve(
        "fit-codebook", folder, "--recipe", "e5", "--kind", "vlad", "--words", 4, "--out", tmp_path / "vlad"
    )
    assert fitted.returncode == 0, fitted.stderr
    done = retrieve(
        "index",
        folder,
        "--store",
        tmp_path / "S",
        "--recipe",
        "e6",
        *NETWORK,
        "--codebook",
        tmp_path / "vlad",
    )
    assert done.returncode == 0, done.stderr
    store = DescriptorStore.open(tmp_path / "S")
    (one, *_) = store.features("vlad", store.live.nonzero()[0]).descriptors
    assert one.shape == (4 * 128,)
    assert set(store.recipe.local) == {"vlad"}


def test_packaged_centres_beside_plain_sift_are_refused_in_one_sentence(retrieve, folder, tmp_path):
    done = retrieve(
        "index", folder, "--store", tmp_path / "S", "--recipe", "e5", *NETWORK, "--local", "sift,vlad"
    )
    assert done.returncode == 1
    (line,) = [line for line in done.stderr.splitlines() if line.startswith("error:")]
    assert "local.sift.root: true, not false" in line.lower()
    assert "`retrieve fit-codebook PHOTOS --kind vlad --out FILE`" in line
