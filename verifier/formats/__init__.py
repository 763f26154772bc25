"""Files of weights, in and out: ONNX, safetensors, PyTorch, npz, JSON. Nothing that a file holds is ever executed."""

from __future__ import annotations

from verifier.formats.content import Content, Note
from verifier.formats.reading import weights_of
from verifier.formats.suffixes import READABLE, WRITABLE, check_available, decode, encode, suffix_of

__all__ = ["READABLE", "WRITABLE", "Content", "Note", "check_available", "decode", "encode", "suffix_of", "weights_of"]
