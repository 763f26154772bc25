"""Work in parallel: results, errors, one piece at a time per process, and workers of another version."""

import os
import threading
import time

import pytest

from verifier import __version__, parallel
from verifier.errors import UsageError
from verifier.parallel import cores, finished, version_here


def test_in_this_process_results_come_in_order_and_one_by_one():
    seen = []

    def work(k):
        seen.append(k)
        return k * k, os.getpid()

    results = finished(work, [3, 1, 2], 1)
    assert next(results) == (9, os.getpid())
    assert seen == [3]
    assert [square for square, _ in results] == [1, 4]


def test_in_two_processes_all_results_come_from_others():
    found = list(finished(os.getpgid, [0, 0, 0], 2))
    assert len(found) == 3
    with pytest.raises(ProcessLookupError):
        list(finished(os.getpgid, [2**22 + 1], 2))


def test_one_piece_at_a_time_in_a_process():
    """Threads of one process, as a worker of a cluster may have them, take turns: there is one precision of balls."""
    inside, most = [], []

    def work(k):
        inside.append(k)
        most.append(len(inside))
        time.sleep(0.02)
        inside.remove(k)

    threads = [threading.Thread(target=parallel._alone, args=(work, k, None)) for k in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert most == [1, 1, 1, 1]


class Cluster:
    """What `_check_workers` asks of a Dask client."""

    def __init__(self, versions, scheduler=__version__, workers=True):
        self.versions, self.scheduler, self.workers = versions, scheduler, workers

    def wait_for_workers(self, count, timeout):
        if not self.workers:
            raise TimeoutError

    def run_on_scheduler(self, function):
        assert function is version_here
        return self.scheduler

    def run(self, function):
        if self.versions is None:
            raise ModuleNotFoundError("No module named 'verifier'\nand more lines")
        return self.versions


def test_a_cluster_of_this_version_is_taken():
    parallel._check_workers(Cluster({"a": __version__, "b": __version__}), "tcp://x:1")


@pytest.mark.parametrize(
    ("cluster", "complaint"),
    [
        (Cluster({}, workers=False), "has no workers; start some: dask worker tcp://x:1"),
        (Cluster(None), r"cannot import this package \(No module named 'verifier'\)"),
        (Cluster({"a": __version__, "b": "0.0.9"}), "has version 0.0.9 of this package, here is"),
        (Cluster({"a": __version__}, scheduler="0.0.8"), "has version 0.0.8"),
    ],
)
def test_a_cluster_that_cannot_be_used(cluster, complaint):
    with pytest.raises(UsageError, match=complaint):
        parallel._check_workers(cluster, "tcp://x:1")


def test_cores():
    assert 1 <= cores() <= (os.cpu_count() or 1)
