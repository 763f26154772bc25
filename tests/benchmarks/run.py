"""How fast the rigorous run is: medians and ratios of CPU time against peers, and how times grow, as fitted exponents.

    python tests/benchmarks/run.py [--repeat K] [--only NAME] [--markdown FILE] [--lirpa PYTHON]

Every comparison interleaves its cases, round by round in turning order, and takes for each round the ratio of two CPU
times; what is printed is the median ratio with its quartiles. Times themselves say nothing beyond the machine and the
minute they were taken in. Results of cases that compute the same number are compared as balls first: they must overlap.

Exit codes: 0 every target is met, 1 two loops disagree or a command fails, 2 usage, 3 a target could not be measured
(no C compiler), 4 a target is missed.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import random
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from fractions import Fraction
from functools import partial
from pathlib import Path
from typing import Any

import flint
import mpmath
from flint import arb, fmpq
from rich.console import Console
from rich.table import Table
from timing import ROOT, Case, Row, compare, fitted, measure, show_ratio, show_time, timed

HERE = Path(__file__).resolve().parent

from constructions import Construction, construct  # noqa: E402
from verifier.arithmetic.balls import Balls, show_upper, to_ball  # noqa: E402
from verifier.certify import GUARD_BITS, certify  # noqa: E402
from verifier.program import Program, record  # noqa: E402
from verifier.run import Runner  # noqa: E402
from verifier.supremum import bound_supremum, supremum_by_stepping  # noqa: E402
from verifier.weights import Weights  # noqa: E402

PRECISION_DIGITS = 200
HORIZON = 1000
HIDDEN = 32

DENSE_BITS = 700
"""200 digits are 665 bits; the rest is guard."""

DENSE_STEPS = 16
DENSE_TRANSCENDENTALS = 5 * HIDDEN
DENSE_TARGET_MILLISECONDS = 0.8

INPUT_BITS = 40
"""Random inputs are multiples of M·2^-40, as in the adversarial families."""

GATES = "fiog"
"""The order in which lstm_arb.c reads the gates."""

LIRPA_CASES = (("IBP", 10), ("CROWN", 10), ("IBP", 100))
"""Methods of auto_LiRPA and the horizons at which they are run: backward bounds of 100 steps take it too long."""

LIRPA_DIGITS = 3
"""The request of the network that auto_LiRPA bounds: weights that doubles hold well."""

LIRPA_ROUNDS = 3
"""Rounds inside auto_LiRPA's process, which takes longer to build its network than to bound it."""

LIRPA_SECONDS = 1800


class Peers:
    """lstm_arb.c compiled into a folder of its own, or the reason why not; and the Python that has auto_LiRPA, if any."""

    def __init__(self, folder: Path, lirpa: str | None = None) -> None:
        self.folder = folder
        self.program: Path | None = None
        self.versions = ""
        self.lirpa = lirpa
        compiler = shutil.which(os.environ.get("CC", "cc"))
        if compiler is None:
            return
        target = folder / "lstm_arb"
        for libraries in (["-lflint"], ["-lflint-arb", "-lflint"], ["-larb", "-lflint"]):
            command = [compiler, "-O2", str(HERE / "lstm_arb.c"), "-o", str(target), *libraries]
            if subprocess.run(command, capture_output=True, check=False).returncode == 0:
                self.program = target
                return

    @property
    def missing(self) -> str:
        """Why there is no C loop; empty if there is one."""
        return "" if self.program is not None else "skipped: no C compiler or Arb headers"

    def run(self, mode: str, numbers: str) -> tuple[float, arb]:
        """CPU seconds of the loop and the last output."""
        if self.program is None:
            raise RuntimeError(self.missing)
        done = subprocess.run([self.program, mode], input=numbers, capture_output=True, text=True, check=True)
        seconds, output, self.versions = done.stdout.splitlines()
        return float(seconds), arb(output)

    def seconds(self, mode: str, numbers: str) -> float:
        """CPU seconds of the loop."""
        return self.run(mode, numbers)[0]


def numbers_for_c(weights: Weights, units: Sequence[int], bits: int, inputs: Sequence[Fraction]) -> str:
    """What lstm_arb.c reads: the LSTM restricted to `units`, and the inputs."""
    lines: list[Any] = [bits, len(units), len(inputs)]
    for gate in GATES:
        recurrent, on_input, bias = weights[f"W_{gate}"], weights[f"U_{gate}"], weights[f"b_{gate}"]
        lines += [recurrent[row, column] for row in units for column in units]
        lines += [on_input[row,] for row in units]
        lines += [bias[row,] for row in units]
    lines += [weights["V"][row,] for row in units]
    lines.append(weights["v0"][()])
    return "\n".join(map(str, [*lines, *inputs])) + "\n"


def ball(value: Fraction) -> arb:
    """The ball of a rational."""
    return arb(fmpq(value.numerator, value.denominator))


class Naive:
    """The same LSTM as a plain loop in python-flint: every gate of every unit at every step."""

    def __init__(self, weights: Weights, units: Sequence[int]) -> None:
        self.rows = {
            gate: [
                (
                    [ball(weights[f"W_{gate}"][row, column]) for column in units],
                    ball(weights[f"U_{gate}"][row,]),
                    ball(weights[f"b_{gate}"][row,]),
                )
                for row in units
            ]
            for gate in GATES
        }
        self.read = [ball(weights["V"][row,]) for row in units]
        self.shift = ball(weights["v0"][()])
        self.size = len(units)

    def last_output(self, inputs: Sequence[arb]) -> arb:
        """y after the last input, y computed at every step."""
        h, c, y = [arb(0)] * self.size, [arb(0)] * self.size, arb(0)
        for x in inputs:
            before = {
                gate: [
                    sum((w * value for w, value in zip(row, h, strict=True)), bias + on_input * x) for row, on_input, bias in rows
                ]
                for gate, rows in self.rows.items()
            }
            forget, admit, output = ([1 / (1 + (-z).exp()) for z in before[gate]] for gate in "fio")
            candidate = [z.tanh() for z in before["g"]]
            c = [f * old + i * g for f, old, i, g in zip(forget, c, admit, candidate, strict=True)]
            h = [o * value.tanh() for o, value in zip(output, c, strict=True)]
            y = sum((v * value for v, value in zip(self.read, h, strict=True)), self.shift)
        return y


class Mpmath:
    """The same LSTM as a plain loop in mpmath's `mp`: floating point of the same bits, which bounds nothing."""

    def __init__(self, weights: Weights, units: Sequence[int], bits: int) -> None:
        self.context = mpmath.MPContext()
        self.context.prec = bits
        self.rows = {
            gate: [
                (
                    [self.number(weights[f"W_{gate}"][row, column]) for column in units],
                    self.number(weights[f"U_{gate}"][row,]),
                    self.number(weights[f"b_{gate}"][row,]),
                )
                for row in units
            ]
            for gate in GATES
        }
        self.read = [self.number(weights["V"][row,]) for row in units]
        self.shift = self.number(weights["v0"][()])
        self.size = len(units)

    def number(self, value: Fraction) -> Any:
        """The nearest floating-point number."""
        return self.context.mpf(value.numerator) / value.denominator

    def last_output(self, inputs: Sequence[Any]) -> Any:
        """y after the last input, y computed at every step."""
        exp, tanh, zero = self.context.exp, self.context.tanh, self.context.zero
        h, c, y = [zero] * self.size, [zero] * self.size, zero
        for x in inputs:
            before = {
                gate: [
                    sum((w * value for w, value in zip(row, h, strict=True)), bias + on_input * x) for row, on_input, bias in rows
                ]
                for gate, rows in self.rows.items()
            }
            forget, admit, output = ([1 / (1 + exp(-z)) for z in before[gate]] for gate in "fio")
            candidate = [tanh(z) for z in before["g"]]
            c = [f * old + i * g for f, old, i, g in zip(forget, c, admit, candidate, strict=True)]
            h = [o * tanh(value) for o, value in zip(output, c, strict=True)]
            y = sum((v * value for v, value in zip(self.read, h, strict=True)), self.shift)
        return y

    def ball(self, value: Any) -> arb:
        """A ball of 3/4 of the bits around a number, to be compared with what balls give."""
        middle = to_ball(Fraction(*map(int, mpmath.libmp.to_rational(value._mpf_))))
        return arb(middle, abs(middle) * arb(2) ** (-3 * self.context.prec // 4))


def last_output(runner: Runner, inputs: Sequence[Fraction]) -> arb:
    """y after the last input, y computed at every step."""
    y = arb(0)
    for y in runner.outputs(inputs):  # noqa: B007
        pass
    return y


def run_afresh(program: Program, bits: int, inputs: Sequence[Fraction]) -> arb:
    """y after the last input, by a Runner that knows nothing of earlier runs."""
    return last_output(Runner(program, Balls(bits)), inputs)


def check_same(results: Mapping[str, arb]) -> None:
    """Raise `ValueError` unless all balls are sharp and overlap: only equal work may be compared."""
    names = list(results)
    for name in names:
        if results[name].rel_accuracy_bits() < flint.ctx.prec // 2:
            raise ValueError(f"{name} computed too wide an output: {results[name]}")
        if not results[name].overlaps(results[names[0]]):
            raise ValueError(f"{name} and {names[0]} computed different outputs: {results[name]}, {results[names[0]]}")


def random_inputs(count: int, seed: int) -> list[Fraction]:
    """Reals of [-1, 1], multiples of 2^-40."""
    generator, scale = random.Random(seed), 2**INPUT_BITS
    return [Fraction(generator.randint(-scale, scale), scale) for _ in range(count)]


def lstm(n: int) -> Construction:
    """The C6 LSTM for horizon n at 200 digits."""
    answer = construct("lstm", n=n, precision=PRECISION_DIGITS)
    if not isinstance(answer, Construction):
        raise TypeError(f"no LSTM was constructed for n = {n}: {answer}")
    return answer


def working_bits(construction: Construction) -> int:
    """The precision at which `certify` starts."""
    ratio = construction.regime.bound / construction.regime.tolerance
    return (ratio.numerator // ratio.denominator).bit_length() + 2 * construction.regime.n.bit_length() + GUARD_BITS


def benchmark_rigorous(repeat: int, plain: Peers) -> Iterator[Row]:
    """One forward run of the C6 LSTM over 1000 inputs, output read at every step, against loops that evaluate all gates."""
    construction = lstm(HORIZON)
    weights, bits = construction.weights, working_bits(construction)
    program, units = record(weights), (0, 1)
    sequences = {
        "x_1 = M, then -M": [Fraction(1)] + [Fraction(-1)] * (HORIZON - 1),
        "random reals": random_inputs(HORIZON, 1),
    }
    with Balls(bits).working():
        naive, peer = Naive(weights, units), Mpmath(weights, units, bits)
        for title, inputs in sequences.items():
            name = f"rigorous run, {title}"
            converted = [ball(x) for x in inputs]
            floats = [peer.number(x) for x in inputs]
            results = {
                "Runner": run_afresh(program, bits, inputs),
                "naive": naive.last_output(converted),
                "mpmath": peer.ball(peer.last_output(floats)),
            }
            cases: dict[str, Case] = {
                "Runner": partial(timed, partial(run_afresh, program, bits, inputs)),
                "naive python-flint": partial(timed, partial(naive.last_output, converted)),
                "mpmath mp": partial(timed, partial(peer.last_output, floats)),
            }
            if not plain.missing:
                numbers = numbers_for_c(weights, units, bits, inputs)
                for mode in ("plain", "hoisted"):
                    results[mode] = plain.run(mode, numbers)[1]
                    cases[f"C loop, {mode}"] = partial(plain.seconds, mode, numbers)
            check_same(results)
            sample = measure(cases, repeat)
            if plain.missing:
                yield Row(name, "Runner", show_time(sample.median("Runner"), "ms"))
                yield Row(name, "Runner", plain.missing, "", "C loop, plain", "<= 1")
            else:
                yield compare(name, sample, "Runner", "C loop, plain", 1.0)
                yield compare(name, sample, "C loop, plain")
                yield compare(name, sample, "C loop, hoisted", "C loop, plain")
                yield compare(name, sample, "Runner", "C loop, hoisted")
            yield compare(name, sample, "naive python-flint", "Runner")
            yield compare(name, sample, "mpmath mp", "Runner")


def dense_weights(kind: str, hidden: int = HIDDEN) -> Weights:
    """A dense LSTM of `hidden` units with entries in [-1/4, 1/4]: 53-bit dyadic ones, or k/1023."""
    generator = random.Random(32)

    def entry() -> Fraction:
        if kind == "dyadic":
            return Fraction(generator.randint(-(2**53), 2**53), 2**55)
        return Fraction(generator.randint(-255, 255), 1023)

    blocks: dict[str, dict[tuple[int, ...], Fraction]] = {"V": {(k,): entry() for k in range(hidden)}}
    for gate in GATES:
        blocks[f"W_{gate}"] = {(row, column): entry() for row in range(hidden) for column in range(hidden)}
        blocks[f"U_{gate}"] = {(row,): entry() for row in range(hidden)}
        blocks[f"b_{gate}"] = {(row,): entry() for row in range(hidden)}
    return Weights("lstm", hidden, blocks)


def benchmark_dense(repeat: int, plain: Peers) -> Iterator[Row]:
    """Steps of a dense 32-unit LSTM at 200 digits; making the Runner and reading the C loop's numbers is not counted."""
    inputs = random_inputs(DENSE_STEPS, 2)
    exponentials = f"{DENSE_TRANSCENDENTALS} exponentials alone"
    with Balls(DENSE_BITS).working():
        points = [ball(Fraction(k, 3 * DENSE_TRANSCENDENTALS)) for k in range(1, DENSE_TRANSCENDENTALS + 1)]

        def steps_alone(program: Program, inputs: Sequence[Fraction]) -> float:
            runner = Runner(program, Balls(DENSE_BITS))
            return timed(partial(last_output, runner, inputs))

        def exponentials_alone() -> None:
            for _ in range(DENSE_STEPS):
                for point in points:
                    point.exp()

        for kind, title in (("dyadic", "53-bit dyadic weights"), ("rational", "weights k/1023")):
            weights = dense_weights(kind)
            program = record(weights)
            name = f"dense 32 units, {title}, per step"

            results = {"Runner": run_afresh(program, DENSE_BITS, inputs)}
            cases: dict[str, Case] = {"Runner": partial(steps_alone, program, inputs)}
            if not plain.missing:
                numbers = numbers_for_c(weights, range(HIDDEN), DENSE_BITS, inputs)
                results["C loop"] = plain.run("plain", numbers)[1]
                cases["C loop, arb_dot"] = partial(plain.seconds, "plain", numbers)
            cases[exponentials] = partial(timed, exponentials_alone)
            cases["making the Runner"] = partial(timed, partial(Runner, program, Balls(DENSE_BITS)))
            check_same(results)
            sample = measure(cases, repeat)
            milliseconds = sample.median("Runner") / DENSE_STEPS * 1e3
            target = f"<= {DENSE_TARGET_MILLISECONDS:g} ms"
            ratio, against = "", ""
            if not plain.missing:
                ratio, against = show_ratio(sample.ratios("Runner", "C loop, arb_dot")), "C loop, arb_dot"
            text, met = show_time(milliseconds / 1e3, "ms"), milliseconds <= DENSE_TARGET_MILLISECONDS
            yield Row(name, "Runner", text, ratio, against, target, met)
            if plain.missing:
                yield Row(name, "C loop, arb_dot", plain.missing)
            else:
                yield compare(name, sample, "C loop, arb_dot", per=DENSE_STEPS)
            yield compare(name, sample, "Runner", exponentials, per=DENSE_STEPS)
            yield compare(name, sample, exponentials, per=DENSE_STEPS)
            yield compare(f"dense 32 units, {title}, once", sample, "making the Runner")


def child_seconds(bytecode: Path, *arguments: str) -> float:
    """User and system CPU seconds of one Python process; `bytecode` is where it keeps compiled modules between rounds."""
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    environment["PYTHONPYCACHEPREFIX"] = str(bytecode)
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([sys.executable, *arguments], cwd=ROOT, env=environment, stdout=subprocess.DEVNULL, check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def benchmark_command(repeat: int, plain: Peers) -> Iterator[Row]:
    """The whole command against importing what it needs, and n = 10^18 against n = 1000."""
    request = ("-m", "verifier", "lstm", "--precision", str(PRECISION_DIGITS), "--n")
    imports, short, long = "import flint, numpy, sympy", f"verify lstm --n {HORIZON}", "verify lstm --n 10^18"
    bytecode = plain.folder / "bytecode"
    cases: dict[str, Case] = {
        imports: lambda: child_seconds(bytecode, "-c", imports),
        short: lambda: child_seconds(bytecode, *request, str(HORIZON)),
        long: lambda: child_seconds(bytecode, *request, "10^18"),
    }
    sample = measure(cases, repeat)
    yield compare("command", sample, imports)
    yield compare("command", sample, short, imports, 1.5)
    yield compare("command", sample, long, short, 1.2)


def benchmark_growth(repeat: int, _: Peers) -> Iterator[Row]:
    """One weight set at one precision: stepping costs the same per step at every n, the closed form the same at every n."""
    construction = lstm(10**18)
    program, bound, bits = record(construction.weights), construction.regime.bound, working_bits(construction)
    powers = (2, 3, 4)
    with Balls(bits).working():

        def forward(n: int) -> float:
            inputs = [bound] + [-bound] * (n - 1)
            return timed(partial(run_afresh, program, bits, inputs)) / n

        def stepping(n: int) -> float:
            return timed(lambda: supremum_by_stepping(program, bound, n, only_last=False)) / n

        def closed(n: int) -> float:
            return timed(lambda: bound_supremum(program, bound, n, only_last=False, steps=1))

        steps: dict[str, Callable[[int], float]] = {
            "forward run, per step": forward,
            "supremum by stepping, per step": stepping,
        }
        for name, run in steps.items():
            sample = measure({f"n = 10^{p}": partial(run, 10**p) for p in powers}, repeat)
            yield compare(name, sample, "n = 10^2", unit="us")
            for p in powers[1:]:
                yield compare(name, sample, f"n = 10^{p}", "n = 10^2", unit="us")
        closed_powers = (*powers, 6, 18)
        sample = measure({f"n = 10^{p}": partial(closed, 10**p) for p in closed_powers}, repeat)
        yield compare("supremum, closed form", sample, "n = 10^2")
        for p in closed_powers[1:]:
            yield compare("supremum, closed form", sample, f"n = 10^{p}", "n = 10^2")


def benchmark_laws(repeat: int, _: Peers) -> Iterator[Row]:
    """How CPU time grows with n, digits and units: exponents fitted to all rounds."""
    construction = lstm(10**18)
    program, bound, bits = record(construction.weights), construction.regime.bound, working_bits(construction)
    lengths = (1000, 3162, 10_000, 31_623)
    with Balls(bits).working():

        def forward(n: int) -> float:
            return timed(partial(run_afresh, program, bits, [bound] + [-bound] * (n - 1)))

        def stepping(n: int) -> float:
            return timed(lambda: supremum_by_stepping(program, bound, n, only_last=False))

        yield fitted("law: forward run, stepped", "n", {n: partial(forward, n) for n in lengths}, repeat, 0.9, 1.1)
        yield fitted("law: supremum, stepped", "n", {n: partial(stepping, n) for n in (100, 316, 1000, 3162)}, repeat, 0.9, 1.1)

    def decide(n: int, digits: int) -> float:
        answer = construct("lstm", n=n, precision=digits)
        if not isinstance(answer, Construction):
            raise TypeError(f"no LSTM was constructed for n = {n}, {digits} digits")
        return timed(partial(certify, answer, steps=100))

    horizons = (10**3, 10**6, 10**9, 10**12, 10**15, 10**18)
    yield fitted("law: certify, closed form", "n", {n: partial(decide, n, 200) for n in horizons}, repeat, -0.05, 0.05)
    digits = (50, 100, 200, 400, 800, 1600)
    yield fitted("law: certify, closed form", "digits", {d: partial(decide, 1000, d) for d in digits}, repeat)

    def one_precision(digits: int) -> float:
        answer = construct("lstm", n=HORIZON, precision=digits)
        if not isinstance(answer, Construction):
            raise TypeError(f"no LSTM was constructed for {digits} digits")
        fine = working_bits(answer)
        with Balls(fine).working():
            return timed(partial(run_afresh, record(answer.weights), fine, random_inputs(HORIZON // 4, 3)))

    yield fitted("law: forward run, 250 random reals", "digits", {d: partial(one_precision, d) for d in digits}, repeat)

    def dense(hidden: int) -> Case:
        runner_program, inputs = record(dense_weights("dyadic", hidden)), random_inputs(4, 4)

        def once() -> float:
            with Balls(DENSE_BITS).working():
                runner = Runner(runner_program, Balls(DENSE_BITS))
                return timed(partial(last_output, runner, inputs))

        return once

    yield fitted("law: 4 steps of a dense LSTM", "units", {d: dense(d) for d in (8, 16, 32, 64)}, repeat)


def benchmark_lirpa(repeat: int, peers: Peers) -> Iterator[Row]:
    """Bounds of the error of the C6 LSTM on one sequence and on the whole box: auto_LiRPA in doubles, here in balls."""
    for method, n in LIRPA_CASES:
        answer = construct("lstm", n=n, precision=LIRPA_DIGITS)
        if not isinstance(answer, Construction):
            raise TypeError("no LSTM was constructed")
        program, bits = record(answer.weights), working_bits(answer)
        worst = [Fraction(1)] + [Fraction(-1)] * (n - 1)

        def point(program: Program = program, bits: int = bits, worst: list[Fraction] = worst) -> arb:
            return abs(run_afresh(program, bits, worst) - 1)

        def stepped(program: Program = program, n: int = n) -> arb:
            return supremum_by_stepping(program, Fraction(1), n, only_last=True).upper

        def closed(program: Program = program, n: int = n) -> arb:
            return bound_supremum(program, Fraction(1), n, only_last=True, steps=1).upper

        boxes = {
            "one sequence": (worst, worst, {"Runner": point}),
            "box [-1, 1]": ([Fraction(-1)] * n, [Fraction(1)] * n, {"closed form": closed, "stepping": stepped}),
        }
        for place, (low, high, cases) in boxes.items():
            title = f"error of the LSTM at n = {n}, {place}"
            with Balls(bits).working():
                sample = measure({name: partial(timed, run) for name, run in cases.items()}, repeat)
                for name, run in cases.items():
                    yield Row(title, f"{name}: <= {show_upper(run(), 6)}", show_time(sample.median(name), "ms"))
            found = "skipped: auto_LiRPA is not installed (--lirpa PYTHON)"
            told: dict[str, Any] | str = found if peers.lirpa is None else run_lirpa(peers.lirpa, answer.weights, low, high, method)
            if isinstance(told, str):
                yield Row(title, f"auto_LiRPA {method}", told)
                continue
            bound, seconds = max(abs(told["lower"]), abs(told["upper"])), statistics.median(told["seconds"])
            name, first = f"auto_LiRPA {told['version']} {method}: <= {bound:.6g}", next(iter(cases))
            yield Row(title, name, show_time(seconds, "ms"), f"{seconds / sample.median(first):.0f}", first)


def run_lirpa(
    python: str, weights: Weights, low: Sequence[Fraction], high: Sequence[Fraction], method: str
) -> dict[str, Any] | str:
    """What lirpa_lstm.py found about the two live units, or why it found nothing."""
    units = (0, 1)
    data: dict[str, Any] = {"V": [float(weights["V"][row,]) for row in units], "v0": float(weights["v0"][()])}
    for gate in GATES:
        recurrent, on_input, bias = weights[f"W_{gate}"], weights[f"U_{gate}"], weights[f"b_{gate}"]
        data[gate] = [
            [[float(recurrent[row, column]) for column in units] for row in units],
            [float(on_input[row,]) for row in units],
            [float(bias[row,]) for row in units],
        ]
    asked = {"weights": data, "low": [*map(float, low)], "high": [*map(float, high)], "method": method, "repeat": LIRPA_ROUNDS}
    command = [python, str(HERE / "lirpa_lstm.py")]
    try:
        done = subprocess.run(command, input=json.dumps(asked), capture_output=True, text=True, timeout=LIRPA_SECONDS, check=False)
    except subprocess.TimeoutExpired:
        return f"no bound within {LIRPA_SECONDS} s"
    if done.returncode:
        return f"failed: {done.stderr.strip().splitlines()[-1][:80] if done.stderr.strip() else done.returncode}"
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def find_lirpa(python: str | None) -> str | None:
    """The interpreter that can import auto_LiRPA: the one named, or this one; None if it cannot."""
    candidate = python or sys.executable
    if shutil.which(candidate) is None:
        return None
    done = subprocess.run([candidate, "-c", "import auto_LiRPA"], capture_output=True, check=False)
    return candidate if done.returncode == 0 else None


BENCHMARKS: dict[str, Callable[[int, Peers], Iterator[Row]]] = {
    "rigorous": benchmark_rigorous,
    "dense": benchmark_dense,
    "command": benchmark_command,
    "growth": benchmark_growth,
    "laws": benchmark_laws,
    "lirpa": benchmark_lirpa,
}

HEADINGS = ("benchmark", "case", "CPU time", "ratio", "to", "target", "verdict")


def cells(row: Row) -> tuple[str, ...]:
    """The row as text, in the order of `HEADINGS`."""
    return (row.benchmark, row.case, row.time, row.ratio, row.against, row.target, row.verdict)


def machine(plain: Peers) -> str:
    """Versions, cores and memory."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    versions = f"Python {platform.python_version()}, python-flint {flint.__version__} (FLINT {flint.__FLINT_VERSION__})"
    loop = plain.versions or plain.missing or "not run"
    return f"{versions}; C loop: {loop}; {cores} cores, {memory:.0f} GB"


def markdown(rows: Sequence[Row], note: str) -> str:
    """The table as Markdown, the note below it."""
    lines = ["| " + " | ".join(HEADINGS) + " |", "|" + "---|" * len(HEADINGS)]
    lines += ["| " + " | ".join(cells(row)) + " |" for row in rows]
    return "\n".join([*lines, "", note, ""])


def main() -> int:
    """Run the benchmarks that were asked for and print their table."""
    parser = argparse.ArgumentParser(description="Medians and ratios of CPU time; see tests/benchmarks/README.md.")
    parser.add_argument("--repeat", type=int, default=15, metavar="K", help="rounds per benchmark (default 15)")
    parser.add_argument("--only", action="append", choices=BENCHMARKS, help="run this benchmark alone; may be repeated")
    parser.add_argument("--lirpa", metavar="PYTHON", help="a Python with auto_LiRPA installed (default: this one)")
    parser.add_argument("--markdown", type=Path, metavar="FILE", help="also write the table as Markdown")
    arguments = parser.parse_args()
    if arguments.repeat < 1:
        parser.error(f"--repeat {arguments.repeat} is not allowed; at least 1")
    if arguments.markdown is not None and not arguments.markdown.resolve().parent.is_dir():
        parser.error(f"--markdown {arguments.markdown}: its folder does not exist")
    rows: list[Row] = []
    try:
        with tempfile.TemporaryDirectory() as folder:
            plain = Peers(Path(folder), find_lirpa(arguments.lirpa))
            for name in arguments.only or BENCHMARKS:
                rows += BENCHMARKS[name](arguments.repeat, plain)
    except (ValueError, subprocess.CalledProcessError) as error:
        print(f"run.py: {error}", file=sys.stderr)
        return 1
    note = f"{machine(plain)}; median of {arguments.repeat} interleaved rounds, ratios with their quartiles"
    table = Table(*HEADINGS, title="CPU time", caption=note)
    for row in rows:
        table.add_row(*cells(row))
    Console(width=None if sys.stdout.isatty() else 180).print(table)
    if arguments.markdown is not None:
        unfinished = arguments.markdown.with_name(arguments.markdown.name + ".unfinished")
        unfinished.write_text(markdown(rows, note), encoding="utf-8")
        unfinished.replace(arguments.markdown)
    verdicts = {row.verdict for row in rows}
    return 4 if "missed" in verdicts else 3 if "not measured" in verdicts else 0


if __name__ == "__main__":
    sys.exit(main())
