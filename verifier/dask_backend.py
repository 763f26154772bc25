"""joblib's Dask backend, told how many workers there are, and passing on what became of work whose worker was lost.

joblib counts threads, and would run the work of a cluster of one here; it also waits for ever for a piece that Dask gave up.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any

from joblib._dask import DaskDistributedBackend

FEWEST = 2
"""Pieces in flight at least: joblib takes 1 to mean this process."""


@dataclass(frozen=True)
class _GivenUp:
    error: BaseException


class DaskWorkers(DaskDistributedBackend):
    """The workers of a Dask cluster, one piece of work each."""

    def effective_n_jobs(self, n_jobs: int) -> int:
        """The number of workers."""
        return max(FEWEST, len(self.client.nthreads()))

    def submit(self, func: Any, callback: Callable[[Any], None] | None = None) -> Future[Any]:
        """Send a piece; `callback` also hears when Dask gives it up."""
        future: Future[Any] = super().submit(func, callback)

        def tell(done: Future[Any]) -> None:
            error = done.exception()
            if error is not None and callback is not None:
                callback(_GivenUp(error))

        future.add_done_callback(tell)
        return future

    def retrieve_result_callback(self, out: Any) -> Any:
        """The result, or the error raised."""
        if isinstance(out, _GivenUp):
            raise out.error
        return super().retrieve_result_callback(out)
