"""One network on a batch of input boxes, in truncated polynomial zonotopes, compiled; floats that carry proved error bounds.

A value on a box x_j = c_j + r_j u_j, |u_j| <= 1, is

    Σ_m coefficient_m T_m(u) + Σ_k noise_k ν_k + [-radius, radius],      |ν_k| <= 1

with Chebyshev monomials T_m of total degree <= D, noise symbols ν_k shared by all values, and a private radius.

*The error* y_n - x_1 at last is one such value. A multilinear polynomial is largest in modulus at a corner of the box, so that
its 2^k values there, by a fast Walsh-Hadamard transform, give its exact maximum; only the rest is bounded by its l1 norm.

*Affine maps* act on each part. *Products* are truncated: pairs of monomials beyond D go to the radius by degree-wise l1 norms,
those within D that the table leaves out, because their inputs are far apart, by sums over the inputs they span (`outside`); noise
is linearised at the constant coefficient. *Activations* are replaced by a polynomial of degree F = min(D, 4), interpolated at the
Chebyshev nodes of the argument's range, with a proved remainder, the smaller of

    r^{F+1} sup |f^(F+1)| / (2^F (F+1)!)                            (interpolation error)
    max_i |f - q|(z_i) + h²/8 (max_i |f'' - q''|(z_i) + h/2 sup |f''' - q'''|)    (sampled at spacing h)

or by the chord-like fit of degree 1, or by the range's middle, whichever leaves the least radius. The noise goes through by the
mean value form. The fit is composed as f_0 - f_4 + (f_1 - f_3) z + f_2 T_2(z) + T_2(z)·(2 f_3 z + 2 f_4 T_2(z)): one square and one
product.

*Rounding*. Every operation adds `RHO` times the l1 norm of all that was added up to the radius. A sum of k products is off
by at most γ_k = k u/(1 - k u) times the sum of the moduli, u = 2^-53, in any order and with fused operations too (Higham 2002,
section 3.1), so that the products of dense weights may be left to a BLAS; `LONGEST_SUM` bounds k, and RHO exceeds γ_k with a
factor of 2 to spare for the rounding of these norms themselves. tanh is computed from a table
whose nodes come from Arb, with a Taylor step: no library function is trusted. Underflow is covered by `TINY`.

Source: Taylor models (Makino & Berz 2003) with Chebyshev bases; polynomial zonotopes (Althoff 2013).
"""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numba
import numpy as np
from flint import arb, fmpq
from numba import njit
from numpy.typing import NDArray

from verifier.arithmetic.balls import Balls

Array = NDArray[Any]

numba.config.SLP_VECTORIZE = 1  # off by default; it makes vectors of the rows below

compiled = njit(cache=True, nogil=True, error_model="numpy")
"""Kept on disk for the next process; a division by 0 gives an infinity or no number, which bounds nothing."""

LANES = 8
"""Boxes per batch: the innermost loops run over them."""

RHO = 2.0**-35
"""Rounding of one operation, relative to the l1 norm of what it adds up."""

LONGEST_SUM = 2**16
"""Terms of any sum; γ of this many is below RHO/2."""

TINY = 2.0**-1000
"""Absolute error of an operation that underflows."""

UP = 1.0 + RHO
"""Factor by which a computed norm is raised before it is used as an upper bound."""

SAMPLES = 24
"""Intervals at whose ends a fit is compared with tanh."""

FIT_ERROR = 2.0**-40
"""What rounding of the fit's coefficients and of tanh at its nodes adds: at most 8 values with 2^-46 each, below 2^-42."""

CORNERS = 12
"""Variables whose 2^k sign patterns are tried to bound the multilinear part of the error. For the arguments of activations this
was measured to gain a per cent and to cost half as much time again."""

FIT = 4
"""Largest degree of a fit; products of its terms go on to the degree of the monomials."""

WILD = 1e6
"""An argument of σ or tanh that may exceed this is replaced by its whole range [-1, 1]."""

AFFINE, MUL, TANH, SIGMOID, RELU = range(5)
"""Operation codes."""

# --- tanh from a table --------------------------------------------------------------------------------------------------

NODES_PER_UNIT = 64
FLAT = 20
"""|tanh| is 1 up to 2 e^-40 < TANH_ERROR beyond this argument."""

TABLE_BITS = 128
"""Working precision of the tables."""

TANH_ERROR = 2.0**-48
"""Absolute error of `tanh_of`: nodes off by 2^-53, Taylor remainder 272/7! · 128^-7 < 2^-52, rounding of the rest."""


def _tanh_table() -> NDArray[np.float64]:
    """tanh(k / NODES_PER_UNIT), k = 0 ... FLAT·NODES_PER_UNIT, each to the nearest float from an Arb enclosure."""
    with Balls(TABLE_BITS).working():
        return np.array([float((arb(k) / NODES_PER_UNIT).tanh().mid()) for k in range(FLAT * NODES_PER_UNIT + 1)])


TABLE = _tanh_table()


@compiled
def tanh_of(x: float) -> float:
    """tanh(x) within TANH_ERROR."""
    a = abs(x)
    if a >= FLAT:
        return 1.0 if x > 0 else -1.0
    k = int(a * NODES_PER_UNIT + 0.5)
    t: float = TABLE[k]
    d = a - k / NODES_PER_UNIT
    s = t * t
    p1 = 1 - s  # the derivatives of tanh as polynomials in t
    p2 = -2 * t * p1
    p3 = p1 * (6 * s - 2)
    p4 = p1 * t * (16 - 24 * s)
    p5 = p1 * (16 - 120 * s + 120 * s * s)
    p6 = p1 * t * (-272 + 960 * s - 720 * s * s)
    y = t + d * (p1 + d * (p2 / 2 + d * (p3 / 6 + d * (p4 / 24 + d * (p5 / 120 + d * p6 / 720)))))
    return y if x >= 0 else -y


@compiled
def _second(low: float, high: float) -> float:
    """sup |tanh''| on [low, high]: 2|t|(1 - t²) grows up to |t| = 1/√3, where it is below 0.7699, and falls after."""
    a, b = tanh_of(low), tanh_of(high)
    small, large = min(abs(a), abs(b)), max(abs(a), abs(b))
    if a < 0 < b:
        small = 0.0
    if small > 0.5774:
        return 2 * small * (1 - small * small) + 4 * TANH_ERROR
    if large < 0.5773:
        return 2 * large * (1 - large * large) + 4 * TANH_ERROR
    return 0.7699


@compiled
def _high(degree: int, low: float, high: float) -> float:
    """sup |tanh^(degree)| on [low, high] for degree 4 or 5: the value at the middle plus half the width times the next sup.

    sup |tanh^(4)| < 4.086, sup |tanh^(5)| = 16, sup |tanh^(6)| < 52.3.
    """
    t = tanh_of((low + high) / 2)
    s = t * t
    half = (high - low) / 2
    if degree == 4:
        return min(4.086, abs((1 - s) * t * (16 - 24 * s)) + 16 * half + 1e-12)
    return min(16.0, abs((1 - s) * (16 - 120 * s + 120 * s * s)) + 52.3 * half + 1e-12)


# --- rows of LANES numbers ------------------------------------------------------------------------------------------------
# Written out lane by lane, reads before writes: a compiler that cannot know that arrays do not overlap makes vectors of these.


@compiled
def scale_rows(source: Array, factors: Array, target: Array, count: int) -> None:
    """target[m] = factors·source[m], lane by lane."""
    f0, f1, f2, f3, f4, f5, f6, f7 = (
        factors[0], factors[1], factors[2], factors[3], factors[4], factors[5], factors[6], factors[7],
    )  # fmt: skip
    for m in range(count):
        v0, v1, v2, v3 = f0 * source[m, 0], f1 * source[m, 1], f2 * source[m, 2], f3 * source[m, 3]
        v4, v5, v6, v7 = f4 * source[m, 4], f5 * source[m, 5], f6 * source[m, 6], f7 * source[m, 7]
        target[m, 0], target[m, 1], target[m, 2], target[m, 3] = v0, v1, v2, v3
        target[m, 4], target[m, 5], target[m, 6], target[m, 7] = v4, v5, v6, v7


@compiled
def copy_rows(source: Array, target: Array, count: int) -> None:
    """target[m] = source[m]."""
    for m in range(count):
        for l in range(LANES):
            target[m, l] = source[m, l]


@compiled
def add_scaled_rows(source: Array, factors: Array, target: Array, count: int) -> None:
    """target[m] += factors·source[m], lane by lane."""
    f0, f1, f2, f3, f4, f5, f6, f7 = (
        factors[0], factors[1], factors[2], factors[3], factors[4], factors[5], factors[6], factors[7],
    )  # fmt: skip
    for m in range(count):
        v0, v1 = target[m, 0] + f0 * source[m, 0], target[m, 1] + f1 * source[m, 1]
        v2, v3 = target[m, 2] + f2 * source[m, 2], target[m, 3] + f3 * source[m, 3]
        v4, v5 = target[m, 4] + f4 * source[m, 4], target[m, 5] + f5 * source[m, 5]
        v6, v7 = target[m, 6] + f6 * source[m, 6], target[m, 7] + f7 * source[m, 7]
        target[m, 0], target[m, 1], target[m, 2], target[m, 3] = v0, v1, v2, v3
        target[m, 4], target[m, 5], target[m, 6], target[m, 7] = v4, v5, v6, v7


@compiled
def add_moduli(source: Array, first: int, last: int, target: Array) -> None:
    """target += Σ |source[m]| over first <= m < last, lane by lane."""
    s0, s1, s2, s3, s4, s5, s6, s7 = 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0
    for m in range(first, last):
        s0 += abs(source[m, 0])
        s1 += abs(source[m, 1])
        s2 += abs(source[m, 2])
        s3 += abs(source[m, 3])
        s4 += abs(source[m, 4])
        s5 += abs(source[m, 5])
        s6 += abs(source[m, 6])
        s7 += abs(source[m, 7])
    target[0] += s0
    target[1] += s1
    target[2] += s2
    target[3] += s3
    target[4] += s4
    target[5] += s5
    target[6] += s6
    target[7] += s7


@compiled
def combine_rows(values: Array, weights: Array, arguments: Array, target: int, count: int) -> None:
    """values[target, m] = Σ weight·values[argument, m] for m < count, in one pass over m."""
    for m in range(count):
        s0, s1, s2, s3, s4, s5, s6, s7 = 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0
        for a in range(len(arguments)):
            w, i = weights[a], arguments[a]
            s0 += w * values[i, m, 0]
            s1 += w * values[i, m, 1]
            s2 += w * values[i, m, 2]
            s3 += w * values[i, m, 3]
            s4 += w * values[i, m, 4]
            s5 += w * values[i, m, 5]
            s6 += w * values[i, m, 6]
            s7 += w * values[i, m, 7]
        values[target, m, 0], values[target, m, 1], values[target, m, 2], values[target, m, 3] = s0, s1, s2, s3
        values[target, m, 4], values[target, m, 5], values[target, m, 6], values[target, m, 7] = s4, s5, s6, s7


@compiled
def truncated(a: Array, b: Array, out: Array, ends: Array, starts: Array, left: Array, right: Array, shares: Array) -> None:
    """out = a·b without the pairs beyond the degree; all [monomials, LANES], one sum per monomial of the result."""
    for k in range(len(ends)):
        s0, s1, s2, s3, s4, s5, s6, s7 = 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0
        for row in range(starts[k], ends[k]):
            i, j, s = left[row], right[row], shares[row]
            s0 += s * (a[i, 0] * b[j, 0] + a[j, 0] * b[i, 0])
            s1 += s * (a[i, 1] * b[j, 1] + a[j, 1] * b[i, 1])
            s2 += s * (a[i, 2] * b[j, 2] + a[j, 2] * b[i, 2])
            s3 += s * (a[i, 3] * b[j, 3] + a[j, 3] * b[i, 3])
            s4 += s * (a[i, 4] * b[j, 4] + a[j, 4] * b[i, 4])
            s5 += s * (a[i, 5] * b[j, 5] + a[j, 5] * b[i, 5])
            s6 += s * (a[i, 6] * b[j, 6] + a[j, 6] * b[i, 6])
            s7 += s * (a[i, 7] * b[j, 7] + a[j, 7] * b[i, 7])
        out[k, 0], out[k, 1], out[k, 2], out[k, 3] = s0, s1, s2, s3
        out[k, 4], out[k, 5], out[k, 6], out[k, 7] = s4, s5, s6, s7


@compiled
def doubled_square(a: Array, out: Array, ends: Array, starts: Array, left: Array, right: Array, shares: Array) -> None:
    """out = 2 a² without the pairs beyond the degree."""
    for k in range(len(ends)):
        s0, s1, s2, s3, s4, s5, s6, s7 = 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0
        for row in range(starts[k], ends[k]):
            i, j, s = left[row], right[row], 4 * shares[row]
            s0 += s * (a[i, 0] * a[j, 0])
            s1 += s * (a[i, 1] * a[j, 1])
            s2 += s * (a[i, 2] * a[j, 2])
            s3 += s * (a[i, 3] * a[j, 3])
            s4 += s * (a[i, 4] * a[j, 4])
            s5 += s * (a[i, 5] * a[j, 5])
            s6 += s * (a[i, 6] * a[j, 6])
            s7 += s * (a[i, 7] * a[j, 7])
        out[k, 0], out[k, 1], out[k, 2], out[k, 3] = s0, s1, s2, s3
        out[k, 4], out[k, 5], out[k, 6], out[k, 7] = s4, s5, s6, s7


# --- values -------------------------------------------------------------------------------------------------------------


@compiled
def measure(
    slot: int, count: int, symbols: int, degrees: Array, coefficients: Array, noise: Array, norms: Array, spread: Array
) -> None:  # fmt: skip
    """Fill the degree-wise l1 norms and the noise's l1 norm of a slot."""
    degreewise(coefficients[slot], count, degrees, norms[slot])
    spread[slot] = 0.0
    add_moduli(noise[slot], 0, symbols, spread[slot])


@compiled
def degreewise(values: Array, count: int, degrees: Array, out: Array) -> None:
    """out[e] = Σ |values[m]| over the monomials of degree e, which stand in runs."""
    for e in range(len(out)):
        for l in range(LANES):
            out[e, l] = 0.0
    first = 0
    while first < count:
        last = first + 1
        while last < count and degrees[last] == degrees[first]:
            last += 1
        add_moduli(values, first, last, out[degrees[first]])
        first = last


@compiled
def extent(values: Array, linear: Array, members: Array, multilinear: Array, corners: Array, out: Array) -> None:
    """out >= max over |u_j| <= 1 of |Σ values[m] T_m(u)|, lane by lane.

    Multilinear monomials of the `CORNERS` variables with the largest linear terms by their values at the corners, all others by
    moduli. A value is off by at most γ_k, k = `CORNERS`, times the l1 norm, which RHO covers. `corners` is room for all values.
    """
    variables = linear.shape[0]
    place, weight = np.zeros(variables, dtype=np.int64), np.zeros(variables)
    for j in range(variables):
        for l in range(LANES):
            weight[j] += abs(values[linear[j], l])
    chosen = min(variables, CORNERS)
    for k in range(chosen):
        largest = np.argmax(weight)
        weight[largest] = -1.0
        place[largest] = 1 << k
    size = 1 << chosen
    corners[:size] = 0.0
    rest, total = np.zeros(LANES), np.zeros(LANES)
    for m in range(len(multilinear)):
        at = 0 if multilinear[m] else -1
        for i in range(members.shape[1]):
            j = members[m, i]
            if j >= 0 and at >= 0:
                at = at + place[j] if place[j] > 0 else -1
        if at >= 0:
            for l in range(LANES):
                corners[at, l] += values[m, l]
                total[l] += abs(values[m, l])
        else:
            for l in range(LANES):
                rest[l] += abs(values[m, l])
    half = 1
    while half < size:
        for block in range(0, size, 2 * half):
            transform(corners[block : block + half], corners[block + half : block + 2 * half], half)
        half *= 2
    out[:] = 0.0
    largest_moduli(corners, size, out)
    for l in range(LANES):
        out[l] = (min(out[l] + RHO * total[l], total[l]) + rest[l]) * UP + TINY


@compiled
def transform(low: Array, high: Array, count: int) -> None:
    """(low, high) becomes (low + high, low - high), row by row."""
    for m in range(count):
        a0, a1, a2, a3 = low[m, 0], low[m, 1], low[m, 2], low[m, 3]
        a4, a5, a6, a7 = low[m, 4], low[m, 5], low[m, 6], low[m, 7]
        b0, b1, b2, b3 = high[m, 0], high[m, 1], high[m, 2], high[m, 3]
        b4, b5, b6, b7 = high[m, 4], high[m, 5], high[m, 6], high[m, 7]
        low[m, 0], low[m, 1], low[m, 2], low[m, 3] = a0 + b0, a1 + b1, a2 + b2, a3 + b3
        low[m, 4], low[m, 5], low[m, 6], low[m, 7] = a4 + b4, a5 + b5, a6 + b6, a7 + b7
        high[m, 0], high[m, 1], high[m, 2], high[m, 3] = a0 - b0, a1 - b1, a2 - b2, a3 - b3
        high[m, 4], high[m, 5], high[m, 6], high[m, 7] = a4 - b4, a5 - b5, a6 - b6, a7 - b7


@compiled
def largest_moduli(values: Array, count: int, out: Array) -> None:
    """out = max(out, |values[m]|) over m < count, lane by lane; not a number where a value is none."""
    for m in range(count):
        for l in range(LANES):
            modulus = abs(values[m, l])
            if not modulus <= out[l]:
                out[l] = modulus


@compiled
def affine_radius(
    slot: int, bias: float, weights: Array, arguments: Array, radius: Array, norms: Array, spread: Array
) -> None:  # fmt: skip
    """The radius of bias + Σ weight·argument, in whatever order it is added up."""
    size = np.empty(LANES)
    for l in range(LANES):
        size[l] = abs(bias)
        radius[slot, l] = 0.0
    for a in range(len(arguments)):
        w, i = abs(weights[a]), arguments[a]
        for l in range(LANES):
            part = spread[i, l] + radius[i, l]
            for e in range(norms.shape[1]):
                part += norms[i, e, l]
            size[l] += w * part
            radius[slot, l] += w * radius[i, l]
    for l in range(LANES):
        radius[slot, l] += RHO * size[l] + TINY


@compiled
def affine(
    slot: int, bias: float, weights: Array, arguments: Array, count: int, symbols: int,
    coefficients: Array, noise: Array, radius: Array, norms: Array, spread: Array,
) -> None:  # fmt: skip
    """slot = bias + Σ weight·argument."""
    affine_radius(slot, bias, weights, arguments, radius, norms, spread)
    combine_rows(coefficients, weights, arguments, slot, count)
    combine_rows(noise, weights, arguments, slot, symbols)
    for l in range(LANES):
        coefficients[slot, 0, l] += bias


@compiled
def _dropped(a: Array, b: Array, l: int) -> float:
    """Σ of the products of degree-wise norms beyond the degree, plus the rounding of the whole product."""
    top = a.shape[0]
    lost = 0.0
    first = 0.0
    second = 0.0
    for e in range(top):
        first += a[e, l]
        second += b[e, l]
        for f in range(top):
            if e + f >= top:
                lost += a[e, l] * b[f, l]
    return lost * UP + RHO * first * second


@compiled
def run_moduli(values: Array, count: int, runs: Array, kinds: Array) -> Array:
    """Σ |values[m]| over each run of monomials of one kind, [runs, LANES]."""
    out = np.zeros((len(kinds), LANES))
    for k in range(len(kinds)):
        if runs[k] < count:
            add_moduli(values, runs[k], runs[k + 1], out[k])
    return out


@compiled
def outside(a: Array, b: Array, count: int, spans: Array, runs: Array, kinds: Array, out: Array) -> None:
    """out >= Σ |a_i b_j| over the pairs of degree e <= D whose later inputs are more than spans[e] steps apart, lane by lane.

    These are: all b_j where a_i is too wide itself; else, where a_i has the later inputs first ... last, those that are too wide
    themselves, begin before last - span or end after first + span.
    """
    out[:] = 0.0
    if len(kinds) == 0:
        return
    top, inputs = len(spans), spans[0]
    sizes, others = run_moduli(a, count, runs, kinds), run_moduli(b, count, runs, kinds)
    for total in range(2, top):
        span = spans[total]
        if span >= inputs:
            continue
        every, wide = np.zeros((top, LANES)), np.zeros((top, LANES))  # Σ |b_j| by degree: of all, of those too wide themselves
        before = np.zeros((top, inputs + 2, LANES))  # of the others, where they begin before this input
        after = np.zeros((top, inputs + 2, LANES))  # where they end after this input
        for k in range(len(kinds)):
            e, first, last = kinds[k]
            for l in range(LANES):
                every[e, l] += others[k, l]
                if last - first > span:
                    wide[e, l] += others[k, l]
                elif first < inputs:
                    before[e, first + 1, l] += others[k, l]
                    after[e, last - 1, l] += others[k, l]
        for e in range(top):
            for j in range(1, inputs + 2):
                for l in range(LANES):
                    before[e, j, l] += before[e, j - 1, l]
                    after[e, inputs + 1 - j, l] += after[e, inputs + 2 - j, l]
        for k in range(len(kinds)):
            e, first, last = total - kinds[k, 0], kinds[k, 1], kinds[k, 2]
            low, high = max(last - span, 0), min(first + span, inputs + 1)
            if e == total or e <= 0:  # a constant moves no input apart
                continue
            for l in range(LANES):
                apart = every[e, l] if last - first > span else wide[e, l] + before[e, low, l] + after[e, high, l]
                out[l] += sizes[k, l] * apart
    for l in range(LANES):
        out[l] = out[l] * UP + TINY


@compiled
def mul(
    slot: int, a: int, b: int, symbols: int, ends: Array, starts: Array, left: Array, right: Array, shares: Array,
    spans: Array, runs: Array, kinds: Array,
    coefficients: Array, noise: Array, radius: Array, norms: Array, spread: Array,
) -> None:  # fmt: skip
    """slot = a·b."""
    truncated(coefficients[a], coefficients[b], coefficients[slot], ends, starts, left, right, shares)
    wide = np.empty(LANES)
    outside(coefficients[a], coefficients[b], len(ends), spans, runs, kinds, wide)
    for l in range(LANES):
        ca, cb = coefficients[a, 0, l], coefficients[b, 0, l]
        na, nb = spread[a, l] + radius[a, l], spread[b, l] + radius[b, l]
        pa, pb = 0.0, 0.0
        for e in range(1, norms.shape[1]):
            pa += norms[a, e, l]
            pb += norms[b, e, l]
        lost = _dropped(norms[a], norms[b], l) + wide[l]
        lost += pa * nb + pb * na + na * nb + abs(ca) * radius[b, l] + abs(cb) * radius[a, l]
        lost += RHO * (abs(ca) * nb + abs(cb) * na)
        radius[slot, l] = lost * UP + TINY
    scale_rows(noise[b], coefficients[a, 0], noise[slot], symbols)
    add_scaled_rows(noise[a], coefficients[b, 0], noise[slot], symbols)


@compiled
def activate(
    slot: int, a: int, code: int, count: int, symbols: int, degrees: Array,
    ends: Array, starts: Array, left: Array, right: Array, shares: Array, spans: Array, runs: Array, kinds: Array,
    coefficients: Array, noise: Array, radius: Array, norms: Array, spread: Array, work: Array, nodes: Array, cosines: Array,
) -> None:  # fmt: skip
    """slot = tanh(a) or σ(a) = 1/2 + tanh(a/2)/2."""
    degree = len(nodes) - 1
    inner = 0.5 if code == SIGMOID else 1.0
    fit = np.zeros((5, LANES))
    worst = np.zeros(LANES)
    half = np.empty(LANES)
    slope = np.empty(LANES)
    loose = np.empty(LANES)
    wild = np.zeros(LANES, dtype=np.bool_)
    factor, halves = np.empty(LANES), np.empty(LANES)
    for l in range(LANES):
        c = inner * coefficients[a, 0, l]
        r = 0.0
        for e in range(1, norms.shape[1]):
            r += norms[a, e, l]
        r = inner * r * UP + TINY
        n = inner * (spread[a, l] + radius[a, l]) * UP
        if not abs(c) + r + n < WILD:
            wild[l] = True
            half[l], slope[l], loose[l] = 1.0, 0.0, 0.0
            continue
        half[l] = r
        low, high = c - r, c + r
        margin = RHO * (abs(c) + r)
        # noise by the mean value: the derivative 1 - tanh² over the whole range
        bottom, top = tanh_of(low - n - margin), tanh_of(high + n + margin)
        far = max(bottom * bottom, top * top)
        near = 0.0 if bottom <= 0.0 <= top else min(bottom * bottom, top * top)
        least, most = 1 - far - 4 * TANH_ERROR, 1 - near + 4 * TANH_ERROR
        slope[l] = (least + most) / 2
        loose[l] = (most - least) / 2 * UP
        # the fit of degree F
        for k in range(degree + 1):
            total = 0.0
            for j in range(degree + 1):
                total += tanh_of(c + r * nodes[j]) * cosines[k, j]
            fit[k, l] = total
        power = 1.0
        for _ in range(degree + 1):
            power *= r
        scale = 1.0
        for k in range(2, degree + 2):
            scale *= k
        for _ in range(degree):
            scale *= 2
        error = power / scale * _high(degree + 1, low - margin, high + margin) * UP
        h = 2.0 / SAMPLES
        bends = 2 * r * r * r + 24 * abs(fit[3, l]) + 192 * abs(fit[4, l])  # sup |f'''| = 2, |T_3'''| = 24, |T_4'''| <= 192
        if error > h * h * h / 16 * bends:  # sampling leaves at least this
            sampled, bend = 0.0, 0.0
            for s in range(SAMPLES + 1):
                z = -1 + h * s
                value = tanh_of(c + r * z)
                t0, t1, q = 1.0, z, fit[0, l] + fit[1, l] * z
                for k in range(2, degree + 1):
                    t0, t1 = t1, 2 * z * t1 - t0
                    q += fit[k, l] * t1
                sampled = max(sampled, abs(value - q))
                second = 4 * fit[2, l] + 24 * z * fit[3, l] + (96 * z * z - 16) * fit[4, l]
                bend = max(bend, abs(2 * r * r * value * (1 - value * value) + second))
            sampled += h * h / 8 * (bend + h / 2 * bends) * UP + 16 * (1 + r * r) * margin
            error = min(error, sampled)
        worst[l] = error + FIT_ERROR + margin
    # z = (a - c)/r, second = T_2(z), and Σ fit_k T_k(z) = f_0 - f_4 + (f_1 - f_3) z + f_2 T_2 + T_2·(2 f_3 z + 2 f_4 T_2)
    z, second, factored = work[0], work[1], work[2]
    out = coefficients[slot]
    sizes = np.zeros((3, LANES))  # l1 norms of z, T_2(z), the other factor
    levels = np.zeros((3, norms.shape[1], LANES))
    for l in range(LANES):
        factor[l], halves[l] = inner / half[l], 0.5
    scale_rows(coefficients[a], factor, z, count)
    for l in range(LANES):
        z[0, l] = 0.0
    degreewise(z, count, degrees, levels[0])
    doubled_square(z, second, ends, starts, left, right, shares)
    wide = np.empty((2, LANES))  # of z·z, T_2(z)·factor
    outside(z, z, count, spans, runs, kinds, wide[0])
    for l in range(LANES):
        second[0, l] -= 1.0
    degreewise(second, count, degrees, levels[1])
    mixed = np.empty((3, LANES))  # 2 f_3, 2 f_4, f_1 - f_3
    for l in range(LANES):
        mixed[0, l], mixed[1, l], mixed[2, l] = 2 * fit[3, l], 2 * fit[4, l], fit[1, l] - fit[3, l]
    scale_rows(z, mixed[0], factored, count)
    add_scaled_rows(second, mixed[1], factored, count)
    degreewise(factored, count, degrees, levels[2])
    truncated(second, factored, out, ends, starts, left, right, shares)
    outside(second, factored, count, spans, runs, kinds, wide[1])
    add_scaled_rows(z, mixed[2], out, count)
    add_scaled_rows(second, fit[2], out, count)
    for l in range(LANES):
        out[0, l] += fit[0, l] - fit[4, l]
        for k in range(3):
            for e in range(norms.shape[1]):
                sizes[k, l] += levels[k, e, l]
            sizes[k, l] *= UP
    for l in range(LANES):
        if wild[l]:
            for m in range(count):
                out[m, l] = 0.0
            radius[slot, l] = 1.0
            continue
        c = inner * coefficients[a, 0, l]
        r = half[l]
        f1, f2, f3, f4 = abs(fit[1, l]), abs(fit[2, l]), abs(fit[3, l]), abs(fit[4, l])
        # how far z, T_2 and the other factor are off, where the true ones have modulus at most 1, 1 and 2(f_3 + f_4)
        off_z = 2 * RHO * (1 + sizes[0, l])
        off_second = 2 * off_z * (2 + off_z) + 2 * (_dropped(levels[0], levels[0], l) + wide[0, l]) + 4 * RHO * (1 + sizes[1, l])
        off_factor = 2 * f3 * off_z + 2 * f4 * off_second + 4 * RHO * (f3 * sizes[0, l] + f4 * sizes[1, l])
        error = worst[l] + (f1 + f3) * off_z + f2 * off_second + _dropped(levels[1], levels[2], l) + wide[1, l]
        error += 2 * (f3 + f4) * off_second + off_factor * (1 + off_second)
        size = abs(fit[0, l]) + f4 + (f1 + f3) * sizes[0, l] + f2 * sizes[1, l] + sizes[1, l] * sizes[2, l]
        error += 8 * RHO * size
        low, high = tanh_of(c - r), tanh_of(c + r)
        margin = RHO * (abs(c) + r) + 4 * TANH_ERROR
        # the fit of degree 1: slope of the chord, offset by the middle of the error
        chord = (high - low) / 2
        flat = (high - low) / 2 + margin
        straight = min(flat, r * r / 2 * _second(c - r - margin, c + r + margin) + margin)
        if straight < error or flat < error:
            keep = straight < flat
            for m in range(count):
                out[m, l] = chord * z[m, l] if keep else 0.0
            out[0, l] = (high + low) / 2
            error = straight if keep else flat
            error += 8 * RHO * (1 + abs(chord) * (1 + sizes[0, l]))
        n = inner * radius[a, l]
        total = inner * (spread[a, l] + radius[a, l])
        error += loose[l] * total + abs(slope[l]) * n + 4 * RHO * total
        radius[slot, l] = error * UP + TINY
    outer = 0.5 if code == SIGMOID else 1.0
    for l in range(LANES):
        factor[l] = outer * slope[l] * inner
    scale_rows(noise[a], factor, noise[slot], symbols)
    for l in range(LANES):
        if wild[l]:
            for k in range(symbols):
                noise[slot, k, l] = 0.0
    if code == SIGMOID:
        scale_rows(out, halves, out, count)
        for l in range(LANES):
            out[0, l] += 0.5
            radius[slot, l] = 0.5 * radius[slot, l] + RHO


@compiled
def rectify(
    slot: int, a: int, count: int, symbols: int,
    coefficients: Array, noise: Array, radius: Array, norms: Array, spread: Array,
) -> None:  # fmt: skip
    """slot = max(a, 0): itself, 0, or where the sign is open the line between the ends, lowered by half its gap."""
    slope, shift = np.empty(LANES), np.empty(LANES)
    for l in range(LANES):
        c, r = coefficients[a, 0, l], spread[a, l] + radius[a, l]
        for e in range(1, norms.shape[1]):
            r += norms[a, e, l]
        r = r * UP + RHO * abs(c) + TINY
        low, high = c - r, c + r
        if low >= 0:
            slope[l], shift[l] = 1.0, 0.0
        elif high <= 0:
            slope[l], shift[l] = 0.0, 0.0
        else:  # between 0 and -low·high/(high - low) below the line
            slope[l] = high / (high - low)
            shift[l] = -slope[l] * low / 2
        radius[slot, l] = (slope[l] * radius[a, l] + shift[l]) * UP + RHO * (abs(c) + r) + TINY
    for m in range(count):
        for l in range(LANES):
            coefficients[slot, m, l] = slope[l] * coefficients[a, m, l]
    for l in range(LANES):
        coefficients[slot, 0, l] += shift[l]
    for k in range(symbols):
        for l in range(LANES):
            noise[slot, k, l] = slope[l] * noise[a, k, l]


@compiled
def start(initial: Array, old: Array, coefficients: Array, noise: Array, radius: Array, norms: Array, spread: Array) -> None:
    """The initial states in their slots."""
    for s in range(len(old)):
        slot = old[s]
        coefficients[slot] = 0.0
        noise[slot] = 0.0
        norms[slot] = 0.0
        spread[slot] = 0.0
        for l in range(LANES):
            coefficients[slot, 0, l] = initial[s]
            radius[slot, l] = RHO * abs(initial[s])
            norms[slot, 0, l] = abs(initial[s])


@compiled
def load_input(
    t: int, x_slot: int, symbols: int, centres: Array, radii: Array, degrees: Array, prefix: Array, linear: Array,
    coefficients: Array, noise: Array, radius: Array, norms: Array, spread: Array,
) -> None:  # fmt: skip
    """x_t = c_t + r_t u_t in its slot."""
    coefficients[x_slot, : prefix[t]] = 0.0
    noise[x_slot, :symbols] = 0.0
    for l in range(LANES):
        coefficients[x_slot, 0, l] = centres[t - 1, l]
        coefficients[x_slot, linear[t - 1], l] = radii[t - 1, l]
        radius[x_slot, l] = 0.0
    measure(x_slot, prefix[t], symbols, degrees, coefficients, noise, norms, spread)


@compiled
def step(
    codes: Array, outs: Array, starts: Array, arguments: Array, weights: Array, biases: Array,
    dense: int, skipped: int, count: int, symbols: int, degrees: Array,
    ends: Array, firsts: Array, left: Array, right: Array, shares: Array, spans: Array, runs: Array, kinds: Array,
    coefficients: Array, noise: Array, radius: Array, norms: Array, spread: Array, work: Array, nodes: Array, cosines: Array,
) -> None:  # fmt: skip
    """All operations of a step but `skipped`; of the first `dense` the sums Σ weight·argument are in place already."""
    for op in range(len(codes)):
        slot, first, last = outs[op], starts[op], starts[op + 1]
        if op == skipped:
            continue
        if op < dense:
            affine_radius(slot, biases[op], weights[first:last], arguments[first:last], radius, norms, spread)
            for l in range(LANES):
                coefficients[slot, 0, l] += biases[op]
        elif codes[op] == AFFINE:
            affine(
                slot, biases[op], weights[first:last], arguments[first:last], count, symbols,
                coefficients, noise, radius, norms, spread,
            )  # fmt: skip
        elif codes[op] == MUL:
            mul(
                slot, arguments[first], arguments[first + 1], symbols, ends, firsts, left, right, shares, spans, runs, kinds,
                coefficients, noise, radius, norms, spread,
            )  # fmt: skip
        elif codes[op] == RELU:
            rectify(slot, arguments[first], count, symbols, coefficients, noise, radius, norms, spread)
        else:
            activate(
                slot, arguments[first], codes[op], count, symbols, degrees, ends, firsts, left, right, shares,
                spans, runs, kinds,
                coefficients, noise, radius, norms, spread, work, nodes, cosines,
            )  # fmt: skip
        measure(slot, count, symbols, degrees, coefficients, noise, norms, spread)


@compiled
def carry(
    t: int, old: Array, new: Array, count: int, symbols: int, degrees: Array, linear: Array,
    coefficients: Array, noise: Array, radius: Array, norms: Array, spread: Array, blame: Array,
) -> None:  # fmt: skip
    """New states become old ones; their radii become noise symbols of their own, blamed on the inputs they depend on."""
    states = len(old)
    for s in range(states):
        a, b = new[s], old[s]
        copy_rows(coefficients[a], coefficients[b], count)
        copy_rows(noise[a], noise[b], symbols)
        for k in range(states):
            for l in range(LANES):
                noise[b, symbols + k, l] = 0.0
        for l in range(LANES):
            noise[b, symbols + s, l] = radius[a, l]
            radius[b, l] = 0.0
            total = TINY
            for j in range(t):
                total += coefficients[a, linear[j], l] * coefficients[a, linear[j], l]
            for j in range(t):
                blame[symbols + s, j, l] = coefficients[a, linear[j], l] * coefficients[a, linear[j], l] / total
            for j in range(t, blame.shape[1]):
                blame[symbols + s, j, l] = 0.0
    for s in range(states):
        measure(old[s], count, symbols + states, degrees, coefficients, noise, norms, spread)


@compiled
def read(
    readout: int, symbols: int, centres: Array, radii: Array, exponents: Array, degrees: Array, linear: Array,
    members: Array, multilinear: Array, corners: Array,
    coefficients: Array, noise: Array, radius: Array, spread: Array, blame: Array,
    bounds: Array, scores: Array, slopes: Array,
) -> None:  # fmt: skip
    """|y_n - x_1| over the boxes: fills `bounds` [LANES] (upper bounds), `scores` [n, LANES] (how much each input contributes
    to the looseness) and `slopes` [n, LANES] (the linear coefficients of the error).
    """
    n = centres.shape[0]
    final = coefficients[readout]
    for l in range(LANES):
        final[0, l] -= centres[0, l]
        final[linear[0], l] -= radii[0, l]
    reach = np.empty(LANES)
    extent(final, linear, members, multilinear, corners, reach)
    for l in range(LANES):
        total = reach[l] + radius[readout, l] + spread[readout, l]
        squares = TINY
        for j in range(n):
            slopes[j, l] = final[linear[j], l]
            squares += slopes[j, l] * slopes[j, l]
        bounds[l] = (total + RHO * (abs(centres[0, l]) + radii[0, l])) * UP + TINY
        for j in range(n):
            scores[j, l] = radius[readout, l] * slopes[j, l] * slopes[j, l] / squares
        for k in range(symbols):
            for j in range(n):
                scores[j, l] += abs(noise[readout, k, l]) * blame[k, j, l]
        for m in range(len(degrees)):
            if not multilinear[m]:  # the l1 norm may exceed the range of the curved part
                for j in range(n):
                    scores[j, l] += abs(final[m, l]) * exponents[m, j] / degrees[m]


@compiled
def run_points(
    codes: Array, outs: Array, starts: Array, arguments: Array, weights: Array, biases: Array,
    initial: Array, old: Array, new: Array, x_slot: int, readout: int, slots: int, sequences: Array, outputs: Array,
) -> None:  # fmt: skip
    """Plain binary64 runs: outputs[s] = y_n of sequences[s]; a guide for the search, no claim."""
    for s in range(sequences.shape[0]):
        values = np.zeros(slots)
        for k in range(len(old)):
            values[old[k]] = initial[k]
        for t in range(sequences.shape[1]):
            if x_slot >= 0:
                values[x_slot] = sequences[s, t]
            for op in range(len(codes)):
                first, last = starts[op], starts[op + 1]
                if codes[op] == AFFINE:
                    total = biases[op]
                    for a in range(first, last):
                        total += weights[a] * values[arguments[a]]
                elif codes[op] == MUL:
                    total = values[arguments[first]] * values[arguments[first + 1]]
                elif codes[op] == TANH:
                    total = np.tanh(values[arguments[first]])
                elif codes[op] == SIGMOID:
                    total = 0.5 + 0.5 * np.tanh(values[arguments[first]] / 2)
                else:
                    total = max(values[arguments[first]], 0.0)
                values[outs[op]] = total
            if t == sequences.shape[1] - 1:
                outputs[s] = values[readout]
            for k in range(len(old)):
                values[old[k]] = values[new[k]]


def chebyshev_nodes(degree: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The nodes cos(π(j+½)/(D+1)) and the matrix that turns values there into coefficients, to the nearest floats."""
    count = degree + 1
    angles = [Fraction(2 * j + 1, 2 * count) for j in range(count)]
    matrix = [[_cosine(k * angle) * (1 if k == 0 else 2) / count for angle in angles] for k in range(count)]
    return np.array([_cosine(angle) for angle in angles]), np.array(matrix)


def _cosine(turns: Fraction) -> float:
    """cos(π turns) to the nearest float."""
    with Balls(TABLE_BITS).working():
        return float(arb.cos_pi_fmpq(fmpq(turns.numerator, turns.denominator)).mid())
