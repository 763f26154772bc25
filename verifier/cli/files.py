"""Files of the command line: written whole or not at all."""

from __future__ import annotations

import os
import stat
import tempfile
from pathlib import Path

from verifier.errors import UsageError

LARGEST_FILE = 64 * 2**20
"""Bytes of a file that is read."""


def check_writable(path: Path) -> None:
    """Raise `UsageError` now if `path` could not be written later."""
    folder = path.parent
    try:
        found = path.stat().st_mode if path.exists() else None
    except OSError as error:
        raise UsageError(f"cannot write {str(path)[:80]}: {error.strerror}") from None
    if found is not None and not stat.S_ISREG(found):
        raise UsageError(f"cannot write {path}: it is {'a folder' if stat.S_ISDIR(found) else 'not a regular file'}")
    if not folder.is_dir():
        raise UsageError(f"cannot write {path}: there is no folder {folder}")
    target = path if path.exists() else folder
    if not os.access(target, os.W_OK) or not os.access(folder, os.W_OK):
        raise UsageError(f"cannot write {path}: permission denied")


def write_text(path: Path, text: str) -> None:
    """Write text as UTF-8; see `write_bytes`."""
    write_bytes(path, text.encode())


def write_bytes(path: Path, content: bytes) -> None:
    """Write through a temporary file beside `path` and a rename; raises `UsageError` on failure."""
    try:
        handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    except OSError as error:
        raise UsageError(f"cannot write {path}: {error.strerror}") from None
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
        os.chmod(temporary, 0o666 & ~_umask())
        os.replace(temporary, path)
    except BaseException as error:
        Path(temporary).unlink(missing_ok=True)
        if isinstance(error, OSError):
            raise UsageError(f"cannot write {path}: {error.strerror}") from None
        raise


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def read_text(path: Path) -> str:
    """The text of a file; raises `UsageError` naming what is wrong with it."""
    try:
        size = path.stat().st_size
        if size > LARGEST_FILE:
            raise UsageError(f"{path} has {size:,} bytes; at most {LARGEST_FILE:,} are read")
        return path.read_text(encoding="utf-8")
    except OSError as error:
        raise UsageError(f"cannot read {path}: {error.strerror}") from None
    except UnicodeDecodeError:
        raise UsageError(f"cannot read {path}: it is not UTF-8 text") from None
