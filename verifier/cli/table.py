"""Tables of rows: CSV and Parquet, written whole; and the journal that keeps every finished row of a sweep until then.

A journal is one JSON value per line: first what the sweep was run with, then one row each, on disk before the next is begun.
A line that a kill cut short is dropped; the sweep goes on from the others.
"""

from __future__ import annotations

import csv
import io
import json
import os
import types
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, get_args

from verifier.cli.files import check_writable, read_bytes, read_text, write_bytes
from verifier.cli.row import COLUMNS, Row
from verifier.errors import UsageError

SUFFIXES = (".csv", ".parquet")

PARQUET_EXTRA = "Parquet files need pyarrow: pip install 'first-input-recall[parquet]', or write .csv"

FORMAT = "first-input-recall sweep"

JOURNAL = ".journal"
"""Added to the name of a table while it is not finished."""


def check_table(path: Path) -> None:
    """Raise `UsageError` now if no table could be written to `path` later."""
    if path.suffix not in SUFFIXES:
        raise UsageError(f"cannot write {path.name}: a table is {' or '.join('FILE' + suffix for suffix in SUFFIXES)}")
    if path.suffix == ".parquet":
        _pyarrow()
    check_writable(path)


def write_table(path: Path, rows: Iterable[Row]) -> None:
    """Write the rows whole or not at all."""
    data = [row.to_data() for row in rows]
    write_bytes(path, _parquet(data) if path.suffix == ".parquet" else _csv(data).encode("utf-8"))


def read_table(path: Path) -> list[Row]:
    """The rows of a table, or of a journal; raises `UsageError` naming what is wrong with it."""
    if path.suffix == JOURNAL:
        return read_journal(path)[1]
    if path.suffix not in SUFFIXES:
        raise UsageError(f"cannot read {path.name}: a table of rows is {', '.join((*SUFFIXES, JOURNAL))}")
    data = _from_parquet(path) if path.suffix == ".parquet" else _from_csv(path)
    try:
        return [Row.from_data(entry) for entry in data]
    except UsageError as error:
        raise UsageError(f"{path} is not a table of `verify sweep`: {error}") from None


def _csv(data: list[dict[str, Any]]) -> str:
    text = io.StringIO()
    writer = csv.DictWriter(text, list(COLUMNS), lineterminator="\n")
    writer.writeheader()
    writer.writerows(data)
    return text.getvalue()


def _from_csv(path: Path) -> list[dict[str, Any]]:
    reader = csv.DictReader(io.StringIO(read_text(path)), strict=True)
    try:
        return [{name: _parsed(name, text) for name, text in entry.items()} for entry in reader]
    except csv.Error as error:
        raise UsageError(f"{path} is not CSV: {error}") from None


def _parsed(name: Any, text: Any) -> Any:
    """The text of a CSV field as its column's type; as it is where it is none."""
    kinds = _kinds(COLUMNS.get(name, str))
    if text == "" and types.NoneType in kinds:
        return None
    for kind in (int, float):
        if kind in kinds:
            try:
                return kind(text)
            except (TypeError, ValueError):
                return text
    return text


def _kinds(column: Any) -> tuple[Any, ...]:
    return get_args(column) or (column,)


def _pyarrow() -> Any:
    try:
        import pyarrow
        import pyarrow.parquet
    except ImportError:
        raise UsageError(PARQUET_EXTRA) from None
    return pyarrow


def _parquet(data: list[dict[str, Any]]) -> bytes:
    arrow = _pyarrow()
    kinds = {str: arrow.string(), int: arrow.int64(), float: arrow.float64()}
    schema = arrow.schema([(name, kinds[_kinds(column)[0]]) for name, column in COLUMNS.items()])
    buffer = io.BytesIO()
    arrow.parquet.write_table(arrow.Table.from_pylist(data, schema=schema), buffer)
    return buffer.getvalue()


def _from_parquet(path: Path) -> list[dict[str, Any]]:
    arrow = _pyarrow()
    try:
        found: list[dict[str, Any]] = arrow.parquet.read_table(io.BytesIO(read_bytes(path))).to_pylist()
    except (arrow.ArrowException, OSError) as error:
        raise UsageError(f"{path} is not a Parquet file: {str(error).splitlines()[0][:100]}") from None
    return found


# --- the journal ------------------------------------------------------------------------------------------------------


def journal_of(path: Path) -> Path:
    """Where the rows of the table `path` are kept until it is finished."""
    return path.with_name(path.name + JOURNAL)


def read_journal(path: Path) -> tuple[dict[str, Any], list[Row]]:
    """What a sweep was run with, and its finished rows. Only an unfinished last line is dropped."""
    header, rows, _ = _read(path, read_bytes(path))
    return header, rows


class Journal:
    """A journal that is open for one sweep at a time."""

    def __init__(self, file: IO[bytes], rows: list[Row]) -> None:
        self._file, self.rows = file, rows

    def add(self, row: Row) -> None:
        """Append a row; it is on disk when this returns."""
        self.write(row.to_data())
        self.rows.append(row)

    def write(self, data: Mapping[str, Any]) -> None:
        self._file.write(json.dumps(data, ensure_ascii=False).encode("utf-8") + b"\n")
        self._file.flush()
        os.fsync(self._file.fileno())


@contextmanager
def open_journal(path: Path, settings: Mapping[str, Any]) -> Iterator[Journal]:
    """The journal at `path`, with the rows it already holds; removed where it is left without any.

    Raises `UsageError` where it was written with other settings, is malformed, or another sweep is writing it.
    """
    check_writable(path)
    wanted = {"format": FORMAT, **settings}
    with path.open("a+b") as file:
        _lock(file, path)
        file.seek(0)
        found = file.read()
        if not found.partition(b"\n")[1]:
            file.truncate(0)
            journal = Journal(file, [])
            journal.write(wanted)
        else:
            header, rows, length = _read(path, found)
            _check_settings(path, header, wanted)
            file.truncate(length)
            journal = Journal(file, rows)
        try:
            yield journal
        finally:
            if not journal.rows:
                path.unlink(missing_ok=True)


def _read(path: Path, content: bytes) -> tuple[dict[str, Any], list[Row], int]:
    """Settings, rows, and the bytes of whole lines."""
    whole = content.rpartition(b"\n")[0].split(b"\n") if b"\n" in content else []
    if not whole:
        raise UsageError(f"{path} is not the journal of a sweep: it has no first line")
    entries: list[Any] = []
    for number, line in enumerate(whole, 1):
        try:
            entries.append(json.loads(line))
        except (ValueError, RecursionError):
            raise UsageError(f"line {number} of {path} is damaged; remove that line, or the file to start anew") from None
    header = entries[0]
    if not isinstance(header, dict) or header.get("format") != FORMAT:
        raise UsageError(f"{path} is not the journal of a sweep: its first line does not say so")
    try:
        rows = [Row.from_data(entry) for entry in entries[1:]]
    except UsageError as error:
        raise UsageError(f"{path} is damaged: {error}; remove it to start anew") from None
    return header, rows, sum(len(line) + 1 for line in whole)


def _check_settings(path: Path, header: Mapping[str, Any], wanted: Mapping[str, Any]) -> None:
    for name, value in wanted.items():
        if header.get(name) != value:
            raise UsageError(
                f"the unfinished {path} was written with {name} {header.get(name)}, not {value}; go on with that, or remove it"
            )


def _lock(file: IO[bytes], path: Path) -> None:
    """One sweep at a time; the lock goes with the process."""
    try:
        import fcntl
    except ImportError:  # Windows
        return
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        raise UsageError(f"another sweep is writing {path}; wait for it or choose another -o") from None
