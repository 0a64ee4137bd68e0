"""Plug-ins: found by file name, imported one at a time, and absent ones explained."""

import sys

import pytest

from extract import plugins
from extract.errors import PluginError


@pytest.fixture
def package(tmp_path, monkeypatch):
    """A package `birds.calls` of four plug-ins, two of which cannot be imported."""
    folder = tmp_path / "birds" / "calls"
    folder.mkdir(parents=True)
    (tmp_path / "birds" / "__init__.py").write_text("")
    (folder / "__init__.py").write_text("")
    (folder / "_shared.py").write_text("")
    (folder / "song_thrush.py").write_text("LOUDNESS = 3\n")
    (folder / "wren.py").write_text("from birds.calls.song_thrush import LOUDNESS\n")
    (folder / "aliked.py").write_text("import a_library_nobody_has\n")
    (folder / "broken.py").write_text("raise RuntimeError('imported')\n")
    monkeypatch.syspath_prepend(tmp_path)
    yield "birds.calls"
    for name in [name for name in sys.modules if name.split(".")[0] == "birds"]:
        del sys.modules[name]


def test_names_are_the_files_sorted_with_hyphens(package):
    assert plugins.names(package) == ["aliked", "broken", "song-thrush", "wren"]


def test_names_are_found_without_importing(package):
    plugins.names(package)
    assert not [name for name in sys.modules if name.startswith("birds.calls.")]


def test_load_imports_one_module(package):
    assert plugins.load(package, "song-thrush").LOUDNESS == 3
    assert [name for name in sys.modules if name.startswith("birds.calls.")] == ["birds.calls.song_thrush"]


def test_a_misspelt_name_is_refused_with_the_nearest(package):
    with pytest.raises(PluginError, match=r"^there is no call 'song-trush'; did you mean 'song-thrush'\?$"):
        plugins.load(package, "song-trush")


def test_a_name_near_to_none_is_refused_with_all(package):
    with pytest.raises(
        PluginError, match=r"^there is no call 'x'; there are: aliked, broken, song-thrush, wren$"
    ):
        plugins.load(package, "x")


@pytest.mark.parametrize("name", ["_shared", "song_thrush", "", "../wren", "wren.LOUDNESS"])
def test_a_file_name_is_no_plugin_name(package, name):
    with pytest.raises(PluginError):
        plugins.load(package, name)


def test_a_missing_library_is_named(package):
    with pytest.raises(
        PluginError, match=r"^aliked needs the package a_library_nobody_has; install it and run again$"
    ):
        plugins.load(package, "aliked")


def test_a_mistake_inside_a_plugin_is_not_hidden(package):
    with pytest.raises(RuntimeError, match="imported"):
        plugins.load(package, "broken")


@pytest.mark.parametrize(
    ("package_name", "noun"),
    [
        ("extract.local_descriptors", "local descriptor"),
        ("extract.global_descriptors", "global descriptor"),
        ("rerank.methods", "re-ranker"),
        ("retrieval.indexes", "index"),
    ],
)
def test_the_error_speaks_of_the_kind_of_plugin(package_name, noun):
    with pytest.raises(PluginError, match=f"^there is no {noun} 'nothing-like-it'; "):
        plugins.load(package_name, "nothing-like-it")


@pytest.mark.parametrize("package_name", ["extract.local_descriptors", "extract.global_descriptors"])
def test_every_descriptor_that_ships_has_a_config_and_build(package_name):
    for name in plugins.names(package_name):
        plugin = plugins.load(package_name, name)
        assert callable(plugin.Config)
        assert callable(plugin.build)
