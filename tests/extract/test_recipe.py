"""A recipe's digest covers every setting that changes a number, and nothing else."""

import dataclasses
import json

import pytest

from extract import plugins, recipe
from extract.config import NO_FILE, FileRef
from extract.errors import ConfigError, PluginError

# Another value for every setting; a setting that is missing here fails test_every_setting_is_tried.
OTHER = {
    ("photos", "max_side_px"): 512,
    ("photos", "max_pixels"): 1_000_000,
    ("network", "backbone"): "resnet18",
    ("network", "weights"): {"path": "", "sha256": "ab"},
    ("network", "size_rule"): "crop",
    ("network", "size_px"): 256,
    ("network", "resize_px"): 300,
    ("network", "multiple_px"): 16,
    ("network", "pooling"): "avg",
    ("network", "gem_p"): 4.0,
    ("network", "scales"): [1.0, 0.5],
    ("network", "tuned"): {"path": "", "sha256": "ab"},
    ("network", "head"): {"path": "", "sha256": "ab"},
    ("network", "whitening"): {"path": "", "sha256": "ab"},
    ("network", "normalise"): False,
    ("thumbnail", "side_px"): 4,
    ("sift", "max_keypoints"): 100,
    ("sift", "max_side_px"): 400,
    ("sift", "root"): False,
    ("sift", "contrast_threshold"): 0.02,
    ("vlad", "codebook"): {"path": "", "sha256": "ab"},
    ("vlad", "power"): 0.25,
    ("vlad", "intra"): True,
    ("asmk", "codebook"): {"path": "", "sha256": "ab"},
    ("patch", "grid"): 5,
    ("patch", "projection"): {"path": "", "sha256": "ab"},
    ("learned", "network"): "disk",
    ("learned", "weights"): {"path": "", "sha256": "ab"},
    ("learned", "max_keypoints"): 100,
    ("learned", "max_side_px"): 400,
}
# `crop` takes a side of at most resize_px, 256 by default.
BASE = {"size_px": 240, "multiple_px": 24}


def made(table, values):
    """Give the recipe with `values` in one of its tables."""
    kind = "thumbnail" if table == "thumbnail" else "network"
    tables = {"global": {"kind": kind, **(BASE if kind == "network" else {})}, "local": {"sift": {}}}
    if table in ("network", "thumbnail"):
        tables["global"] |= values
    elif table == "photos":
        tables["photos"] = values
    else:
        tables["local"] = {table: values}
    return recipe.from_plain(tables)


def configs():
    yield "photos", recipe.images.Config
    for package in (recipe.GLOBAL_PLUGINS, recipe.LOCAL_PLUGINS):
        for name in plugins.names(package):
            yield name, plugins.load(package, name).Config


class TestDigest:
    def test_every_setting_is_tried(self):
        known = {(table, field.name) for table, config in configs() for field in dataclasses.fields(config)}
        assert set(OTHER) == known

    @pytest.mark.parametrize(("table", "name"), sorted(OTHER))
    def test_a_setting_that_changes_a_number_changes_it(self, table, name):
        assert made(table, {name: OTHER[table, name]}).digest != made(table, {}).digest

    def test_no_two_of_these_recipes_share_one(self):
        digests = [made(table, {name: value}).digest for (table, name), value in OTHER.items()]
        assert len(set(digests)) == len(digests)

    def test_name_and_chain_do_not_count(self):
        plain = {"global": {"kind": "thumbnail"}}
        rerank = {"chain": "sift-ratio", "top": 7, "sift-ratio": {"ratio": 0.7}}
        other = recipe.from_plain({"name": "other", "rerank": rerank, **plain})
        assert other.digest == recipe.from_plain(plain).digest

    def test_the_path_of_a_file_does_not_count_but_its_content_does(self):
        def digest(path, sha256):
            return made("network", {"weights": {"path": path, "sha256": sha256}}).digest

        assert digest("a.pt", "00") == digest("b.pt", "00") != digest("a.pt", "01")

    def test_another_descriptor_changes_it(self):
        with_sift, without = made("photos", {}), recipe.with_local(made("photos", {}), [])
        assert with_sift.digest != without.digest != made("thumbnail", {}).digest

    def test_files_that_came_later_leave_that_of_older_stores_as_it_was(self):
        # as it was before `head` and `tuned` were settings
        plain = recipe.load("imagenet").to_plain()
        older = {name: value for name, value in plain["global"].items() if name not in ("head", "tuned")}
        assert recipe.from_plain({**plain, "global": older}).digest == "c7e6073828036f7b"

    def test_a_new_way_to_extract_changes_it(self, monkeypatch):
        before = made("photos", {}).digest
        monkeypatch.setattr(recipe, "EXTRACTION_VERSION", recipe.EXTRACTION_VERSION + 1)
        assert made("photos", {}).digest != before

    def test_settings_in_another_order_and_defaults_written_out_do_not_count(self):
        plain = made("photos", {}).to_plain()
        backwards = {key: dict(reversed(plain[key].items())) for key in ("local", "photos", "global")}
        assert recipe.from_plain(backwards).digest == made("photos", {}).digest


class TestDifferences:
    @pytest.mark.parametrize(("table", "name"), sorted(OTHER))
    def test_a_setting_that_differs_is_named_with_both_values(self, table, name):
        ours, theirs = made(table, {}), made(table, {name: OTHER[table, name]})
        (difference,) = recipe.differences(ours, theirs)
        assert name in difference
        assert ", not " in difference

    def test_a_descriptor_that_one_lacks_is_nothing_there(self):
        ours = made("photos", {})
        found = recipe.differences(recipe.with_local(ours, []), ours)
        assert "local.sift.max_keypoints: nothing, not 500" in found
        assert all(line.startswith("local.sift.") for line in found)

    def test_what_does_not_count_does_not_differ(self):
        ours = recipe.from_plain({"name": "a", "global": {"weights": {"path": "a", "sha256": "0"}}})
        theirs = recipe.from_plain({"name": "b", "global": {"weights": {"path": "b", "sha256": "0"}}})
        assert recipe.differences(ours, theirs) == []


class TestFromPlain:
    @pytest.mark.parametrize(
        ("values", "sentence"),
        [
            ({"globl": {}}, r"recipe has no table 'globl'; did you mean 'global'\?"),
            ({"global": {"poling": "avg"}}, r"global has no setting 'poling'; did you mean 'pooling'\?"),
            ({"global": []}, r"recipe: global must be a table, got \[\]"),
            ({"local": {"sift": 3}}, r"local: sift must be a table, got 3"),
            ({"local": {"sift": {"root": 1}}}, r"local\.sift\.root must be true or false, got 1"),
            ({"photos": {"max_side_px": "9"}}, r"photos\.max_side_px must be a whole number, got '9'"),
            ({"rerank": {"top": 0}}, r"rerank\.top must be at least 1, got 0"),
            ({"rerank": {"chian": "none"}}, r"rerank has no setting 'chian'; did you mean 'chain'\?"),
        ],
    )
    def test_a_mistake_is_one_sentence(self, values, sentence):
        with pytest.raises(ConfigError, match=f"^{sentence}"):
            recipe.from_plain(values)

    def test_an_unknown_descriptor_is_refused_with_the_nearest(self):
        with pytest.raises(PluginError, match=r"no local descriptor 'sfit'; did you mean 'sift'\?"):
            recipe.from_plain({"local": {"sfit": {}}})
        with pytest.raises(PluginError, match=r"no global descriptor 'thumb'; "):
            recipe.from_plain({"global": {"kind": "thumb"}})

    def test_a_recipe_comes_back_from_json(self):
        made_here = recipe.from_plain(
            {
                "name": "n",
                "global": {"scales": [1.0, 0.7], "weights": "w.pt"},
                "local": {"sift": {"max_keypoints": 9}},
                "rerank": {"chain": "sift-ratio", "sift-ratio": {"ratio": 0.7}},
            }
        )
        again = recipe.from_plain(json.loads(json.dumps(made_here.to_plain())))
        assert again == made_here
        assert again.digest == made_here.digest


class TestLoad:
    @pytest.mark.parametrize("name", recipe.preset_names())
    def test_every_preset_loads_under_its_name(self, name):
        assert recipe.load(name).name == name

    def test_presets_are_read_without_torch(self, run_python):
        program = (
            "import sys; from extract import recipe; recipe.load('default'); print('torch' in sys.modules)"
        )
        assert run_python(program).stdout == "False\n"

    def test_no_two_presets_give_the_same_numbers(self):
        # `default` may be `imagenet` with what was fitted over it, or not yet
        names = [name for name in recipe.preset_names() if name != "default"]
        assert len({recipe.load(name).digest for name in names}) == len(names)

    def test_imagenet_is_the_default_without_what_was_fitted_and_plainly_pooled(self):
        default, imagenet = (recipe.load(name) for name in ("default", "imagenet"))
        plain = {**dict.fromkeys(("tuned", "head", "whitening"), NO_FILE), "pooling": "gem"}
        assert dataclasses.replace(default.global_config, **plain) == imagenet.global_config
        assert not recipe.configs.files(imagenet.global_config)

    @pytest.mark.parametrize(("name", "kind"), [("e5", "sift"), ("e6", "vlad"), ("e7", "patch")])
    def test_a_re_ranking_of_the_study_is_its_extraction_and_one_local_descriptor(self, name, kind):
        loaded, thesis = recipe.load(name), recipe.load("thesis")
        assert list(loaded.local) == [kind]
        assert recipe.with_local(loaded, []).digest == thesis.digest
        assert (loaded.rerank.chain, loaded.rerank.top) == (name, 100)

    def test_the_studys_sift_is_neither_rooted_nor_cut_off(self):
        sift = recipe.load("e5").local["sift"]
        assert (sift.root, sift.max_keypoints) == (False, 100_000)

    def test_a_misspelt_preset_is_refused_with_the_nearest(self):
        with pytest.raises(
            ConfigError, match=r"no recipe 'defualt'; did you mean 'default'\? \(a recipe file"
        ):
            recipe.load("defualt")

    def test_files_are_relative_to_the_recipes_own_folder(self, tmp_path, monkeypatch):
        (tmp_path / "mine").mkdir()
        text = '[global]\nweights = "w/a.safetensors"\nwhitening = "/srv/b"\n'
        (tmp_path / "mine" / "places.toml").write_text(text)
        monkeypatch.chdir(tmp_path)
        loaded = recipe.load("mine/places.toml")
        assert loaded.name == "places"
        assert loaded.global_config.weights == FileRef(str(tmp_path / "mine/w/a.safetensors"))
        assert loaded.global_config.whitening == FileRef("/srv/b")

    def test_a_folder_is_read_by_the_recipe_in_it(self, tmp_path, monkeypatch):
        (tmp_path / "run").mkdir()
        (tmp_path / "run" / "recipe.toml").write_text('[global]\nhead = "h"\ntuned = "../t"\n')
        monkeypatch.chdir(tmp_path)
        loaded = recipe.load("run")
        assert loaded.name == "run"
        assert loaded.global_config.head == FileRef(str(tmp_path / "run/h"))
        assert loaded.global_config.tuned == FileRef(str(tmp_path / "t"))
        assert recipe.load("run/") == recipe.load("run/recipe.toml") == loaded

    def test_a_folder_without_a_recipe_is_refused(self, tmp_path):
        with pytest.raises(
            ConfigError, match=r"holds no recipe\.toml; one that `retrieve train` filled does"
        ):
            recipe.load(str(tmp_path))

    def test_files_of_a_preset_are_relative_to_the_presets(self, tmp_path, monkeypatch):
        (tmp_path / "recipes").mkdir()
        text = '[global]\ntuned = "../networks/places.safetensors"\n'
        (tmp_path / "recipes" / "places.toml").write_text(text)
        monkeypatch.setattr(recipe, "PRESETS", tmp_path / "recipes")
        loaded = recipe.load("places")
        assert loaded.global_config.tuned == FileRef(str(tmp_path / "networks/places.safetensors"))
        assert recipe.from_plain(loaded.to_plain()) == loaded

    def test_a_mistake_in_a_file_names_the_file(self, tmp_path):
        (tmp_path / "a.toml").write_text("[photo]\n")
        with pytest.raises(ConfigError, match=r"a\.toml' has no table 'photo'; did you mean 'photos'"):
            recipe.load(str(tmp_path / "a.toml"))

    @pytest.mark.parametrize(("content", "sentence"), [(None, "cannot read"), ("[", "is not a TOML file")])
    def test_a_file_that_cannot_be_used_is_named(self, tmp_path, content, sentence):
        if content:
            (tmp_path / "a.toml").write_text(content)
        with pytest.raises(ConfigError, match=sentence):
            recipe.load(str(tmp_path / "a.toml"))


class TestWithLocal:
    def test_settings_that_the_recipe_has_are_kept(self):
        given = recipe.from_plain({"local": {"sift": {"max_keypoints": 9}}})
        assert recipe.with_local(given, ["sift"]).local["sift"].max_keypoints == 9

    def test_a_chain_that_is_named_stays(self):
        given = recipe.from_plain({"rerank": {"chain": "sift-ratio", "top": 7}})
        rerank = recipe.with_local(given, ["sift"]).rerank
        assert (rerank.chain, rerank.top) == ("sift-ratio", 7)

    def test_no_descriptor_is_an_answer_too(self):
        given = recipe.from_plain({"local": {"sift": {}}})
        assert recipe.with_local(given, []).local == {}


def test_presence_is_kept_and_not_written_where_there_is_none():
    plain = {"rerank": {"chain": "none", "presence": [4.0, -2.0], "presence_threshold": 0.6}}
    fitted = recipe.from_plain(plain)
    assert fitted.rerank.presence == (4.0, -2.0)
    assert recipe.from_plain(fitted.to_plain()) == fitted
    assert "presence" not in recipe.from_plain({}).to_plain()["rerank"]


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"presence": [1.0]}, "rerank.presence must be .slope, intercept."),
        ({"presence": [1.0, float("inf")]}, "rerank.presence must be"),
        (
            {"presence": [1.0, 2.0], "presence_threshold": 1.5},
            "presence_threshold must be between 0 and 1, got 1.5",
        ),
    ],
)
def test_presence_that_means_nothing_is_refused(settings, sentence):
    with pytest.raises(ConfigError, match=sentence):
        recipe.from_plain({"rerank": settings})
