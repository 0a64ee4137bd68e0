"""A small collection of real photographs, hard views of them, and a store over them, made once."""

import subprocess
import sys

import pytest

from extract import recipe, run
from extract.photos import Photos
from retrieval import cli, demo

RECIPE = {"name": "small", "global": {"kind": "thumbnail"}, "local": {"sift": {"max_keypoints": 300}}}


@pytest.fixture(scope="session")
def places(tmp_path_factory):
    """The demonstration's photographs: an index list, a query list, labels that are right."""
    return demo.make(tmp_path_factory.mktemp("places"))


@pytest.fixture(scope="session")
def small_recipe():
    return recipe.from_plain(RECIPE)


@pytest.fixture(scope="session")
def store(places, small_recipe, tmp_path_factory):
    path = tmp_path_factory.mktemp("stores") / "places.store"
    run.run(Photos.read(places.index), small_recipe, path)
    return path


@pytest.fixture(scope="session")
def recipe_file(tmp_path_factory):
    path = tmp_path_factory.mktemp("recipes") / "small.toml"
    path.write_text('[global]\nkind = "thumbnail"\n[local.sift]\nmax_keypoints = 300\n')
    return path


@pytest.fixture(scope="session")
def retrieve():
    """Run the command line in a process of its own: `retrieve("index", …)` gives the finished process."""

    def call(*arguments, **options):
        program = [sys.executable, "-c", "from retrieval.cli import main; main()"]
        return subprocess.run(
            [*program, *map(str, arguments)], capture_output=True, text=True, timeout=300, **options
        )

    return call


@pytest.fixture
def run_here(monkeypatch, capsys):
    """Run the command line in this process, where starting one costs too much; give what `retrieve` gives."""

    def call(*arguments):
        monkeypatch.setattr(sys, "argv", ["retrieve", *map(str, arguments)])
        capsys.readouterr()
        code = cli._run()
        return subprocess.CompletedProcess(arguments, code, *capsys.readouterr())

    return call
