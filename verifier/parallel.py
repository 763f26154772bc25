"""Independent pieces of work on all cores, or on a Dask cluster: one way for every command that has many.

    finished(f, [a, b, c])  ->  f(b), f(a), f(c): in the order in which they come to an end

Workers are processes, because the precision of balls belongs to a whole process; in each, one piece runs at a time. When the
caller stops early, by an exception or Ctrl-C, the workers are ended at once.
"""

from __future__ import annotations

import os
import signal
import threading
import time
import warnings
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any, TypeVar

from verifier.errors import UsageError

Item = TypeVar("Item")
Result = TypeVar("Result")

CLUSTER_EXTRA = "--scheduler needs dask and distributed: pip install 'first-input-recall[cluster]'"

CONNECT_SECONDS = 10
"""How long a scheduler and its workers have to answer."""

WATCH_SECONDS = 0.1
"""How often a worker looks whether the process that started it is still there."""

_ALONE = threading.RLock()
"""Held by the piece that this process works on: a worker of a cluster may have many threads, but one precision of balls."""


def cores() -> int:
    """The cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def finished(
    function: Callable[[Item], Result], items: Iterable[Item], jobs: int | None = None, scheduler: str | None = None
) -> Iterator[Result]:
    """function(item) for every item, as they finish, on `jobs` processes (default: one per core; 1: in this process).

    With `scheduler`, the address of a Dask scheduler such as tcp://host:8786, on the workers of its cluster instead. Function,
    items and results must pickle. Raises what `function` raises, and `UsageError` where the cluster cannot be used.
    """
    from joblib import Parallel, delayed

    owner = os.getpid() if scheduler is None else None
    calls = (delayed(_alone)(function, item, owner) for item in items)
    if scheduler is None:
        with _interrupts_blocked():
            results = Parallel(jobs or cores(), backend="loky", return_as="generator_unordered", batch_size=1)(calls)
        yield from _all_or_closed(results)
        return
    with _connected(scheduler) as backend:
        yield from _all_or_closed(Parallel(-1, backend=backend, return_as="generator_unordered", batch_size=1)(calls))


def _all_or_closed(results: Generator[Result, None, None]) -> Iterator[Result]:
    """All results; where the caller stops early, no warning about those it did not want."""
    try:
        for result in results:  # noqa: UP028 - `yield from` would close them itself, with the warning
            yield result
    finally:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)
            results.close()


def _alone(function: Callable[[Item], Result], item: Item, owner: int | None) -> Result:
    """function(item); where a process called `owner` started this one, this one ends with it."""
    if owner is not None and owner != os.getpid():
        _end_with(owner)
    with _ALONE:
        return function(item)


@cache
def _end_with(owner: int) -> None:
    """End this process soon after its parent `owner`, however that ended."""

    def watch() -> None:
        while os.getppid() == owner:
            time.sleep(WATCH_SECONDS)
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


@contextmanager
def _interrupts_blocked() -> Iterator[None]:
    """Processes and threads started meanwhile never see Ctrl-C, which is for the caller; one that comes now waits."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


@contextmanager
def _connected(address: str) -> Iterator[Any]:
    """joblib's backend on the workers of this scheduler."""
    try:
        from distributed import Client

        from verifier.dask_backend import DaskWorkers
    except ImportError:
        raise UsageError(CLUSTER_EXTRA) from None
    try:
        client = Client(address, timeout=CONNECT_SECONDS, set_as_default=False)
    except (OSError, ValueError, TypeError, ImportError) as error:
        raise UsageError(f"no Dask scheduler answers at {address[:80]!r}: {_first_line(error)}") from None
    with client:
        _check_workers(client, address)
        yield DaskWorkers(client=client)


def _check_workers(client: Any, address: str) -> None:
    """Raise `UsageError` unless there are workers, and they and the scheduler have this version of the package."""
    from verifier import __version__

    try:
        client.wait_for_workers(1, timeout=CONNECT_SECONDS)
    except TimeoutError:
        raise UsageError(f"the scheduler at {address} has no workers; start some: dask worker {address} --nthreads 1") from None
    try:
        found = {client.run_on_scheduler(version_here), *client.run(version_here).values()}
    except Exception as error:  # whatever importing the package raises over there
        raise UsageError(
            f"the scheduler or a worker of {address} cannot import this package ({_first_line(error)}); install it there"
        ) from None
    other = found - {__version__}
    if other:
        raise UsageError(f"{address} has version {', '.join(sorted(other))} of this package, here is {__version__}")


def version_here() -> str:
    """The version of this package where the function runs."""
    from verifier import __version__

    return __version__


def _first_line(error: BaseException) -> str:
    lines = str(error).splitlines()
    return lines[0][:120] if lines else type(error).__name__
