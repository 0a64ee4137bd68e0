"""Puts numpy arrays together from what pickles say of them; nothing of numpy's own unpickling is called."""

import re
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

# Kind and bytes an item: booleans, integers, floats, bytes, text. Objects ("O") are not among them.
_CODE = re.compile(r"b1|[iu][1248]|f[248]|[SU][0-9]{1,6}", re.ASCII)


class RefusedError(ValueError):
    """A pickle asks for what is not admitted; the text goes on after "a pickle that"."""


@dataclass(frozen=True)
class Allowed:
    """What a file may name; `result` stands in for a call of it."""

    result: Callable[[tuple[object, ...]], object]


@dataclass
class PendingType:
    """An item's type, whose byte order comes later."""

    code: str
    order: str = "|"

    def built(self, state: tuple[object, ...]) -> "PendingType":
        """Take the byte order from the state that numpy gives to pickles.

        Raises:
            RefusedError: the items are records or arrays themselves.
        """
        _, order, *parts = state[:5]
        if order not in ("<", ">", "|", "=") or any(part is not None for part in parts):
            raise RefusedError("holds an array of records")
        # In place: the file may come back to the type by its number, given before its order came.
        self.order = str(order)
        return self

    def array(self, data: object, shape: object, order: str) -> npt.NDArray[np.generic]:
        """Make the array of these bytes.

        Raises:
            ValueError: they are not as many as the shape says, or not bytes and a shape at all.
        """
        if isinstance(data, str):  # bytes, as Python 2 wrote them
            data = data.encode("latin-1")
        if not isinstance(data, bytes | bytearray) or not isinstance(shape, tuple):
            raise ValueError("an array needs bytes and a shape")
        if any(type(length) is not int or length < 0 for length in shape):
            raise ValueError("the lengths of an array must be 0 or more")
        dtype = np.dtype(self.code if self.order == "|" else self.order + self.code)
        flat = np.frombuffer(data, dtype) if data else np.empty(0, dtype)
        return flat.reshape(shape, order="F" if order == "F" else "C")


class PendingArray:
    """An array whose contents come later; `values` is the array from then on."""

    values: npt.NDArray[np.generic] | None = None

    def built(self, state: tuple[object, ...]) -> npt.NDArray[np.generic]:
        """Take the contents from the state that numpy gives to pickles.

        Raises:
            ValueError: the state has no type of items, or other contents than its shape says.
        """
        _, shape, item, is_fortran, data = state
        self.values = _item(item).array(data, shape, "F" if is_fortran else "C")
        return self.values


def allowed(name: str) -> object:
    """Give what stands in for a function or type that a file names.

    Raises:
        RefusedError: it is none of those that plain values and arrays need.
    """
    # numpy 2 moved numpy.core to numpy._core; files of both are about.
    known = _ALLOWED.get(name.replace("numpy._core.", "numpy.core.", 1))
    if known is None:
        raise RefusedError(f"calls for {name[:80]!r}")
    return known


def _item(value: object) -> PendingType:
    if not isinstance(value, PendingType):
        raise ValueError("an array needs the type of its items")
    return value


def _type(arguments: tuple[object, ...]) -> object:
    code = arguments[0]
    if not isinstance(code, str) or not _CODE.fullmatch(code):
        raise RefusedError(f"holds an array of the type {str(code)[:20]!r}")
    return PendingType(code)


def _scalar(arguments: tuple[object, ...]) -> object:
    item, data = arguments
    return _item(item).array(data, (1,), "C")[0].item()


def _from_buffer(arguments: tuple[object, ...]) -> object:
    data, item, shape, order = arguments
    return _item(item).array(data, shape, str(order))


def _encode(arguments: tuple[object, ...]) -> object:
    # How Python 3 writes bytes for Python 2.
    text, encoding = arguments
    if not isinstance(text, str) or encoding != "latin1":
        raise RefusedError("encodes text in another way than Latin-1")
    return text.encode("latin-1")


def _empty_bytes(arguments: tuple[object, ...]) -> object:
    if arguments:
        raise RefusedError("calls for 'bytes' with arguments")
    return b""


def _not_called(arguments: tuple[object, ...]) -> object:
    raise RefusedError("calls for 'numpy.ndarray' itself")


_ALLOWED = {
    "numpy.ndarray": Allowed(_not_called),
    "numpy.dtype": Allowed(_type),
    "numpy.core.multiarray._reconstruct": Allowed(lambda arguments: PendingArray()),
    "numpy.core.multiarray.scalar": Allowed(_scalar),
    "numpy.core.numeric._frombuffer": Allowed(_from_buffer),
    "_codecs.encode": Allowed(_encode),
    "__builtin__.bytes": Allowed(_empty_bytes),
    "builtins.bytes": Allowed(_empty_bytes),
}
