"""What an experiment leaves on disk, and the list of all."""

import json

import numpy as np
import pytest

from extract.errors import RetrieveError
from retrieval.experiments import _picture, _report, _run
from retrieval.experiments._kept import Points


def work(folder, small=True):
    return _run.Work(folder, small, 0, folder, folder / "out", {})


def test_tables_pictures_and_plain_values_are_written(fake, tmp_path):
    done = _report.make("fake", work(tmp_path), 2, lambda arm, seed, is_kept: None)
    assert done.folder == tmp_path / "out" / "fake-small"
    assert (done.folder / "table.txt").read_text().strip() == done.text.strip()
    assert json.loads((done.folder / "table.json").read_text()) == json.loads(json.dumps(done.values))
    assert (done.folder / "table.md").read_text().startswith("# fake: Two arms (small run)")
    for name in ("figures.png", "tsne.png"):
        assert (done.folder / name).read_bytes().startswith(b"\x89PNG")
    assert done.values["measures"][0]["pairs"][0]["verdict"] == "holds"


def test_without_matplotlib_nothing_begins(fake, tmp_path, monkeypatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(RetrieveError, match="matplotlib"):
        _report.make("fake", work(tmp_path), 1, lambda arm, seed, is_kept: None)
    assert fake.calls == []


def test_a_picture_that_cannot_be_written_is_one_sentence(tmp_path):
    points = Points(np.random.default_rng(0).normal(size=(9, 3)).astype(np.float32), ("a",) * 9)
    with pytest.raises(RetrieveError, match="cannot write the picture"):
        _picture.draw_points(tmp_path / "gone" / "a.png", "t", {"a": points})
