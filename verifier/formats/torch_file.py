"""PyTorch's .pt files (state_dicts saved by torch.save since 1.6), read without PyTorch and without running anything.

A .pt file is a zip archive: a pickle that says which tensors there are, and one member of raw numbers per storage. A
pickle is a program for a small stack machine, which may name any Python function and call it. Here its opcodes are
decoded by `pickletools` (which executes nothing) and followed by a machine that knows a dozen data opcodes and two
calls, making a tensor and making an OrderedDict, both of which are done by this module. No name is ever imported.
"""

from __future__ import annotations

import math
import pickletools
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from verifier.errors import UsageError
from verifier.formats.archive import opened, read_member
from verifier.formats.content import LARGEST_NUMBERS, Content, Tensor, check_shape
from verifier.formats.safetensors_file import widen

Order = Literal["<", ">"]
"""Byte order of the stored numbers: little or big."""

MOST_NESTED = 8
"""Dictionaries within dictionaries."""

MOST_ENTRIES = 100_000
"""Entries of all dictionaries together."""

LARGEST_PICKLE = 2**22
"""Bytes of the pickle in a file; a state_dict takes about 100 per tensor."""

STORAGES: dict[str, np.dtype[Any]] = {
    "torch FloatStorage": np.dtype("f4"),
    "torch DoubleStorage": np.dtype("f8"),
    "torch HalfStorage": np.dtype("f2"),
    "torch BFloat16Storage": np.dtype("u2"),
}
"""Float storages by the name under which a pickle asks for them."""

WHOLE_NUMBERS = ("LongStorage", "IntStorage", "ShortStorage", "CharStorage", "ByteStorage", "BoolStorage")
"""Storages that hold no weights: counters and masks."""

TENSOR, PARAMETER, DICTIONARY = "torch._utils _rebuild_tensor_v2", "torch._utils _rebuild_parameter", "collections OrderedDict"
"""The three calls a state_dict makes; a parameter is its tensor."""


@dataclass(frozen=True)
class _Name:
    """A function or class that the pickle names. It is text and stays text."""

    text: str


@dataclass(frozen=True)
class _Storage:
    kind: str
    key: str


@dataclass(frozen=True)
class _Lazy:
    """A tensor as described: numbers of a storage from `offset` on, `strides` apart."""

    storage: _Storage
    offset: int
    shape: tuple[int, ...]
    strides: tuple[int, ...]


class _Mark:
    """The stack machine's mark."""


def decode(data: bytes) -> Content:
    """The tensors of a file by name; nested dictionaries give names joined by dots.

    Raises `UsageError` naming the first thing that is wrong or not supported.
    """
    if data[:2] != b"PK":
        raise UsageError(
            "this .pt file is not a zip archive: it is damaged, or older than PyTorch 1.6; save its state_dict with a newer one"
        )
    with opened(data, ".pt") as archive:
        return _decode(archive)


def _decode(archive: zipfile.ZipFile) -> Content:
    members = {info.filename: info for info in archive.infolist()}
    main = [name for name in members if name == "data.pkl" or name.endswith("/data.pkl")]
    if any(name.endswith("constants.pkl") or "/code/" in name for name in members):
        raise UsageError("this is a TorchScript file, which holds code; supported: a state_dict saved by torch.save")
    if len(main) != 1:
        raise UsageError("this archive has no data.pkl and is not a .pt file; supported: a state_dict saved by torch.save")
    root = main[0].removesuffix("data.pkl")
    order: Order = "<"
    if root + "byteorder" in members:
        word = read_member(archive, members[root + "byteorder"]).strip()
        if word not in (b"little", b"big"):
            raise UsageError(f"this .pt file has the byte order {word[:20]!r}; little or big")
        order = "<" if word == b"little" else ">"
    described = _flatten(_run(read_member(archive, members[main[0]])))
    weights = {name: lazy for name, lazy in described.items() if lazy.storage.kind not in WHOLE_NUMBERS}
    total = sum(math.prod(check_shape(name, lazy.shape)) for name, lazy in weights.items())
    if total > LARGEST_NUMBERS:
        raise UsageError(f"this .pt file describes {total:,} numbers; at most {LARGEST_NUMBERS:,} are read")
    storages: dict[str, bytes] = {}

    def numbers(name: str, lazy: _Lazy) -> Any:
        key = root + "data/" + lazy.storage.key
        if key not in members:
            raise UsageError(f"tensor {name} lies in the member {key[:60]}, which this .pt file does not have")
        if key not in storages:
            storages[key] = read_member(archive, members[key])
        return _numbers(name, lazy, storages[key], order)

    return Content("state_dict", {name: Tensor(name, numbers(name, lazy)) for name, lazy in weights.items()})


def _numbers(name: str, lazy: _Lazy, data: bytes, order: Order) -> Any:
    shape = check_shape(name, lazy.shape)
    kind = STORAGES[lazy.storage.kind].newbyteorder(order)
    steps = lazy.strides
    if len(steps) != len(shape) or lazy.offset < 0 or any(s < 0 for s in steps):
        raise UsageError(f"tensor {name} has shape {list(shape)}, strides {list(steps)} and offset {lazy.offset}, which do not fit")
    has, last = len(data) // kind.itemsize, lazy.offset + sum((n - 1) * s for n, s in zip(shape, steps, strict=True))
    if 0 not in shape and last >= has:
        raise UsageError(f"tensor {name} of shape {list(shape)} reaches number {last + 1:,} of a storage that has {has:,}")
    flat = widen(np.frombuffer(data, kind, has).astype(kind.newbyteorder("=")), lazy.storage.kind == "torch BFloat16Storage")
    if 0 in shape:
        return np.zeros(shape)
    at = np.full((), lazy.offset, np.int64)
    for size, step in zip(shape, steps, strict=True):
        at = at[..., None] + np.arange(size, dtype=np.int64) * step
    return flat[at]


def _flatten(found: Any, most: int = MOST_NESTED) -> dict[str, _Lazy]:
    """Tensors of nested dictionaries under dotted names; what else a checkpoint holds is left out."""
    if not isinstance(found, dict):
        raise UsageError("this .pt file holds no dictionary of tensors; supported: a state_dict saved by torch.save")
    flat: dict[str, _Lazy] = {}
    seen = 0
    stack: list[tuple[str, Any, int]] = [("", found, 0)]
    while stack:
        prefix, table, depth = stack.pop()
        seen += len(table)
        if seen > MOST_ENTRIES:
            raise UsageError(f"this .pt file has more than {MOST_ENTRIES:,} entries")
        for key, value in table.items():
            name = f"{prefix}{key}"
            if isinstance(value, _Lazy):
                if name in flat:
                    raise UsageError(f"this .pt file has two tensors named {name[:60]}")
                flat[name] = value
            elif isinstance(value, dict):
                if depth == most:
                    raise UsageError(f"this .pt file nests dictionaries more than {most} deep")
                stack.append((f"{name}.", value, depth + 1))
    return flat


def _run(program: bytes) -> Any:
    """What the pickle describes, built by the machine below; raises `UsageError` on every other opcode, name and call."""
    if len(program) > LARGEST_PICKLE:
        raise UsageError(f"this .pt file has a pickle of {len(program):,} bytes; at most {LARGEST_PICKLE:,} are read")
    machine = _Machine()
    try:
        for opcode, argument, _ in pickletools.genops(program):
            if opcode.name == "STOP":
                return machine.pop()
            machine.step(opcode.name, argument)
    except UsageError:
        raise
    except (ValueError, IndexError, KeyError, TypeError, AttributeError, OverflowError, RecursionError):
        raise UsageError("this .pt file has a damaged pickle") from None
    raise UsageError("this .pt file has a damaged pickle")


class _Machine:
    """The stack machine: data opcodes, two calls, nothing else."""

    def __init__(self) -> None:
        self.stack: list[Any] = []
        self.memo: dict[int, Any] = {}

    def pop(self) -> Any:
        """The top of the stack, which must be a value."""
        value = self.stack.pop()
        if isinstance(value, _Mark):
            raise ValueError("a mark is no value")
        return value

    def to_mark(self) -> list[Any]:
        """The values above the last mark, taken off with it."""
        place = max(k for k, value in enumerate(self.stack) if isinstance(value, _Mark))
        values = self.stack[place + 1 :]
        del self.stack[place:]
        return values

    def step(self, name: str, argument: Any) -> None:
        """One opcode."""
        if name in ("PROTO", "FRAME"):
            return
        if name in _LITERALS:
            self.stack.append(_LITERALS[name]())
        elif name in _ARGUMENTS:
            self.stack.append(argument)
        elif name == "MARK":
            self.stack.append(_Mark())
        elif name in ("BINPUT", "LONG_BINPUT", "PUT", "MEMOIZE"):
            self.memo[len(self.memo) if name == "MEMOIZE" else int(argument)] = self.stack[-1]
        elif name in ("BINGET", "LONG_BINGET", "GET"):
            self.stack.append(self.memo[int(argument)])
        elif name in ("TUPLE1", "TUPLE2", "TUPLE3"):
            count = int(name[-1])
            values = [self.pop() for _ in range(count)]
            self.stack.append(tuple(reversed(values)))
        elif name == "TUPLE":
            self.stack.append(tuple(self.to_mark()))
        elif name in ("LIST", "APPENDS", "APPEND"):
            self._extend(name)
        elif name in ("SETITEM", "SETITEMS", "DICT"):
            self._set(name)
        elif name == "GLOBAL":
            self.stack.append(_Name(argument))
        elif name == "STACK_GLOBAL":
            attribute, module = self.pop(), self.pop()
            self.stack.append(_Name(f"{module} {attribute}"))
        elif name == "BINPERSID":
            self.stack.append(_storage(self.pop()))
        elif name == "REDUCE":
            arguments, function = self.pop(), self.pop()
            self.stack.append(_call(function, arguments))
        elif name == "BUILD":  # sets attributes of a state_dict, such as its _metadata, which no tensor depends on
            self.pop()
            if not isinstance(self.stack[-1], dict):
                raise UsageError("this .pt file holds objects, not only tensors; supported: a state_dict saved by torch.save")
        else:
            raise UsageError(f"this .pt file has the pickle opcode {name}, which no state_dict needs; nothing was run")

    def _extend(self, name: str) -> None:
        if name == "LIST":
            self.stack.append(self.to_mark())
            return
        values = [self.pop()] if name == "APPEND" else self.to_mark()
        if not isinstance(self.stack[-1], list):
            raise ValueError("not a list")
        self.stack[-1].extend(values)

    def _set(self, name: str) -> None:
        if name == "SETITEM":
            value, key = self.pop(), self.pop()
            pairs = [key, value]
        else:
            pairs = self.to_mark()
            if name == "DICT":
                self.stack.append({})
        table = self.stack[-1]
        if not isinstance(table, dict) or len(pairs) % 2:
            raise ValueError("not a dictionary")
        for key, value in zip(pairs[::2], pairs[1::2], strict=True):
            if not isinstance(key, str | int):
                raise UsageError("this .pt file has a dictionary whose keys are not names; supported: a state_dict")
            table[key] = value


_LITERALS: dict[str, Callable[[], Any]] = {
    "NONE": lambda: None,
    "NEWTRUE": lambda: True,
    "NEWFALSE": lambda: False,
    "EMPTY_TUPLE": tuple,
    "EMPTY_LIST": list,
    "EMPTY_DICT": dict,
}
_ARGUMENTS = frozenset(
    ("BININT", "BININT1", "BININT2", "LONG1", "INT", "BINFLOAT", "BINUNICODE", "SHORT_BINUNICODE", "UNICODE", "BINUNICODE8")
)


def _storage(identity: Any) -> _Storage:
    """("storage", type, key, device, size): which member holds a tensor's numbers."""
    if not (isinstance(identity, tuple) and len(identity) == 5 and identity[0] == "storage" and isinstance(identity[2], str)):
        raise ValueError("not a storage")
    kind = identity[1]
    if not isinstance(kind, _Name):
        raise ValueError("not a storage type")
    if kind.text not in STORAGES and kind.text.removeprefix("torch ") not in WHOLE_NUMBERS:
        raise UsageError(f"this .pt file stores numbers as {kind.text[:60]!r}; weights are {', '.join(s[6:] for s in STORAGES)}")
    return _Storage(kind.text if kind.text in STORAGES else kind.text.removeprefix("torch "), identity[2])


def _call(function: Any, arguments: Any) -> Any:
    """The two calls of a state_dict, done here; every other is refused by name."""
    if not isinstance(function, _Name) or not isinstance(arguments, tuple):
        raise ValueError("not a call")
    if function.text == DICTIONARY and not arguments:
        return {}
    if function.text == PARAMETER and arguments and isinstance(arguments[0], _Lazy):
        return arguments[0]
    if function.text != TENSOR:
        raise UsageError(
            f"this .pt file asks to call {function.text.replace(' ', '.')[:80]!r}; nothing was run. "
            "Supported: a state_dict saved by torch.save(model.state_dict(), FILE)"
        )
    storage, offset, shape, strides = arguments[:4]
    whole = all(isinstance(v, tuple) and all(type(n) is int for n in v) for v in (shape, strides)) and type(offset) is int
    if not isinstance(storage, _Storage) or not whole:
        raise ValueError("not a tensor")
    return _Lazy(storage, offset, shape, strides)
