"""Reads pickles of plain values and numpy arrays from anywhere: nothing that a file names is ever called.

Python's own unpickler calls what the file tells it to, and numpy's functions, called by a file, take bytes
for addresses of objects. So this is a reader of its own: a stack, and the few instructions that such values
need. What stands in for the functions that a file may name is in `plain_arrays`.
"""

import codecs
import io
import pickletools
from collections.abc import Callable
from pathlib import Path

from evaluate.errors import EvaluationError
from evaluate.formats.plain_arrays import Allowed, PendingArray, PendingType, RefusedError, allowed
from evaluate.formats.reading import read_bytes

_OPCODES = {opcode.code: opcode for opcode in pickletools.opcodes}
_MARK = object()


def load(path: Path) -> object:
    """Read what the file holds: None, booleans, numbers, text, bytes, lists, tuples, dicts, numpy arrays.

    Files of protocol 0 to 5 are read, those of Python 2 too (its strings as Latin-1 text).

    Raises:
        EvaluationError: the file cannot be read, is cut off or no pickle, or holds anything else.
    """
    data = read_bytes(path)
    try:
        return _run(io.BytesIO(data))
    except RefusedError as error:
        raise EvaluationError(
            f"{path} is a pickle that {error}; only lists, dicts, text, numbers and numpy arrays are read, "
            "and a file that asks for more is not to be trusted"
        ) from error
    # What a damaged file makes of the stack, of numbers or of an array: any of these.
    except (ValueError, TypeError, IndexError, KeyError, OverflowError, MemoryError) as error:
        raise EvaluationError(
            f"{path} is no pickle that can be read: it is cut off or damaged; fetch the file anew"
        ) from error


def _run(stream: io.BytesIO) -> object:
    stack: list[object] = []
    memo: dict[int, object] = {}
    while code := stream.read(1).decode("latin-1"):
        opcode = _OPCODES[code]
        name = opcode.name
        argument: object = None
        if opcode.arg is not None:
            # pickletools reads strings of Python 2 as ASCII, but the bytes of an array are no ASCII.
            argument = _old_string(stream) if name == "STRING" else opcode.arg.reader(stream)
        if name == "STOP":
            return stack.pop()
        if name in _LITERALS:
            stack.append(argument)
        elif name in ("PUT", "BINPUT", "LONG_BINPUT", "MEMOIZE"):
            memo[argument if isinstance(argument, int) else len(memo)] = stack[-1]
        elif name in ("GET", "BINGET", "LONG_BINGET") and isinstance(argument, int):
            value = memo[argument]
            stack.append(value.values if isinstance(value, PendingArray) else value)
        elif name == "GLOBAL":
            stack.append(allowed(str(argument).replace(" ", ".")))
        elif name in _ACTIONS:
            _ACTIONS[name](stack)
        elif name not in ("PROTO", "FRAME"):
            raise RefusedError(f"uses the instruction {name}")
    raise ValueError("the file ends before its last instruction")


def _old_string(stream: io.BytesIO) -> str:
    line = stream.readline().strip()
    if len(line) < 2 or line[:1] not in b"'\"" or line[-1:] != line[:1]:
        raise ValueError("a string without its quotes")
    return codecs.escape_decode(line[1:-1])[0].decode("latin-1")


def _since_mark(stack: list[object]) -> list[object]:
    values = []
    while (value := stack.pop()) is not _MARK:
        values.append(value)
    return values[::-1]


def _make_tuple(count: int) -> Callable[[list[object]], None]:
    def act(stack: list[object]) -> None:
        if len(stack) < count:
            raise ValueError("the stack is too short")
        kept = len(stack) - count
        stack[kept:] = [tuple(stack[kept:])]

    return act


def _extend(stack: list[object], values: list[object]) -> None:
    target = stack[-1]
    if not isinstance(target, list):
        raise ValueError("only a list can grow")
    target.extend(values)


def _set_items(stack: list[object], values: list[object]) -> None:
    target = stack[-1]
    if not isinstance(target, dict) or len(values) % 2:
        raise ValueError("only a dict takes pairs")
    for key, value in zip(values[::2], values[1::2], strict=True):
        # No other key makes sense here, and the hash of deeply nested tuples ends the whole program.
        if not isinstance(key, str | int | bytes):
            raise RefusedError("has a dict whose keys are neither text nor numbers")
        target[key] = value


def _new_dict(stack: list[object]) -> None:
    values = _since_mark(stack)
    stack.append({})
    _set_items(stack, values)


def _stack_global(stack: list[object]) -> None:
    name, module = stack.pop(), stack.pop()
    stack.append(allowed(f"{module}.{name}"))


def _reduce(stack: list[object]) -> None:
    arguments, function = stack.pop(), stack.pop()
    if not isinstance(arguments, tuple) or not isinstance(function, Allowed):
        raise ValueError("a call without a function and arguments")
    stack.append(function.result(arguments))


def _build(stack: list[object]) -> None:
    state, target = stack.pop(), stack.pop()
    if not isinstance(target, PendingArray | PendingType) or not isinstance(state, tuple):
        raise RefusedError("sets the state of an object")
    stack.append(target.built(state))


_LITERALS = {
    *("INT", "BININT", "BININT1", "BININT2", "LONG", "LONG1", "LONG4", "FLOAT", "BINFLOAT"),
    *("STRING", "BINSTRING", "SHORT_BINSTRING"),
    *("UNICODE", "SHORT_BINUNICODE", "BINUNICODE", "BINUNICODE8"),
    *("SHORT_BINBYTES", "BINBYTES", "BINBYTES8", "BYTEARRAY8"),
}
_ACTIONS: dict[str, Callable[[list[object]], None]] = {
    "NONE": lambda stack: stack.append(None),
    "NEWTRUE": lambda stack: stack.append(True),
    "NEWFALSE": lambda stack: stack.append(False),
    "MARK": lambda stack: stack.append(_MARK),
    "POP": lambda stack: stack.__delitem__(-1),
    "POP_MARK": lambda stack: _since_mark(stack).clear(),
    "EMPTY_LIST": lambda stack: stack.append([]),
    "LIST": lambda stack: stack.append(_since_mark(stack)),
    "APPEND": lambda stack: _extend(stack, [stack.pop()]),
    "APPENDS": lambda stack: _extend(stack, _since_mark(stack)),
    "EMPTY_TUPLE": lambda stack: stack.append(()),
    "TUPLE": lambda stack: stack.append(tuple(_since_mark(stack))),
    "TUPLE1": _make_tuple(1),
    "TUPLE2": _make_tuple(2),
    "TUPLE3": _make_tuple(3),
    "EMPTY_DICT": lambda stack: stack.append({}),
    "DICT": _new_dict,
    "SETITEM": lambda stack: _set_items(stack, [stack.pop(), stack.pop()][::-1]),
    "SETITEMS": lambda stack: _set_items(stack, _since_mark(stack)),
    "STACK_GLOBAL": _stack_global,
    "REDUCE": _reduce,
    "BUILD": _build,
}
