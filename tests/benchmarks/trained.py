"""How tight `verify weights` brackets the trained networks of tests/networks, and how long the whole command takes.

    python tests/benchmarks/trained.py [NAME ...] [--time SECONDS] [--markdown FILE] [--lirpa PYTHON [--method METHOD]]

For each network the command is run in a process of its own; both times count from its start to its end, imports included. Before
anything is timed the kernels are compiled once, which numba keeps on disk; that time is printed. The targets: at n = 3 and 5
upper/attained <= 1.05 within ten seconds, at n = 10 <= 1.15 within ten minutes; at n = 20 none. They are judged by wall
time, which says something only on a machine with nothing else to do; the CPU time of all threads together is printed beside it.

Exit codes: 0 every target is met, 1 a command fails, 2 usage, 4 a target is missed.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import resource
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from run import find_lirpa
from timing import ROOT

from verifier.parallel import cores

NETWORKS = ROOT / "tests" / "networks"
CELLS = {"rnn": "tanh", "gru": "gru-after-keep", "lstm": "lstm"}
TARGETS = {3: (1.05, 10), 5: (1.05, 10), 10: (1.15, 600)}
"""n: the largest upper/attained and the seconds."""

METHODS = ("IBP", "CROWN")
LIRPA_SECONDS = 1800
HEADINGS = ("network", "n", "attained", "proved", "ratio", "boxes", "wall", "CPU", "target", "verdict")


@dataclass(frozen=True)
class Outcome:
    """What the command said, and its wall and CPU seconds."""

    name: str
    n: int
    lower: float
    upper: float
    boxes: str
    wall: float
    cpu: float

    @property
    def ratio(self) -> float:
        """upper/attained."""
        return self.upper / self.lower

    def row(self) -> tuple[str, ...]:
        """One line of the table."""
        target, verdict = "", ""
        if self.n in TARGETS:
            ratio, seconds = TARGETS[self.n]
            target = f"<= {ratio} in {seconds} s"
            verdict = "met" if self.ratio <= ratio and self.wall <= seconds else "missed"
        numbers = (
            f"{self.lower:.6g}",
            f"{self.upper:.6g}",
            f"{self.ratio:.3f}",
            self.boxes,
            f"{self.wall:.1f} s",
            f"{self.cpu:.1f} s",
        )
        return self.name, str(self.n), *numbers, target, verdict


def run_command(name: str, seconds: int) -> Outcome:
    """`verify weights` on one of the networks; its numbers are printed rounded outward."""
    kind, n = re.fullmatch(r"([a-z]+)([0-9]+)", name).groups()  # type: ignore[union-attr]
    command = [sys.executable, "-m", "verifier", "weights", str(NETWORKS / f"{name}.npz"), "--arch", CELLS[kind]]
    command += ["--n", n, "--bound", "1", "--time", str(seconds)]
    before, started = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
    wall, after = time.perf_counter() - started, resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode not in (0, 3, 4):
        raise RuntimeError(f"{name}: {done.stderr.strip()}")
    said = dict(pair.split("=", 1) for pair in done.stdout.splitlines()[-1].split()[1:])
    boxes = re.search(r"([0-9,]+) boxes", done.stdout)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    upper = float("inf") if said["upper"] == "none" else float(said["upper"])
    return Outcome(name, int(n), float(said["lower"]), upper, boxes[1] if boxes else "0", wall, cpu)


def run_lirpa(python: str, name: str, method: str) -> tuple[str, ...]:
    """auto_LiRPA's bound as a line of the table; doubles without outward rounding, so an estimate of a bound."""
    command = [python, str(Path(__file__).with_name("lirpa_trained.py")), str(NETWORKS / f"{name}.npz"), method]
    n, label = re.sub("[a-z]", "", name), f"auto_LiRPA {method}"
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=LIRPA_SECONDS, check=False)
    except subprocess.TimeoutExpired:
        return f"{name}, {label}", n, "", f"none within {LIRPA_SECONDS} s", *[""] * 6
    if done.returncode:
        return f"{name}, {label}", n, "", f"failed: {done.stderr.strip().splitlines()[-1][:60]}", *[""] * 6
    told = json.loads(done.stdout.splitlines()[-1])
    bound = max(abs(told["lower"]), abs(told["upper"]))
    return (
        f"{name}, {label.replace(' ', ' ' + told['version'] + ' ', 1)}",
        n,
        "",
        f"{bound:.6g}",
        "",
        "",
        "",
        f"{told['seconds'][0]:.1f} s",
        "",
        "",
    )


def names_of(asked: Sequence[str], parser: argparse.ArgumentParser) -> list[str]:
    """The networks that were asked for, or all, the short ones first."""
    there = {path.stem for path in NETWORKS.glob("*.npz")}
    for name in asked:
        if name not in there:
            parser.error(f"there is no network {name}; choose from {', '.join(sorted(there))}")
    return list(asked) or sorted(there, key=lambda name: (int(re.sub("[a-z]", "", name)), name))


def main() -> int:
    """Run, print, judge."""
    parser = argparse.ArgumentParser(description="Brackets of trained networks; see tests/benchmarks/README.md.")
    parser.add_argument("names", nargs="*", metavar="NAME", help="networks of tests/networks, such as lstm10 (default: all)")
    parser.add_argument("--time", type=int, default=600, metavar="SECONDS", help="of dividing the box (default 600)")
    parser.add_argument("--markdown", type=Path, metavar="FILE", help="also write the table as Markdown")
    parser.add_argument("--lirpa", metavar="PYTHON", help="also run auto_LiRPA, installed for this Python")
    parser.add_argument("--method", action="append", metavar="METHOD", help=f"of auto_LiRPA (default {', '.join(METHODS)})")
    arguments = parser.parse_args()
    names = names_of(arguments.names, parser)
    if arguments.time < 1:
        parser.error(f"--time {arguments.time} is not allowed; at least 1")
    lirpa = None if arguments.lirpa is None else find_lirpa(arguments.lirpa)
    if arguments.markdown is not None and not arguments.markdown.resolve().parent.is_dir():
        parser.error(f"--markdown {arguments.markdown}: its folder does not exist")
    if arguments.lirpa is not None and lirpa is None:
        parser.error(f"--lirpa {arguments.lirpa}: this Python cannot import auto_LiRPA")
    lines: list[str] = []

    def tell(row: Sequence[str]) -> None:
        lines.append("| " + " | ".join(row) + " |")
        print(lines[-1], flush=True)

    try:
        first = run_command("lstm3", 10)
        print(f"compiling once, or finding it done: {first.wall:.1f} s\n", flush=True)
        tell(HEADINGS)
        tell(["---"] * len(HEADINGS))
        missed = False
        for name in names:
            row = run_command(name, arguments.time).row()
            missed |= row[-1] == "missed"
            tell(row)
            for method in (arguments.method or METHODS) if lirpa is not None else ():
                tell(run_lirpa(lirpa, name, method))
    except RuntimeError as error:
        print(f"trained.py: {error}", file=sys.stderr)
        return 1
    note = f"{cores()} cores, Python {sys.version.split()[0]}"
    print(f"\n{note}")
    if arguments.markdown is not None:
        arguments.markdown.write_text("\n".join([*lines, "", note, ""]), encoding="utf-8")
    return 4 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
