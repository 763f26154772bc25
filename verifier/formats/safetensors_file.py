"""The safetensors format: 8 bytes with the length of a JSON header, the header, the numbers. Read and written here directly."""

from __future__ import annotations

import itertools
import json
from collections.abc import Mapping
from typing import Any

import numpy as np

from verifier.errors import UsageError
from verifier.formats.content import Content, Note, Tensor, check_shape
from verifier.formats.state_dict import to_state_dict
from verifier.weights import Weights

LARGEST_HEADER = 2**20
"""Bytes of a header that is read; the format itself allows 100 MB."""

TYPES: dict[str, np.dtype[Any]] = {"F16": np.dtype("<f2"), "F32": np.dtype("<f4"), "F64": np.dtype("<f8"), "BF16": np.dtype("<u2")}
"""Float types by the format's names; a bfloat16 is the upper half of a binary32."""

METADATA = "__metadata__"


def encode(weights: Weights, kind: Any, note: Note) -> bytes:
    """The file of weights that are floats of the type `kind`, under PyTorch's names."""
    arrays = to_state_dict(weights, kind)
    header: dict[str, Any] = {METADATA: dict(note)}
    data = b""
    for name, array in arrays.items():
        part = np.ascontiguousarray(array, array.dtype.newbyteorder("<")).tobytes()
        header[name] = {
            "dtype": {4: "F32", 8: "F64"}[array.itemsize],
            "shape": list(array.shape),
            "data_offsets": [len(data), len(data) + len(part)],
        }
        data += part
    text = json.dumps(header, ensure_ascii=True, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    return len(text).to_bytes(8, "little") + text + data


def decode(data: bytes) -> Content:
    """The tensors of a file; raises `UsageError` naming the first thing that is wrong."""
    header, start = _header(data)
    note = header.pop(METADATA, {})
    if not isinstance(note, dict) or not all(isinstance(v, str) for v in note.values()):
        raise UsageError("this safetensors file has metadata that is not text by name")
    tensors: dict[str, Tensor] = {}
    taken: list[tuple[int, int, str]] = []
    for name, entry in header.items():
        array, span = _tensor(name, entry, data, start)
        tensors[name] = Tensor(name, array)
        taken.append((*span, name))
    taken.sort()
    for (_, end, first), (begin, _, second) in itertools.pairwise(taken):
        if begin < end:
            raise UsageError(f"this safetensors file gives {first} and {second} the same bytes")
    return Content("state_dict", tensors, note=note)


def _header(data: bytes) -> tuple[dict[str, Any], int]:
    length = int.from_bytes(data[:8], "little")
    if len(data) < 8 or length > len(data) - 8:
        raise UsageError(f"this is not a whole safetensors file: {len(data):,} bytes, of which the header wants {length:,}")
    if length > LARGEST_HEADER:
        raise UsageError(f"this safetensors file has a header of {length:,} bytes; at most {LARGEST_HEADER:,} are read")
    try:
        header = json.loads(data[8 : 8 + length], object_pairs_hook=_without_repeats)
    except (ValueError, RecursionError):
        raise UsageError("this is not a safetensors file: its header is not usable JSON") from None
    if not isinstance(header, dict):
        raise UsageError("this is not a safetensors file: its header is not an object")
    return header, 8 + length


def _without_repeats(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a name occurs twice")
    return found


def _tensor(name: str, entry: Any, data: bytes, start: int) -> tuple[Any, tuple[int, int]]:
    if not isinstance(entry, Mapping) or not {"dtype", "shape", "data_offsets"} <= set(entry):
        raise UsageError(f"tensor {name[:60]} of this safetensors file has no dtype, shape and data_offsets")
    shape = check_shape(name, entry["shape"])
    if not isinstance(entry["dtype"], str) or entry["dtype"] not in TYPES:
        raise UsageError(f"tensor {name} has the type {str(entry['dtype'])[:20]}; weights are {', '.join(TYPES)}")
    kind, offsets = TYPES[entry["dtype"]], entry["data_offsets"]
    if not (isinstance(offsets, list) and len(offsets) == 2 and all(type(at) is int for at in offsets)):
        raise UsageError(f"tensor {name} has the data_offsets {str(offsets)[:40]}; they are two whole numbers")
    begin, end = offsets
    size = int(np.prod(shape, dtype=np.int64)) * kind.itemsize
    if not 0 <= begin <= end <= len(data) - start or end - begin != size:
        raise UsageError(
            f"tensor {name} of shape {list(shape)} takes {size:,} bytes; its data_offsets {offsets} lie in a file with "
            f"{len(data) - start:,} bytes of numbers"
        )
    raw = np.frombuffer(data, kind, size // kind.itemsize, start + begin).reshape(shape)
    return widen(raw, entry["dtype"] == "BF16"), (begin, end)


def widen(raw: Any, upper_halves: bool = False) -> Any:
    """Floats as binary64, which holds them exactly; `upper_halves`: bfloat16, given as 16-bit words."""
    if upper_halves:
        raw = (raw.astype(np.uint32) << 16).view(np.float32)
    with np.errstate(invalid="ignore"):  # a signalling nan is refused later, by name
        return raw.astype(np.float64)
