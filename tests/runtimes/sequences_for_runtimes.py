"""Input batches for runtimes: adversarial families and random sequences, as floats of a format; and how outputs are judged."""

from fractions import Fraction

import numpy as np

from constructions.refresh_in_floats import construct_in_floats
from verifier.adversary import families
from verifier.arithmetic.balls import Balls
from verifier.arithmetic.floats import Floats
from verifier.float_bound import LIBRARIES, bound_floats
from verifier.program import record
from verifier.refresh import bound_refresh
from verifier.refresh.in_floats import bound_refresh_in_floats
from verifier.regime import Regime
from verifier.verdict import Verdict

ONE = Fraction(1)
BITS = 320
"""Working precision for sets of floats."""


def adversarial(form, n, seed=0):
    """All named families for horizon n, one column each."""
    columns = [[float(x) for x in sequence.inputs()] for sequence in families(ONE, n, seed)]
    return np.array(columns, Floats.of(form).type).T


def random_batch(form, n, batch, seed=0):
    """Uniform inputs, ±1 signs, tiny and huge-ratio first inputs; one column each."""
    generator = np.random.default_rng(seed)
    x = generator.uniform(-1, 1, (n, batch))
    x[:, ::3] = generator.choice([-1.0, 1.0], (n, len(range(0, batch, 3))))
    x[0, 1::3] = 10.0 ** generator.uniform(-30, 0, len(range(1, batch, 3)))
    return x.astype(Floats.of(form).type)


def proved_bound(weights, form):
    """Theorem F1's bound of |y - x_1| for every n and every library it covers, and the step from which y is constant."""
    found = bound_floats(weights, ONE, LIBRARIES[form])
    return float(found.error(10**18)), found.held_from


def ulps(difference, form):
    """A difference of outputs of size up to 1, in units in the last place of 1."""
    return float(difference) * 2.0 ** (LIBRARIES[form].p - 1)


def judge(y, x, weights, form):
    """Bit-exact from the proved step on, and within the proved bound of x_1 at every step; returns the worst error in ulps."""
    bound, held_from = proved_bound(weights, form)
    assert y.dtype == x.dtype
    assert (y[held_from - 1 :] == y[held_from - 1]).all()
    worst = np.abs(y.astype(np.float64) - x[0].astype(np.float64)).max()
    assert worst <= bound
    return ulps(worst, form)


def refreshed(form, tolerance):
    """The refreshed memory C9 sized for the format, and its proved bound of |y - x_1| for ever."""
    made = construct_in_floats(Regime("lstm", 1000, ONE, tolerance, "forever", "box", None, 4), LIBRARIES[form])
    with Balls(BITS).working():
        found = bound_refresh_in_floats(made.weights, ONE, LIBRARIES[form])
    assert found.verdict is Verdict.PROVED
    return made.weights, float(found.upper)


def beside_borders(weights, form, count):
    """First inputs: half of them beside borders between the levels of a refreshed memory, where errors are largest."""
    with Balls(BITS).working():
        found = bound_refresh(record(weights), ONE)
    generator = np.random.default_rng(1)
    first = generator.uniform(-1, 1, count)
    near = np.resize([float(x) for x in found.firsts], count // 2)
    first[: count // 2] = near + generator.uniform(-0.2, 0.2, count // 2) * float(found.hints.slope * found.hints.unit)
    return first.astype(Floats.of(form).type)
