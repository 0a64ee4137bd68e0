"""Dataclasses from TOML and JSON: an unknown key or a wrong type is one clear error."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from extract.config import NO_FILE, FileRef, digest, files, from_plain, read_toml, to_plain, to_toml
from extract.errors import ConfigError


@dataclass(frozen=True)
class Inner:
    depth: int = 1
    ratio: float = 0.5

    def __post_init__(self):
        if self.depth < 0:
            raise ConfigError(f"inner.depth must not be negative, got {self.depth}")


@dataclass(frozen=True)
class Outer:
    title: str
    on: bool = True
    inner: Inner = Inner()
    weights: FileRef = NO_FILE
    mask: FileRef = NO_FILE
    scales: tuple[float, ...] = (1.0,)
    pooling: Literal["gem", "avg"] = "gem"
    limit: int | None = None
    options: Mapping[str, object] = field(default_factory=dict)


def outer(**values):
    return from_plain(Outer, {"title": "t", **values}, "outer")


class TestKeys:
    def test_an_unknown_key_is_refused_with_the_nearest_one(self):
        with pytest.raises(ConfigError, match=r"^outer has no setting 'scale'; did you mean 'scales'\?$"):
            outer(scale=[1.0])

    def test_an_unknown_key_near_to_none_is_refused_with_all_of_them(self):
        with pytest.raises(ConfigError, match=r"^inner has no setting 'xyz'; there are: depth, ratio$"):
            from_plain(Inner, {"xyz": 1}, "inner")

    def test_an_unknown_key_of_a_nested_table_is_named_with_its_path(self):
        with pytest.raises(ConfigError, match=r"^outer\.inner has no setting 'deph'; did you mean 'depth'\?"):
            outer(inner={"deph": 1})

    def test_a_missing_key_is_named(self):
        with pytest.raises(ConfigError, match=r"^outer lacks title$"):
            from_plain(Outer, {}, "outer")

    def test_what_is_not_said_takes_its_default(self):
        assert outer() == Outer("t")


class TestTypes:
    @pytest.mark.parametrize(
        ("values", "sentence"),
        [
            ({"title": 3}, r"outer\.title must be a text, got 3"),
            ({"on": 1}, r"outer\.on must be true or false, got 1"),
            ({"on": "yes"}, r"outer\.on must be true or false, got 'yes'"),
            ({"inner": {"depth": True}}, r"outer\.inner\.depth must be a whole number, got True"),
            ({"inner": {"depth": 1.0}}, r"outer\.inner\.depth must be a whole number, got 1\.0"),
            ({"inner": {"ratio": False}}, r"outer\.inner\.ratio must be a number, got False"),
            ({"inner": {"ratio": "0.5"}}, r"outer\.inner\.ratio must be a number, got '0\.5'"),
            ({"inner": 3}, r"outer\.inner must be a table, got 3"),
            ({"scales": 1.0}, r"outer\.scales must be a list, got 1\.0"),
            ({"scales": ["a"]}, r"outer\.scales must be a number, got 'a'"),
            ({"pooling": "max"}, r"outer\.pooling must be one of gem, avg, got 'max'"),
            ({"pooling": ["gem"]}, r"outer\.pooling must be one of gem, avg, got \['gem'\]"),
            ({"limit": "many"}, r"outer\.limit must be a whole number, got 'many'"),
            ({"options": []}, r"outer\.options must be a table, got \[\]"),
            ({"weights": 7}, r"outer\.weights must be a table, got 7"),
            ({"weights": {"sha": "0"}}, r"outer\.weights has no setting 'sha'; did you mean 'sha256'\?"),
        ],
    )
    def test_a_value_of_another_type_is_refused_with_what_was_expected(self, values, sentence):
        with pytest.raises(ConfigError, match=f"^{sentence}"):
            outer(**values)

    def test_a_whole_number_is_a_fine_value_for_a_number(self):
        ratio = from_plain(Inner, {"ratio": 1}, "inner").ratio
        assert (ratio, type(ratio)) == (1.0, float)

    def test_a_value_out_of_range_keeps_the_sentence_of_its_own_check(self):
        with pytest.raises(ConfigError, match=r"^inner\.depth must not be negative, got -1$"):
            outer(inner={"depth": -1})

    def test_a_list_becomes_a_tuple(self):
        assert outer(scales=[1, 0.5]).scales == (1.0, 0.5)

    @pytest.mark.parametrize("limit", [None, 3])
    def test_an_optional_value_may_be_left_open(self, limit):
        assert outer(limit=limit).limit == limit


class TestFiles:
    def test_a_file_is_given_by_its_path_alone(self):
        assert outer(weights="a.pt").weights == FileRef("a.pt", "")

    def test_a_file_of_a_stored_recipe_is_given_with_its_hash(self):
        assert outer(weights={"path": "a.pt", "sha256": "00"}).weights == FileRef("a.pt", "00")

    def test_files_that_are_not_set_are_left_out(self):
        assert files(outer(weights="a.pt")) == {"weights": FileRef("a.pt")}


class TestPlain:
    def test_a_dataclass_comes_back_from_what_json_holds(self):
        config = outer(inner={"depth": 3}, weights="a.pt", scales=[0.5, 2], limit=4, options={"v": [1]})
        assert from_plain(Outer, to_plain(config), "outer") == config

    @pytest.mark.parametrize("value", [Outer, 3, {"title": "t"}])
    def test_only_a_dataclass_is_taken_apart(self, value):
        with pytest.raises(TypeError, match="expected a dataclass"):
            to_plain(value)


class TestDigest:
    @given(st.dictionaries(st.text(), st.dictionaries(st.text(), st.integers() | st.text()), max_size=4))
    def test_the_order_of_keys_does_not_count(self, values):
        backwards = {key: dict(reversed(inner.items())) for key, inner in reversed(values.items())}
        assert digest(backwards) == digest(values)

    @given(st.integers(), st.integers())
    def test_every_value_counts(self, one, other):
        assert (digest({"a": one}) == digest({"a": other})) == (one == other)

    def test_a_digest_is_the_same_on_every_machine(self):
        # printf '{"a":1,"b":"\\u00e4"}' | sha256sum
        assert digest({"b": "ä", "a": 1}) == "1c46bbb6dc18e032"


class TestReadToml:
    def test_a_file_that_is_not_there_is_named(self, tmp_path):
        with pytest.raises(ConfigError, match=r"^cannot read the recipe '.*/none\.toml': No such file"):
            read_toml(tmp_path / "none.toml")

    @pytest.mark.parametrize("content", [b"a = ", b"[global", b"a = 1\na = 2", b"\xff"])
    def test_a_file_that_is_not_toml_is_named(self, tmp_path, content):
        (tmp_path / "bad.toml").write_bytes(content)
        with pytest.raises(ConfigError, match=r"^'.*/bad\.toml' is not a TOML file: "):
            read_toml(tmp_path / "bad.toml")

    def test_the_line_of_a_mistake_is_named(self, tmp_path):
        (tmp_path / "bad.toml").write_text("a = 1\nb == 2\n")
        with pytest.raises(ConfigError, match="line 2"):
            read_toml(tmp_path / "bad.toml")


def test_toml_that_is_written_reads_the_same():
    values = {
        "name": 'a "quoted" \\ name\n\x7fé',
        "nothing": None,
        "whole": 3,
        "real": 0.1,
        "tiny": 5e-324,
        "yes": True,
        "list": [1.5, -2.0],
        "empty": {},
        "table": {"odd key.": 1, "inner": {"deep": "x"}, "after": 2},
    }
    expected = {key: value for key, value in values.items() if value is not None}
    assert tomllib.loads(to_toml(values)) == expected


def test_toml_refuses_what_it_has_no_word_for():
    with pytest.raises(TypeError, match="no TOML for"):
        to_toml({"key": object()})
