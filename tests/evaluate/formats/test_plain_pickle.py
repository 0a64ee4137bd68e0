"""Pickles of plain values and arrays are read as Python reads them; everything else is refused unread."""

import collections
import contextlib
import decimal
import os
import pickle
import struct

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from evaluate.errors import EvaluationError
from evaluate.formats.plain_pickle import load

scalars = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text() | st.binary()
values = st.recursive(
    scalars,
    lambda inner: (
        st.lists(inner) | st.lists(inner).map(tuple) | st.dictionaries(st.text() | st.integers(), inner)
    ),
    max_leaves=20,
)
PROTOCOLS = range(pickle.HIGHEST_PROTOCOL + 1)


@pytest.fixture
def saved(tmp_path):
    def save(content, protocol=2):
        path = tmp_path / "truth.pkl"
        path.write_bytes(content if isinstance(content, bytes) else pickle.dumps(content, protocol))
        return path

    return save


def refusal(path):
    with pytest.raises(EvaluationError) as caught:
        load(path)
    return str(caught.value)


@given(values, st.sampled_from(PROTOCOLS))
def test_plain_values_are_read_as_python_reads_them(tmp_path_factory, value, protocol):
    path = tmp_path_factory.getbasetemp() / "plain.pkl"
    path.write_bytes(pickle.dumps(value, protocol))
    assert repr(load(path)) == repr(value)


@pytest.mark.parametrize("protocol", PROTOCOLS)
@pytest.mark.parametrize(
    "array",
    [
        np.arange(-300, 300),
        np.arange(6.0).reshape(2, 3),
        np.asfortranarray(np.arange(6, dtype=np.uint8).reshape(2, 3)),
        np.arange(5, dtype=">i4"),
        np.array([], dtype=np.int64),
        np.array(["a", "été"]),
        np.array([b"a", b"bc"]),
        np.array([True, False]),
        np.array(7),
        np.arange(10)[::2],
    ],
    ids=str,
)
def test_arrays_are_read_as_numpy_wrote_them(saved, array, protocol):
    read = load(saved({"first": array, "second": [array, array[:1] if array.ndim else array]}, protocol))
    assert read["first"].dtype == array.dtype
    assert read["first"].tolist() == array.tolist()
    assert read["second"][0] is read["first"]
    # The second array shares its type with the first, byte order included.
    assert read["second"][1].tolist() == (array[:1] if array.ndim else array).tolist()


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_scalars_of_numpy_become_numbers(saved, protocol):
    read = load(saved([np.float64(1.5), np.int32(-7), np.bool_(True)], protocol))
    assert read == [1.5, -7, True]
    assert [type(value) for value in read] == [float, int, bool]


# As Python 2 and its numpy write {"easy": np.array([255, 300]), "name": "caf\xe9"}: strings for bytes.
PYTHON_2 = {
    "protocol 0": b"(dp1\nS'name'\np2\nS'caf\\xe9'\np3\nsS'easy'\np4\n"
    b"cnumpy.core.multiarray\n_reconstruct\np5\n(cnumpy\nndarray\np6\n(I0\ntp7\nS'b'\np8\ntp9\nRp10\n(I1\n(I2\ntp11\ncnumpy\ndtype\np12\n(S'i8'\np13\n"
    b"I0\nI1\ntp14\nRp15\n(I3\nS'<'\np16\nNNNI-1\nI-1\nI0\ntp17\nbI00\n"
    b"S'\\xff\\x00\\x00\\x00\\x00\\x00\\x00\\x00,\\x01\\x00\\x00\\x00\\x00\\x00\\x00'\np18\ntp19\nbs.",
    "protocol 2": b"\x80\x02}q\x01(U\x04nameq\x02U\x04caf\xe9q\x03U\x04easyq\x04cnumpy.core.multiarray\n"
    b"_reconstruct\nq\x05cnumpy\nndarray\nq\x06K\x00\x85U\x01b\x87Rq\x07(K\x01K\x02\x85cnumpy\ndtype\nq\x08"
    b"U\x02i8K\x00K\x01\x87Rq\t(K\x03U\x01<NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00tb\x89"
    b"U\x10\xff\x00\x00\x00\x00\x00\x00\x00,\x01\x00\x00\x00\x00\x00\x00tbu.",
}


@pytest.mark.parametrize("protocol", PYTHON_2)
def test_files_of_python_2_are_read(saved, protocol):
    content = PYTHON_2[protocol]
    expected = pickle.loads(content, encoding="latin1")
    read = load(saved(content))
    assert read["name"] == expected["name"] == "café"
    assert read["easy"].tolist() == expected["easy"].tolist() == [255, 300]


class Runs:
    def __init__(self, function, *arguments):
        self.call = function, arguments

    def __reduce__(self):
        return self.call


@pytest.mark.parametrize("protocol", PROTOCOLS)
@pytest.mark.parametrize(
    ("content", "name"),
    [
        (Runs(os.system, "echo"), "posix.system"),
        (Runs(eval, "1"), "eval"),
        (Runs(getattr, "", "join"), "getattr"),
        (Runs(np.load, "x.npy"), "numpy.load"),
        (decimal.Decimal(1), "decimal.Decimal"),
        (collections.OrderedDict(a=1), "collections.OrderedDict"),
        (np.float64, "numpy.float64"),
    ],
    ids=lambda value: value if isinstance(value, str) else type(value).__name__,
)
def test_a_name_that_is_not_admitted_is_refused(saved, content, name, protocol):
    path = saved({"imlist": [content]}, protocol)
    message = refusal(path)
    assert message.startswith(f"{path} is a pickle that calls for '")
    assert name in message
    assert message.endswith(
        "'; only lists, dicts, text, numbers and numpy arrays are read, "
        "and a file that asks for more is not to be trusted"
    )


def test_no_code_of_a_file_runs(saved, tmp_path):
    target = tmp_path / "written"
    path = saved(Runs(os.mkdir, str(target)))
    assert "posix.mkdir" in refusal(path)
    assert not target.exists()


@pytest.mark.parametrize(
    "content",
    [
        np.array([object()], dtype=object),
        np.array([(1, 2)], dtype="i4,i4"),
        np.array(["2020"], dtype="M8[D]"),
        1j,
    ],
    ids=["objects", "records", "dates", "complex"],
)
@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_other_arrays_are_refused(saved, content, protocol):
    message = refusal(saved(content, protocol))
    assert "holds an array of the type" in message or "calls for" in message


def numbers_as_objects(flags):
    """Tell numpy that eight bytes are an object, in a type whose flags deny it: a read would crash."""
    state = b"(K\x03U\x01|NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK" + flags + b"tb"
    kind = b"cnumpy\ndtype\nU\x02O8K\x00K\x01\x87R" + state
    return b"\x80\x02cnumpy.core.multiarray\nscalar\n" + kind + b"U\x08AAAAAAAA\x86R."


HOSTILE = {
    "bytes as an object": numbers_as_objects(b"\x00"),
    "ndarray is called": b"\x80\x02cnumpy\nndarray\nK\x01\x85R.",
    "ndarray is made anew": b"\x80\x02cnumpy\nndarray\nK\x01\x85\x81.",
    "state of a list": b"\x80\x02]}b.",
    "state of an array that is a dict": pickle.dumps(np.arange(2), 2)[:-2] + b"0}b.",
    "persistent id": b"\x80\x02U\x01aQ.",
    "extension registry": b"\x80\x02\x82\x01.",
    "instance": b"(ios\nsystem\n.",
    "bytes made from a number": b"\x80\x02c__builtin__\nbytes\nJ\xff\xff\xff\x7f\x85R.",
    "dict keys nested so deep that a hash would end the program": b"\x80\x02})"
    + b"\x85" * 300_000
    + b"K\x01s.",
}


@pytest.mark.parametrize("attack", HOSTILE)
def test_hostile_files_are_refused(saved, attack):
    assert " is a pickle that " in refusal(saved(HOSTILE[attack]))


def array_of(shape, data):
    whole = pickle.dumps(np.arange(2, dtype=np.uint8), 5)
    return whole.replace(b"\x96\x02\0\0\0\0\0\0\0\0\x01", data).replace(b"K\x02\x85", shape)


DAMAGED = {
    "empty": b"",
    "no instruction": b"\xff\xfe\xfd",
    "only the protocol": b"\x80\x02",
    "nothing on the stack": b"\x80\x02.",
    "a mark that was never set": b"\x80\x02u.",
    "a value that was never kept": b"\x80\x02h\x05.",
    "text that is longer than the file": b"\x80\x03X\xff\xff\xff\x7fabc.",
    "bytes that are longer than all memory": b"\x80\x05\x96" + struct.pack("<Q", 2**62) + b"abc.",
    "half a pair": b"\x80\x02}(K\x01u.",
    "a list in place of a dict": b"\x80\x02]K\x01K\x02s.",
    "an append to a dict": b"\x80\x02}K\x01a.",
    "a call of a number": b"\x80\x02K\x01)R.",
    "an unquoted string": b"Sabc\n.",
    "an array without its bytes": array_of(b"K\x07\x85", b"\x96\x02\0\0\0\0\0\0\0\0\x01"),
    "an array of negative length": array_of(b"J\xff\xff\xff\xff\x85", b"\x96\x02\0\0\0\0\0\0\0\0\x01"),
}


@pytest.mark.parametrize("damage", DAMAGED)
def test_a_damaged_file_is_told(saved, damage):
    path = saved(DAMAGED[damage])
    assert refusal(path) == (
        f"{path} is no pickle that can be read: it is cut off or damaged; fetch the file anew"
    )


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_a_file_cut_off_anywhere_is_told(saved, protocol):
    whole = pickle.dumps({"imlist": ["a", "b"], "easy": np.arange(3), "bbx": [1.5]}, protocol)
    for end in range(len(whole)):
        assert " pickle that " in refusal(saved(whole[:end]))


@given(st.binary(max_size=60))
def test_any_bytes_are_read_or_told(tmp_path_factory, content):
    path = tmp_path_factory.getbasetemp() / "any.pkl"
    path.write_bytes(content)
    # Nothing else may come out, whatever the bytes are.
    with contextlib.suppress(EvaluationError):
        load(path)


@given(st.data())
def test_a_changed_byte_is_read_or_told(tmp_path_factory, data):
    path = tmp_path_factory.getbasetemp() / "changed.pkl"
    protocol = data.draw(st.sampled_from(PROTOCOLS))
    content = bytearray(pickle.dumps({"a": [1, "x", (2.5, None)], "b": np.arange(3)}, protocol))
    content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    path.write_bytes(content)
    # Nothing else may come out, whatever the bytes are.
    with contextlib.suppress(EvaluationError):
        load(path)
