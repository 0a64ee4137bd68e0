"""`retrieve experiment` at the command line: the list, the table, and sentences for what is missing."""

import json

import pytest


def test_list_names_every_experiment_with_the_studys_figures(run_here):
    done = run_here("experiment", "--list")
    assert done.returncode == 0, done.stderr
    lines = {line.split()[0]: line for line in done.stdout.splitlines()}
    assert "F1 0.618 to 0.709" in lines["losses"]
    assert "one-shot 0.200, three-shot 0.280" in lines["mushrooms"]
    assert not any(name.startswith("_") for name in lines)


def test_a_run_prints_its_table_and_the_next_one_the_same(fake, run_here, tmp_path):
    arguments = ("experiment", "fake", "--small", "--data", tmp_path, "--out", tmp_path / "out", "--seeds", 2)
    first = run_here(*arguments)
    assert first.returncode == 0, first.stderr
    assert "the study's ranking holds" in first.stdout
    again = run_here(*arguments, "--json")
    assert json.loads(again.stdout)["seeds"] == 2
    assert len(fake.calls) == 4


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["lossse"], "did you mean 'losses'"),
        (["losses"], "--data must name the folder tiny-imagenet-200"),
        (["losses", "--data", "gone"], "'gone' is not there"),
        (["losses", "--small", "--data", "gone"], "must name the small sets"),
        (["losses", "--small", "--data", ".", "--weights", "gone"], "the file 'gone' is not there"),
    ],
)
def test_what_is_missing_is_one_sentence(run_here, arguments, sentence, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    done = run_here("experiment", *arguments)
    assert done.returncode == 1
    assert sentence in done.stderr.splitlines()[-1]


def test_without_a_name_the_list_is_proposed(run_here):
    assert "--list" in run_here("experiment").stderr
