"""PyTorch's names: nn.RNN, nn.LSTM or nn.GRU with an nn.Linear head, as in a state_dict."""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping, Sequence
from typing import Any

from verifier.errors import UsageError
from verifier.formats.content import Tensor
from verifier.formats.layout import TORCH, head, native, stack, unstack
from verifier.weights import Weights

ROLES = ("weight_ih", "weight_hh", "bias_ih", "bias_hh", "head.weight", "head.bias")
"""What the tensors of a network are for; the two matrices and the head's are needed, the biases may be missing."""

NEEDED = ("weight_ih", "weight_hh", "head.weight")
IGNORE = "ignore"
"""The role of tensors that are no part of the network."""

SUPPORTED = "one recurrent layer in one direction and a linear head to one number"

_LAYER = re.compile(r"(?:.*\.)?(?P<role>weight_ih|weight_hh|bias_ih|bias_hh|weight_hr)(?:_l(?P<layer>\d+))?(?P<back>_reverse)?")


def to_state_dict(weights: Weights, kind: Any) -> dict[str, Any]:
    """Arrays by PyTorch's names (rnn.weight_ih_l0, ..., head.weight, head.bias) of weights that are floats of type `kind`.

    Raises `UsageError` where PyTorch has no such cell.
    """
    found = native(weights, TORCH)
    stacked = stack(found, TORCH.order(found.cell), kind)
    matrix, bias = head(found, kind)
    return {**{f"rnn.{role}_l0": array for role, array in stacked.items()}, "head.weight": matrix, "head.bias": bias}


def roles_of(tensors: Mapping[str, Tensor], chosen: Sequence[tuple[str, str]] = ()) -> dict[str, str]:
    """{role: tensor name}: `chosen` pairs (role, name) as they are, the rest guessed from PyTorch's names.

    Raises `UsageError` on stacked, bidirectional and projected layers, on tensors that are left over and on roles that
    no tensor fills, naming what was found.
    """
    taken = _chosen_roles(tensors, chosen)
    ignored = {name for role, name in chosen if role == IGNORE}
    free = [name for name in tensors if name not in ignored and name not in taken.values()]
    layers: dict[str, list[str]] = {}
    rest: list[str] = []
    for name in free:
        match = _LAYER.fullmatch(name)
        if match is None:
            rest.append(name)
            continue
        _check_layer(name, match)
        layers.setdefault(match["role"], []).append(name)
    for role, names in layers.items():
        if role not in taken:
            if len(names) > 1:
                raise UsageError(f"{role} could be {_some(names)}; supported: {SUPPORTED}; choose with --map {role}=NAME")
            taken[role] = names[0]
        else:
            rest += names
    _guess_head(tensors, taken, rest)
    missing = [role for role in NEEDED if role not in taken]
    if missing:
        has = _some(list(tensors)) if tensors else "no tensors"
        raise UsageError(f"no tensor for {', '.join(missing)}; the file has {has}; name it with --map {missing[0]}=NAME")
    extra = [name for name in rest if name not in taken.values()]
    if extra:
        raise UsageError(
            f"the file also has {_some(extra)}; supported: {SUPPORTED}; leave a tensor out with --map {IGNORE}={extra[0]}"
        )
    return {role: taken[role] for role in ROLES if role in taken}


def _chosen_roles(tensors: Mapping[str, Tensor], chosen: Sequence[tuple[str, str]]) -> dict[str, str]:
    taken: dict[str, str] = {}
    for role, name in chosen:
        if role not in (*ROLES, IGNORE):
            raise UsageError(f"--map {role}={name}: {role!r} is no part of a network; parts: {', '.join((*ROLES, IGNORE))}")
        if name not in tensors:
            near = difflib.get_close_matches(name, tensors, n=1)
            hint = f"; did you mean {near[0]!r}?" if near else ""
            raise UsageError(f"--map {role}={name}: the file has no tensor {name!r}{hint} (it has {_some(list(tensors))})")
        if role != IGNORE:
            if role in taken:
                raise UsageError(f"--map gives {role} twice: {taken[role]} and {name}")
            taken[role] = name
    return taken


def _check_layer(name: str, match: re.Match[str]) -> None:
    if match["back"]:
        raise UsageError(f"this network is bidirectional (tensor {name}); supported: {SUPPORTED}")
    if match["layer"] not in (None, "0"):
        raise UsageError(f"this network has stacked recurrent layers (tensor {name}); supported: {SUPPORTED}")
    if match["role"] == "weight_hr":
        raise UsageError(f"this LSTM projects its hidden state (tensor {name}); supported: {SUPPORTED}")


def _guess_head(tensors: Mapping[str, Tensor], taken: dict[str, str], rest: Sequence[str]) -> None:
    """The one remaining matrix, and the vector that shares its prefix, are the readout."""
    if "head.weight" not in taken:
        matrices = [name for name in rest if len(tensors[name].shape) == 2]
        if len(matrices) > 1:
            raise UsageError(f"the head could be {_some(matrices)}; supported: {SUPPORTED}; choose with --map head.weight=NAME")
        if matrices:
            taken["head.weight"] = matrices[0]
    if "head.weight" in taken and "head.bias" not in taken:
        stem = taken["head.weight"].removesuffix("weight")
        if stem + "bias" in rest:
            taken["head.bias"] = stem + "bias"


def _some(names: Sequence[str], most: int = 6) -> str:
    shown = ", ".join(name if len(name) <= 60 else name[:57] + "..." for name in names[:most])
    return shown if len(names) <= most else f"{shown} and {len(names) - most} more"


def guess_cell(tensors: Mapping[str, Tensor], roles: Mapping[str, str]) -> str:
    """The cell that PyTorch's shapes tell: 4 blocks of rows are an LSTM, 3 a GRU; one may be any RNN, which is asked for."""
    shape = tensors[roles["weight_hh"]].shape
    blocks = shape[0] / shape[1] if len(shape) == 2 and shape[1] else 0
    if blocks in (3, 4):
        return {3: "gru-after-keep", 4: "lstm"}[int(blocks)]
    if blocks == 1:
        raise UsageError("the file does not say which activation this RNN has; say --arch tanh or --arch relu")
    raise UsageError(f"weight_hh = {roles['weight_hh']} has shape {list(shape)}; [4d, d] is an LSTM, [3d, d] a GRU, [d, d] an RNN")


def from_state_dict(tensors: Mapping[str, Tensor], roles: Mapping[str, str], cell: str) -> Weights:
    """The exact weights of a network in PyTorch's layout.

    `cell` is one that PyTorch has, or sigmoid or linear, stored as nn.RNN would. Raises `UsageError` on others and on shapes
    that do not fit.
    """
    orders = {**{name: TORCH.order(name) for name in TORCH.operators}, "sigmoid": ("h",), "linear": ("h",)}
    if cell not in orders:
        why = "; PyTorch's nn.GRU is gru-after-keep" if cell.startswith("gru") else ""
        raise UsageError(f"--arch {cell} has no layout under PyTorch's names{why} (known: {', '.join(sorted(orders))})")
    return unstack(cell, orders[cell], {role: tensors[name] for role, name in roles.items()})
