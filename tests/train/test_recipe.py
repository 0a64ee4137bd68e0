"""Training recipes: read, refused with what is wrong, written as they were, told apart by their digest."""

import pytest

from extract import config as configs
from extract.config import FileRef
from extract.errors import ConfigError, PluginError
from train import recipe


def test_what_is_not_said_takes_its_default():
    made = recipe.from_plain({})
    assert (made.seed, made.batch_size, made.labels) == (0, 32, True)
    assert list(made.losses) == ["arcface"]
    assert (made.miner_kind, made.sampler_kind) == ("all", "random")


def test_a_recipe_is_read_as_it_was_written(tmp_path):
    made = recipe.from_plain(
        {
            "name": "mine",
            "seed": 3,
            "memory": 64,
            "views": {"policy": "randaugment"},
            "loss": {"triplet": {"weight": 0.5, "margin": 0.3}, "classification": {"weight": 0.5}},
            "miner": {"kind": "semi-hard", "margin": 0.2},
            "sampler": {"kind": "m-per-class", "per_class": 8},
            "recipe": {"global": {"size_px": 64}},
        }
    )
    (tmp_path / "other.toml").write_text(configs.to_toml(made.to_plain()))
    assert recipe.load(str(tmp_path / "other.toml")) == made


def test_every_setting_counts_in_the_digest_but_the_name():
    before = recipe.from_plain({}).digest
    assert recipe.from_plain({"name": "other"}).digest == before
    others = [
        {"seed": 1}, {"epochs": 4}, {"batch_size": 16}, {"memory": 8}, {"labels": False},
        {"network": {"gem_p": 3.0}}, {"views": {"size_px": 224}}, {"optimiser": {"rate": 1e-3}},
        {"validation": {"share": 0.2}}, {"loss": {"arcface": {"weight": 2.0}}}, {"loss": {"supcon": {}}},
        {"miner": {"kind": "random"}}, {"sampler": {"kind": "m-per-class"}},
        {"recipe": {"global": {"size_px": 64}}},
    ]  # fmt: skip
    digests = {recipe.from_plain(values).digest for values in others}
    assert len(digests | {before}) == len(others) + 1


def test_files_count_by_content_and_lie_beside_the_recipe(tmp_path):
    (tmp_path / "a.toml").write_text('[network]\nweights = "w/first.safetensors"\nwhitening = "../white"\n')
    network = recipe.load(str(tmp_path / "a.toml")).network
    assert network.weights == FileRef(str(tmp_path / "w/first.safetensors"))
    assert network.whitening == FileRef(str(tmp_path.parent / "white"))
    here, there = (
        recipe.from_plain({"network": {"weights": {"path": path, "sha256": "ab"}}}) for path in ("a", "b")
    )
    assert here.digest == there.digest


@pytest.mark.parametrize(
    ("values", "error", "sentence"),
    [
        ({"epoch": 3}, ConfigError, "recipe has no setting 'epoch'; did you mean 'epochs'"),
        ({"epochs": 2.0}, ConfigError, "epochs must be like 3, got 2.0"),
        ({"seed": True}, ConfigError, "seed must be like 0, got True"),
        ({"epochs": 0}, ConfigError, "epochs must be at least 1, got 0"),
        ({"batch_size": 1}, ConfigError, "batch_size must be at least 2, got 1"),
        ({"views": 3}, ConfigError, "views must be a table, got 3"),
        ({"optimiser": {"rat": 1.0}}, ConfigError, "did you mean 'rate'"),
        ({"loss": {"arcface": {"weight": 0}}}, ConfigError, "loss.arcface.weight must be a number above 0"),
        ({"loss": {"arkface": {}}}, PluginError, "no loss 'arkface'; did you mean 'arcface'"),
        ({"miner": {"kind": "softest"}}, PluginError, "there is no miner 'softest'"),
        ({"network": {"dim": 8}}, ConfigError, "network.dim must be 0 without a head"),
        ({"network": {"frozen": True}}, ConfigError, "network.frozen leaves nothing to train without a head"),
        ({"network": {"frozen_stages": -1}}, ConfigError, "network.frozen_stages must be 0 or more, got -1"),
        ({"network": {"dropout": 1.0}}, ConfigError, "network.dropout must be at least 0 and below 1"),
        ({"views": {"size_px": 8}}, ConfigError, "views.size_px must be between 16 and 2048, got 8"),
        ({"views": {"min_area": 0.0}}, ConfigError, "views.min_area must be between 0 and 1, got 0"),
        ({"views": {"copies": 0}}, ConfigError, "views.copies must be at least 1"),
        ({"optimiser": {"rate": 0.0}}, ConfigError, "optimiser.rate must be above 0, got 0"),
        ({"optimiser": {"accumulate": 0}}, ConfigError, "optimiser.accumulate must be at least 1"),
        ({"optimiser": {"clip_norm": -1.0}}, ConfigError, "clip_norm must be 0 or more"),
        ({"optimiser": {"ema": 1.0}}, ConfigError, "optimiser.ema must be at least 0 and below 1"),
        ({"validation": {"share": 1.0}}, ConfigError, "validation.share must be at least 0 and below 1"),
        ({"validation": {"max_photos": 1}}, ConfigError, "validation.max_photos 2 or more"),
    ],
)
def test_a_mistake_is_one_sentence(values, error, sentence):
    with pytest.raises(error, match=sentence):
        recipe.from_plain(values)


def test_presets_are_read_by_name():
    assert "default" in recipe.preset_names()
    assert recipe.load("default").name == "default"
    with pytest.raises(ConfigError, match="no training recipe 'defalt'; did you mean 'default'"):
        recipe.load("defalt")


def test_recipes_are_read_without_torch(run_python):
    done = run_python(
        "import sys; from train import recipe; recipe.load('default'); print('torch' in sys.modules)"
    )
    assert done.stdout == "False\n", done.stderr
