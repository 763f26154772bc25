"""The formats by file name: which are read, which are written, and by what."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from verifier.arithmetic.floats import Floats
from verifier.errors import UsageError
from verifier.formats import json_file, npz_file, onnx_file, safetensors_file, torch_file
from verifier.formats.content import Content, Note, printable
from verifier.weights import Weights

_READERS: dict[str, Callable[[bytes], Content]] = {
    ".pt": torch_file.decode,
    ".pth": torch_file.decode,
    ".safetensors": safetensors_file.decode,
    ".npz": npz_file.decode,
    ".onnx": onnx_file.decode,
    ".json": json_file.decode,
}
_WRITERS = {".onnx": onnx_file.encode, ".safetensors": safetensors_file.encode, ".npz": npz_file.encode}

READABLE = tuple(_READERS)
WRITABLE = (*_WRITERS, ".json")


def suffix_of(path: Path, known: tuple[str, ...]) -> str:
    """The file's suffix in lower case; raises `UsageError` if it is not a known one."""
    suffix = path.suffix.lower()
    if suffix not in known:
        raise UsageError(f"{str(path)[:80]} ends in {suffix[:20] or 'no suffix'!r}; choose one of {', '.join(known)}")
    return suffix


def check_available(suffix: str) -> None:
    """Raise `UsageError` now if files of this kind need a package that is not installed."""
    if suffix == ".onnx":
        onnx_file.require()


def encode(suffix: str, weights: Weights, form: str | None, note: Note) -> bytes:
    """The bytes of a file of this kind.

    `form` is the float format, whose floats the weights must be; None: exact rationals, which only .json holds. Raises
    `UsageError` where the kind has no place for these weights.
    """
    if suffix == ".json":
        return json_file.encode(weights, note)
    if form is None:
        raise UsageError(f"{suffix} files hold floats; choose binary32 or binary64")
    return _WRITERS[suffix](weights, Floats.of(form).type, note)


def decode(suffix: str, data: bytes) -> Content:
    """What a file of this kind holds; raises `UsageError` naming the first thing that is wrong. Runs nothing of it."""
    try:
        return _READERS[suffix](data)
    except UsageError as error:  # names in a file may hold anything; what is shown of them must not steer a terminal
        raise UsageError(printable(str(error))) from None
