"""Zip archives, read with every size checked and written with the same bytes for the same content."""

from __future__ import annotations

import io
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from verifier.errors import UsageError

LARGEST_ARCHIVE = 2**28
"""Bytes of all members together once unpacked."""

MEMBERS = 4096
"""Members of an archive that is read."""


def zip_of(members: Mapping[str, bytes]) -> bytes:
    """An uncompressed archive of these members, in order, with a fixed date."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_STORED) as archive:
        for name, data in members.items():
            archive.writestr(zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0)), data)
    return stream.getvalue()


@contextmanager
def opened(data: bytes, what: str) -> Iterator[zipfile.ZipFile]:
    """The archive in `data`; whatever is wrong with it, then or while it is read, is a `UsageError` that says `what` it is not."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            yield archive
    except UsageError:
        raise
    except (zipfile.BadZipFile, zlib.error, EOFError, ValueError, LookupError, ArithmeticError, RuntimeError, OSError) as error:
        raise UsageError(f"this is not a whole {what} file: {str(error)[:80]}") from None


def read_member(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> bytes:
    """The unpacked bytes of a member; raises `UsageError` where the archive claims more than is read."""
    members = archive.infolist()
    if len(members) > MEMBERS:
        raise UsageError(f"this archive has {len(members):,} members; at most {MEMBERS:,} are read")
    total = sum(member.file_size for member in members)
    if total > LARGEST_ARCHIVE:
        raise UsageError(f"this archive unpacks to {total:,} bytes; at most {LARGEST_ARCHIVE:,} are read")
    with archive.open(info) as stream:  # yields at most the bytes it claims
        return stream.read()
