"""How certificates are forged for tests (changes, hashes made right again, random mutations), and what checking then says."""

from __future__ import annotations

import contextlib
import copy
import json
from collections.abc import Callable, Mapping
from typing import Any

from hypothesis import strategies as st

from verifier.certificate import check_data
from verifier.errors import UsageError
from verifier.review import Review, content_hash
from verifier.verdict import Verdict
from verifier.weights import Weights

Data = dict[str, Any]
Change = Callable[[Data], object]

Mutation = tuple[tuple[Any, ...], str, Any]
"""A place in a JSON value, what is done there, and with which value."""


P, R, U = Verdict.PROVED, Verdict.REFUTED, Verdict.UNDECIDED
USAGE = UsageError

WRONG_TYPES = [None, 0, 1.5, "text", [], {}, True, [[]], {"a": {}}]
"""Values that no field of a certificate takes, `null` for a reason or a theorem apart."""


def review(data: Any, theorems: Mapping[str, Any] | None = None) -> Review[Any]:
    """What checking says; copies need no theorem's derivation."""
    return check_data(data, {} if theorems is None else theorems)


def outcome(data: Any, theorems: Mapping[str, Any] | None = None) -> Verdict | type[UsageError]:
    """The verdict, or `UsageError`."""
    try:
        return review(data, theorems).verdict
    except UsageError:
        return UsageError


def saved(data: Data) -> Data:
    """Written to a file and read again."""
    return json.loads(json.dumps(data))


def without(base: Data, field: str) -> Data:
    """The certificate without a field, its content hash right."""
    data = {key: value for key, value in base.items() if key != field}
    if field != "sha256":
        data["sha256"] = content_hash(data)
    return data


def replaced(base: Data, field: str, value: Any) -> Data:
    """The certificate with another value of a field, its content hash right."""
    data = {**copy.deepcopy(base), field: value}
    if field != "sha256":
        data["sha256"] = content_hash(data)
    return data


def assert_confirmed(data: Data, expected: Verdict) -> Review[Any]:
    """Checking agrees with the file in every point, its verdict included."""
    found = review(data)
    assert found.verdict is expected, found.reason
    assert data["verdict"] == expected.value
    assert all(finding.verdict is P for finding in found.findings)
    return found


def forge(base: Data, change: Change, *, hashes: bool = True) -> Data:
    """The certificate with a change, and with both hashes made right again unless told otherwise."""
    data = copy.deepcopy(base)
    change(data)
    if hashes:
        with contextlib.suppress(UsageError, KeyError):
            data["weights_sha256"] = Weights.from_data(data["weights"]).sha256
        data["sha256"] = content_hash(data)
    return data


def in_question(**values: Any) -> Change:
    """Change the question."""
    return lambda data: data["question"].update(values)


def claim(number: int, **values: Any) -> Change:
    """Change one claim."""
    return lambda data: data["claims"][number].update(values)


def run(**values: Any) -> Change:
    """Change how it was run."""
    return lambda data: data["run"].update(values)


def weight(block: str, position: int, value: str) -> Change:
    """Change one weight."""
    return lambda data: data["weights"]["blocks"][block][position].__setitem__(-1, value)


def extra_weight(block: str, row: list[Any]) -> Change:
    """Add a weight."""
    return lambda data: data["weights"]["blocks"].setdefault(block, []).append(row)


SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.sampled_from([0, 1, 2, 5, 7, -1, 31, 64, 10**30]),
    st.sampled_from([0.0, 1.5, float("nan"), float("inf")]),
    st.sampled_from(["", "0", "1", "-1", "1/3", "1e-4", "13", "nan", "1e9", "PROVED", "REFUTED", "lstm", "tanh", "C6", "<=", ">="]),
    st.text(max_size=6),
)
VALUES = st.recursive(SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3))


def places(data: Any, prefix: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Every place in a JSON value."""
    found = [prefix] if prefix else []
    items = data.items() if isinstance(data, dict) else enumerate(data) if isinstance(data, list) else ()
    for key, value in items:
        found += places(value, (*prefix, key))
    return found


def mutate(data: Data, place: tuple[Any, ...], action: str, value: Any) -> None:
    """Replace, delete or duplicate what is at a place, where it still is."""
    holder: Any = data
    for key in place[:-1]:
        if not isinstance(holder, (dict, list)) or (isinstance(holder, list) and not isinstance(key, int)):
            return
        if (isinstance(holder, dict) and key not in holder) or (isinstance(holder, list) and key >= len(holder)):
            return
        holder = holder[key]
    key = place[-1]
    if isinstance(holder, dict) and key in holder:
        if action == "delete":
            del holder[key]
        else:
            holder[key] = value
    elif isinstance(holder, list) and isinstance(key, int) and key < len(holder):
        if action == "delete":
            del holder[key]
        elif action == "double":
            holder.append(copy.deepcopy(holder[key]))
        else:
            holder[key] = value


def mutations(base: Data) -> st.SearchStrategy[list[Mutation]]:
    """One or two random mutations of a certificate."""
    one = st.tuples(st.sampled_from(places(base)), st.sampled_from(["replace", "delete", "double"]), VALUES)
    return st.lists(one, min_size=1, max_size=2)


def mutated(base: Data, changes: list[Mutation], *, hashes: bool) -> Data:
    """`base` after these mutations."""

    def change(data: Data) -> None:
        for place, action, value in changes:
            mutate(data, place, action, copy.deepcopy(value))

    return forge(base, change, hashes=hashes)
