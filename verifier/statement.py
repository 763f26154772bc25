"""What a derivation claims, as canonical text: its hash names exactly the statement and steps that the checker runs."""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Mapping
from fractions import Fraction
from typing import Any

from sympy import Basic, srepr

from verifier.inequality import Derivation


def derivation_sha256(derivation: Derivation) -> str:
    """SHA-256 over statement, hypotheses, definitions, ranges, bound and every step with all it is checked from."""
    return text_sha256(derivation)


def text_sha256(value: Any) -> str:
    """SHA-256 of the canonical text of plain data, sympy expressions and dataclasses of such."""
    return hashlib.sha256(canonical(value).encode()).hexdigest()


def canonical(value: Any) -> str:
    """Unambiguous text: dataclasses by their compared fields, mappings in order, expressions by `srepr`, functions by name.

    >>> canonical((1, "a", {"b": None}))
    "(1,'a',{'b':None})"
    """
    if isinstance(value, Basic):
        return str(srepr(value))
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        kept = [field for field in dataclasses.fields(value) if field.compare]
        inside = ",".join(f"{field.name}={canonical(getattr(value, field.name))}" for field in kept)
        return f"{type(value).__name__}({inside})"
    if isinstance(value, Mapping):
        return "{" + ",".join(f"{canonical(key)}:{canonical(item)}" for key, item in value.items()) + "}"
    if isinstance(value, tuple | list):
        return "(" + ",".join(canonical(item) for item in value) + ")"
    if value is None or isinstance(value, str | int | float):
        return repr(value)
    if callable(value):
        return f"<{getattr(value, '__qualname__', type(value).__name__)}>"
    if isinstance(value, Fraction):
        return str(value)
    raise TypeError(f"{type(value).__name__} has no canonical text")
