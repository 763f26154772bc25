"""numpy's .npz: a zip archive of .npy arrays, under PyTorch's names. Pickled objects are never loaded."""

from __future__ import annotations

import io
import json
from typing import Any

import numpy as np

from verifier.errors import UsageError
from verifier.formats.archive import opened, read_member, zip_of
from verifier.formats.content import Content, Note, Tensor, check_shape
from verifier.formats.state_dict import to_state_dict
from verifier.weights import Weights

NOTE = "first_input_recall"
"""The array that holds the note, as one text in JSON."""


def encode(weights: Weights, kind: Any, note: Note) -> bytes:
    """The file of weights that are floats of the type `kind`; the same weights give the same bytes."""
    arrays = {**to_state_dict(weights, kind), NOTE: np.array(json.dumps(dict(note), ensure_ascii=True))}
    members: dict[str, bytes] = {}
    for name, array in arrays.items():
        part = io.BytesIO()
        np.lib.format.write_array(part, array, version=(1, 0), allow_pickle=False)
        members[f"{name}.npy"] = part.getvalue()
    return zip_of(members)


def decode(data: bytes) -> Content:
    """The arrays of a file; raises `UsageError` naming the first thing that is wrong."""
    tensors: dict[str, Tensor] = {}
    note: Note = {}
    with opened(data, "npz") as archive:
        for info in archive.infolist():
            name = info.filename.removesuffix(".npy")
            array = _array(name, read_member(archive, info))
            if name == NOTE:
                note = _note(array)
            elif name in tensors:
                raise UsageError(f"this npz file has two arrays named {name[:60]}")
            else:
                tensors[name] = Tensor(name, array)
    return Content("state_dict", tensors, note=note)


def _array(name: str, data: bytes) -> Any:
    stream = io.BytesIO(data)
    try:
        version = np.lib.format.read_magic(stream)
        if version not in ((1, 0), (2, 0), (3, 0)):
            raise ValueError(f"npy version {version}")
        read = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
        shape, by_columns, kind = read(stream)
    except (ValueError, EOFError, TypeError, RecursionError, MemoryError):
        raise UsageError(f"{name[:60]} of this npz file is not a .npy array") from None
    if kind.hasobject:
        raise UsageError(f"array {name[:60]} of this npz file holds pickled objects, which would run code; nothing was loaded")
    shape = check_shape(name, tuple(shape))
    if kind.kind not in "fU" or (kind.itemsize > 8 and kind.kind == "f"):
        raise UsageError(f"array {name} has the type {kind}; weights are binary16, binary32 or binary64")
    count, rest = int(np.prod(shape, dtype=np.int64)), data[stream.tell() :]
    if len(rest) != count * kind.itemsize or not kind.itemsize:
        raise UsageError(f"array {name} of shape {list(shape)} takes {count * kind.itemsize:,} bytes; the file has {len(rest):,}")
    values = np.frombuffer(rest, kind, count).reshape(shape, order="F" if by_columns else "C")
    if kind.kind == "U":
        if name != NOTE:
            raise UsageError(f"array {name} holds text; weights are numbers")
        return values
    with np.errstate(invalid="ignore"):
        return values.astype(np.float64)


def _note(array: Any) -> Note:
    try:
        note = json.loads(str(array))
    except (ValueError, RecursionError):
        note = None
    if not isinstance(note, dict) or not all(isinstance(v, str) for v in note.values()):
        raise UsageError(f"the array {NOTE} of this npz file is not a note of this program")
    return note
