"""A sweep on a real Dask scheduler with two workers, started here."""

import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest

from verifier.cli.table import read_table

ROOT = Path(__file__).parent.parent.parent
PATIENCE_SECONDS = 60
LISTS = ["sweep", "--arch", "relu,lstm", "--n", "2,1000,10^18"]

pytestmark = pytest.mark.distributed


def start(*arguments, folder, **environment):
    return subprocess.Popen(
        [sys.executable, "-m", *map(str, arguments)],
        cwd=folder,
        env=os.environ | {"PYTHONPATH": f"{ROOT}{os.pathsep}{os.environ.get('PYTHONPATH', '')}"} | environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


def verify(*arguments, folder):
    return subprocess.run(
        [sys.executable, "-m", "verifier", *map(str, arguments)],
        cwd=folder,
        env=os.environ | {"PYTHONPATH": f"{ROOT}{os.pathsep}{os.environ.get('PYTHONPATH', '')}"},
        capture_output=True,
        text=True,
        timeout=PATIENCE_SECONDS,
        check=False,
    )


@pytest.fixture(scope="module")
def scheduler(tmp_path_factory):
    """Address of a scheduler without workers."""
    folder = tmp_path_factory.mktemp("cluster")
    file = folder / "scheduler.json"
    process = start(
        "distributed.cli.dask_scheduler",
        "--host",
        "127.0.0.1",
        "--port",
        0,
        "--no-dashboard",
        "--scheduler-file",
        file,
        folder=folder,
    )
    end = time.monotonic() + PATIENCE_SECONDS
    address = ""
    while not address:
        assert process.poll() is None
        assert time.monotonic() < end
        time.sleep(0.05)
        try:
            address = json.loads(file.read_text(encoding="utf-8"))["address"]
        except (OSError, ValueError):
            continue
    yield address
    process.kill()
    process.wait()


@pytest.fixture
def worker(scheduler, tmp_path):
    """Starts workers, and ends them."""
    started = []

    def one(**environment):
        started.append(
            start(
                "distributed.cli.dask_worker", scheduler, "--nthreads", 1, "--no-nanny", "--no-dashboard",
                folder=tmp_path, **environment,
            )
        )  # fmt: skip
        return started[-1]

    yield one
    for process in started:
        process.kill()
        process.wait()


def wait_for_workers(scheduler, count):
    from distributed import Client

    code = f"import sys; from distributed import Client; c = Client(sys.argv[1]); c.wait_for_workers({count}, {PATIENCE_SECONDS})"
    assert Client is not None
    subprocess.run([sys.executable, "-c", code, scheduler], check=True, timeout=PATIENCE_SECONDS)


def test_two_workers_decide_what_this_machine_decides(scheduler, worker, tmp_path):
    for _ in range(2):
        worker()
    wait_for_workers(scheduler, 2)
    done = verify(*LISTS, "-o", "there.csv", "--scheduler", scheduler, folder=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines()[-1].startswith("PROVED sweep rows=6 weights=6")
    assert verify(*LISTS, "-o", "here.csv", "--jobs", 1, folder=tmp_path).returncode == 0
    here, there = (
        [replace(row, seconds=0.0, cpu_seconds=0.0, peak_megabytes=0.0) for row in read_table(tmp_path / name)]
        for name in ("here.csv", "there.csv")
    )
    assert here == there


def test_a_scheduler_without_workers(scheduler, tmp_path):
    done = verify(*LISTS, "-o", "rows.csv", "--scheduler", scheduler, folder=tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == f"verify: the scheduler at {scheduler} has no workers; start some: dask worker {scheduler} --nthreads 1\n"
    assert list(tmp_path.iterdir()) == []


ELSEWHERE = """
import os, sys
sys.path.append(sys.argv[2])
from verifier.parallel import finished
import only_here
from os import getpgid
print(os.getpgid(0) in finished(getpgid, [0], scheduler=sys.argv[1]))
try:
    list(finished(only_here.double, [1, 2], scheduler=sys.argv[1]))
except Exception as error:
    print("only_here" in str(error) or "deserializ" in str(error))
"""


def test_one_worker_does_the_work_itself_and_failing_to_load_it_is_reported(scheduler, worker, tmp_path):
    """Not here, though joblib takes one worker for this process; and not for ever, though joblib does not hear of it."""
    (tmp_path / "only_here.py").write_text("def double(k):\n    return 2 * k\n", encoding="utf-8")
    worker(PYTHONSAFEPATH="1")
    wait_for_workers(scheduler, 1)
    (tmp_path / "elsewhere").mkdir()
    done = subprocess.run(
        [sys.executable, "-c", ELSEWHERE, scheduler, str(tmp_path)],
        cwd=tmp_path / "elsewhere",
        env=os.environ | {"PYTHONPATH": f"{ROOT}{os.pathsep}{os.environ.get('PYTHONPATH', '')}"},
        capture_output=True,
        text=True,
        timeout=PATIENCE_SECONDS,
        start_new_session=True,
        check=False,
    )
    assert done.stdout.splitlines() == ["False", "True"]


def test_a_worker_that_is_lost_is_replaced_by_the_other(scheduler, worker, tmp_path):
    """Rows that were finished stay, the others are decided by the worker that is left."""
    first, _ = worker(), worker()
    wait_for_workers(scheduler, 2)
    lists = ["sweep", "--arch", "relu", "--n", ",".join(map(str, range(2, 42)))]
    sweep = start("verifier", *lists, "-o", "rows.csv", "--scheduler", scheduler, folder=tmp_path)
    journal, end = tmp_path / "rows.csv.journal", time.monotonic() + PATIENCE_SECONDS
    while not journal.exists() or journal.read_bytes().count(b"\n") < 3:
        assert sweep.poll() is None
        assert time.monotonic() < end
        time.sleep(0.02)
    first.send_signal(signal.SIGKILL)
    assert sweep.wait(PATIENCE_SECONDS) == 0
    assert len(read_table(tmp_path / "rows.csv")) == 40
