"""Numbers of ids are those that a dict would give, however the ids come."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from evaluate.numbering import Numbering

# Few letters, so that ids repeat within a call and between calls.
CALLS = st.lists(st.lists(st.text("abé", max_size=3), max_size=12), max_size=6)


@given(CALLS)
def test_the_numbers_are_those_of_a_dict(calls):
    numbering, number_of = Numbering(), {}
    for names in calls:
        expected = [number_of.setdefault(name, len(number_of)) for name in names]
        numbers = numbering.of(names)
        assert numbers.dtype == np.int64
        assert numbers.tolist() == expected
    assert numbering.names == list(number_of)


@given(CALLS)
def test_one_call_and_many_give_the_same(calls):
    together, apart = Numbering(), Numbering()
    numbers = together.of([name for names in calls for name in names])
    parts = [apart.of(names) for names in calls]
    assert numbers.tolist() == [number for part in parts for number in part.tolist()]
    assert together.names == apart.names


def test_ids_are_numbered_as_they_first_come():
    numbering = Numbering()
    assert numbering.of(["c", "a", "c", "b"]).tolist() == [0, 1, 0, 2]
    assert numbering.of([]).tolist() == []
    assert numbering.of(["d", "b", "", "d"]).tolist() == [3, 2, 4, 3]
    assert numbering.names == ["c", "a", "b", "d", ""]


def test_many_ids_keep_their_numbers():
    rng = np.random.default_rng(0)
    numbering, number_of = Numbering(), {}
    for _ in range(5):
        names = [f"{number:016x}" for number in rng.integers(0, 30_000, 20_000).tolist()]
        expected = [number_of.setdefault(name, len(number_of)) for name in names]
        assert numbering.of(names).tolist() == expected
    assert numbering.names == list(number_of)


@pytest.mark.parametrize("seed", ["0", "1"])
def test_the_order_does_not_hang_on_how_python_hashes(run_python, monkeypatch, seed):
    monkeypatch.setenv("PYTHONHASHSEED", seed)
    program = (
        "from evaluate.numbering import Numbering\n"
        "numbering = Numbering()\n"
        "print(numbering.of(list('hello world')).tolist(), ''.join(numbering.names))"
    )
    done = run_python(program)
    numbers = [0, 1, 2, 2, 3, 4, 5, 3, 6, 2, 7]
    assert done.stdout == f"{numbers} helo wrd\n"
