"""JSON: exact rationals as this program writes them, or PyTorch's names with nested lists of decimals.

A decimal is the rational it is written as: 0.1 is 1/10, not the nearest float.
"""

from __future__ import annotations

import json
from fractions import Fraction
from typing import Any

import numpy as np

from verifier.errors import UsageError
from verifier.exact import parse_rational
from verifier.formats.content import Content, Note, Tensor, check_shape
from verifier.weights import Weights

FORMAT = "first-input-recall weights"
VERSION = 1
FIELDS = {"format", "version", "note", "weights", "weights_sha256"}


def encode(weights: Weights, note: Note) -> bytes:
    """The file of these weights, every number exact."""
    data = {
        "format": FORMAT,
        "version": VERSION,
        "note": dict(note),
        "weights": weights.to_data(),
        "weights_sha256": weights.sha256,
    }
    return (json.dumps(data, indent=1, ensure_ascii=False) + "\n").encode()


def decode(data: bytes) -> Content:
    """The weights, or the tensors, of a file; raises `UsageError` naming the first thing that is wrong."""
    try:
        found = json.loads(data, parse_float=_Decimal, parse_int=_Decimal, parse_constant=_refuse)
    except UsageError:
        raise
    except (ValueError, RecursionError) as error:
        detail = str(error) if isinstance(error, json.JSONDecodeError) else "it is not usable JSON"
        raise UsageError(f"this is not a JSON file of weights: {detail}") from None
    if not isinstance(found, dict):
        raise UsageError("this is not a JSON file of weights: it is not an object")
    if found.get("format") == FORMAT:
        return _own(found)
    tensors = {name: Tensor(name, _array(name, value)) for name, value in found.items()}
    return Content("state_dict", tensors)


class _Decimal(str):
    """A number as written."""

    __slots__ = ()


def _refuse(word: str) -> Any:
    raise UsageError(f"this JSON file holds {word}; weights must be finite numbers")


def _own(found: dict[str, Any]) -> Content:
    if set(found) != FIELDS or str(found["version"]) != str(VERSION):
        raise UsageError(f"this JSON file must have the fields {', '.join(sorted(FIELDS))} and version {VERSION}")
    note = found["note"]
    if not isinstance(note, dict) or not all(isinstance(v, str) for v in note.values()):
        raise UsageError("the note of this JSON file must hold text by name")
    weights = Weights.from_data(_plain(found["weights"]))
    if found["weights_sha256"] != weights.sha256:
        raise UsageError("the weights of this JSON file are not those its weights_sha256 was made of; the file was changed")
    return Content("weights", weights=weights, note=note)


def _plain(value: Any) -> Any:
    """Numbers as int where they are whole; anything else stays as written and is refused by its reader."""
    if isinstance(value, _Decimal):
        return int(value) if value.lstrip("-").isdigit() and len(value) < 20 else value
    if isinstance(value, list):
        return [_plain(v) for v in value]
    if isinstance(value, dict):
        return {k: _plain(v) for k, v in value.items()}
    return value


def _array(name: str, value: Any) -> Any:
    shape: list[int] = []
    level = value
    while isinstance(level, list) and len(shape) < 8:
        shape.append(len(level))
        level = level[0] if level else None
    check_shape(name, shape)
    flat: list[Any] = [value]
    for size in shape:
        if not all(isinstance(part, list) and len(part) == size for part in flat):
            raise UsageError(f"{name} of this JSON file is not a rectangular list of numbers")
        flat = [item for part in flat for item in part]
    array = np.empty(len(flat), object)
    for k, item in enumerate(flat):
        array[k] = _number(name, item)
    return array.reshape(shape)


def _number(name: str, item: Any) -> Fraction:
    if not isinstance(item, str):
        raise UsageError(f'{name} of this JSON file holds {str(item)[:40]}; weights are numbers, or text such as "1/3"')
    return parse_rational(item, f"an entry of {name}")
