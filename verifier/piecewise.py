"""The supremum of the recall error as an exact rational, for networks of sums, products and relu, for ever if they settle.

Every state is kept as an affine form  c + Σ a_j v_j  with rational coefficients in the inputs read so far. The first input
is a variable of its own; a later input is named by its age (0 for the newest). On the box v in [-M, M]; on ℝ an input is
split as x = p - q with p = max(x, 0), q = max(-x, 0). A relu is resolved where its argument has one sign on the whole
domain (or is a multiple of one split input); products need a factor that is a number.

*For ever* (induction). The step is the same function of (state, newest input) at every time. If after some step the forms
of all states equal those of the step before, in ages, they stay so, and the readout's form with them: base and step are
equalities of exact forms. Autonomous states that converge without arriving are replaced by an interval that contains them
and is mapped into itself.

Nothing here knows a construction.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from fractions import Fraction

from verifier.errors import StepLimit
from verifier.program import Kind, Program
from verifier.sequences import Runs, join

Variable = tuple[str, int]
"""("first", part) or ("age k", part) with part 0 (the input), 1 (positive part) or -1 (negative part)."""

FIRST = "first"

LARGEST_FORMS = 4_000_000
"""Coefficients × steps after which stepping an exact linear network is given up."""


class NotPiecewiseAffine(Exception):
    """The network leaves the class of affine forms with decided relus; the text says where."""


@dataclass(frozen=True)
class Form:
    """low + Σ coefficient·variable up to high + Σ ...: an affine form whose constant lies in [low, high]."""

    low: Fraction
    high: Fraction
    terms: tuple[tuple[Variable, Fraction], ...] = ()

    @classmethod
    def constant(cls, value: Fraction) -> Form:
        """A number."""
        return cls(value, value)

    @property
    def number(self) -> Fraction | None:
        """The number this form is, or None."""
        return self.low if not self.terms and self.low == self.high else None

    def scale(self, factor: Fraction) -> Form:
        """factor·form."""
        if not factor:
            return ZERO
        ends = sorted((self.low * factor, self.high * factor))
        return Form(ends[0], ends[1], tuple((v, c * factor) for v, c in self.terms))

    def add(self, other: Form) -> Form:
        """The sum."""
        terms = dict(self.terms)
        for variable, coefficient in other.terms:
            terms[variable] = terms.get(variable, Fraction(0)) + coefficient
        kept = tuple(sorted((v, c) for v, c in terms.items() if c))
        return Form(self.low + other.low, self.high + other.high, kept)

    def older(self) -> Form:
        """The same form one step later: ages grow by one."""
        return Form(self.low, self.high, tuple(sorted((_older(v), c) for v, c in self.terms)))


ZERO = Form.constant(Fraction(0))


def _older(variable: Variable) -> Variable:
    name, part = variable
    return variable if name == FIRST else (_age(int(name[4:]) + 1), part)


def _age(age: int) -> str:
    return f"age {age:09d}"


@dataclass(frozen=True)
class Domain:
    """Where inputs lie: [-bound, bound], or all of ℝ with `bound` None."""

    bound: Fraction | None

    def input(self, name: str) -> Form:
        """The form of one input."""
        if self.bound is not None:
            return Form(Fraction(0), Fraction(0), (((name, 0), Fraction(1)),))
        return Form(Fraction(0), Fraction(0), tuple(sorted([((name, 1), Fraction(1)), ((name, -1), Fraction(-1))])))

    def lowest(self, form: Form) -> Fraction | None:
        """The minimum of a form over the domain, None if it is -∞."""
        if self.bound is not None:
            return form.low - sum((abs(c) for _, c in form.terms), Fraction(0)) * self.bound
        return form.low if all(c >= 0 for _, c in form.terms) else None

    def highest(self, form: Form) -> Fraction | None:
        """The maximum of a form over the domain, None if it is +∞."""
        low = self.lowest(form.scale(Fraction(-1)))
        return None if low is None else -low

    def relu(self, form: Form) -> Form:
        """max(form, 0) where it is a form again; raises `NotPiecewiseAffine` otherwise."""
        low, high = self.lowest(form), self.highest(form)
        if low is not None and low >= 0:
            return form
        if high is not None and high <= 0:
            return ZERO
        if self.bound is None and form.low == form.high == 0 and len(form.terms) == 2:
            (first, a), (second, b) = form.terms
            if first[0] == second[0] and a == -b:  # a multiple of one input: c (p - q)
                positive = first if a > 0 else second
                return Form(Fraction(0), Fraction(0), ((positive, abs(a)),))
        raise NotPiecewiseAffine("a relu whose argument takes both signs on the domain")


@dataclass(frozen=True)
class ExactSupremum:
    """max over the asked horizons of sup |y_n - x_1|, as an exact rational.

    `value` None means +∞. `settled_after` is the step after which the forms repeat (None if they did not).
    """

    value: Fraction | None
    horizon: int
    witness: Runs
    settled_after: int | None


def is_piecewise_affine(program: Program) -> bool:
    """Whether the live part of the network consists of sums, products and relu alone."""
    return all(operation.name in ("x", "state", "affine", "mul", "relu") for operation in program.operations)


def exact_supremum(program: Program, bound: Fraction | None, n: int | None, only_last: bool, steps: int) -> ExactSupremum:
    """The exact worst error over [-bound, bound]^n' (over ℝ^n' with bound None) for every n' <= n, or for ever (n None).

    Raises `NotPiecewiseAffine` where a relu or product cannot be resolved and `StepLimit` where the forms neither settle
    nor end within `steps` steps.
    """
    domain = Domain(bound)
    stepper = _Stepper(program, domain)
    state = [Form.constant(value) for value in program.initial]
    best: ExactSupremum | None = None
    work = t = 0
    while n is None or t < n:
        t += 1
        if t > steps:
            raise StepLimit(f"the exact forms have not settled within {steps} steps")
        previous, state = state, stepper.step(state, FIRST if t == 1 else _age(0))
        work += sum(len(form.terms) + 1 for form in state)
        if work > LARGEST_FORMS:
            raise StepLimit(f"exact forms grew beyond {LARGEST_FORMS:,} coefficients")
        if not only_last or t == n:
            best = _worse(best, _error(domain, stepper.output, t))
        if t >= 3 and previous == state:  # from here on every step repeats, and the readout's form with it
            if only_last and n is not None:
                best = _error(domain, stepper.output, n)
            return replace(best or _error(domain, stepper.output, t), settled_after=t)
        if t >= 3 and not only_last and (n is None or t < n):
            widened = stepper.widen(previous, state)
            if widened is not None and _inside(stepper.step(widened, _age(0)), widened):
                best = _worse(best, _error(domain, stepper.output, t + 1))
                return replace(best, settled_after=t)
    if best is None:
        raise StepLimit("no horizon was asked for")
    return best


class _Stepper:
    """One step of a program on forms; `output` is the readout form of the last step."""

    def __init__(self, program: Program, domain: Domain) -> None:
        self.program, self.domain = program, domain
        self.output = ZERO

    def step(self, state: list[Form], newest: str) -> list[Form]:
        program = self.program
        values: list[Form] = []
        old = {index: form.older() for index, form in zip(program.old, state, strict=True)}
        for index, operation in enumerate(program.operations):
            if operation.name == "x":
                values.append(self.domain.input(newest))
            elif operation.name == "state":
                values.append(old[index])
            elif operation.name == "affine":
                total = Form.constant(operation.bias)
                for coefficient, argument in zip(operation.coefficients, operation.arguments, strict=True):
                    total = total.add(values[argument].scale(coefficient))
                values.append(total)
            elif operation.name == "mul":
                values.append(self._product(*(values[a] for a in operation.arguments)))
            elif operation.name == "relu":
                values.append(self.domain.relu(values[operation.arguments[0]]))
            else:
                raise NotPiecewiseAffine(f"a {operation.name} gate")
        self.output = values[program.readout]
        return [values[index] for index in program.new]

    @staticmethod
    def _product(a: Form, b: Form) -> Form:
        for factor, other in ((a, b), (b, a)):
            number = factor.number
            if number is not None:
                return other.scale(number)
        raise NotPiecewiseAffine("a product of two values that both depend on inputs")

    def widen(self, previous: list[Form], state: list[Form]) -> list[Form] | None:
        """The state with each autonomous number that still moves replaced by an interval it should never leave."""
        result = []
        for kind, before, now in zip(self.program.state_kinds, previous, state, strict=True):
            if kind is Kind.DRIVEN or before.number is None or now.number is None:
                if before != now:
                    return None
                result.append(now)
                continue
            move = now.number - before.number
            reach = now.number + move
            result.append(Form(min(now.number, reach), max(now.number, reach)))
        return result


def _inside(inner: list[Form], outer: list[Form]) -> bool:
    return all(a.terms == b.terms and b.low <= a.low and a.high <= b.high for a, b in zip(inner, outer, strict=True))


def _error(domain: Domain, output: Form, t: int) -> ExactSupremum:
    """sup |y_t - x_1| from the readout's form, with a sequence that attains it."""
    difference = output.add(domain.input(FIRST).scale(Fraction(-1)))
    top, bottom = domain.highest(difference), domain.lowest(difference)
    if top is None or bottom is None:
        value, sign = None, 1
    else:
        value, sign = (top, 1) if top >= -bottom else (-bottom, -1)
    size = Fraction(1) if domain.bound is None else domain.bound
    if value is None:  # on ℝ: one input whose part has a coefficient, all others 0
        (name, part), _ = difference.terms[0]
        place = 1 if name == FIRST else t - int(name[4:])
        return ExactSupremum(None, t, join([(Fraction(0), place - 1), (Fraction(part), 1), (Fraction(0), t - place)]), None)
    slopes = {name: coefficient * sign for (name, part), coefficient in difference.terms if part == 0}

    def end(name: str) -> Fraction:
        return -size if slopes.get(name, 0) < 0 else size

    oldest = max((int(name[4:]) for name in slopes if name != FIRST), default=-1)
    recent = [(end(_age(age)), 1) for age in range(oldest, -1, -1)]
    return ExactSupremum(value, t, join([(end(FIRST), 1), (size, t - 1 - len(recent)), *recent]), None)


def _worse(a: ExactSupremum | None, b: ExactSupremum) -> ExactSupremum:
    if a is None or (a.value is not None and (b.value is None or b.value > a.value)):
        return b
    return a
