"""What C5, C6 and C7 say about the gradients of their weights: ∂y_n/∂x_1 is 1 up to an explicit deficit, the rest is small.

With sech² u >= 1 - u², (1-a)(1-b) >= 1 - a - b for a, b >= 0 and Bernoulli's (1-a)^m >= 1 - m a:

*C6*  ∂y_n/∂x_1 = φ^(n+1) sech²(c_n) sech²(εx_1) with |c_n| <= εM (1 + (n-1)η) and 1 - φ <= e^-K, hence
      0 <= 1 - ∂y_n/∂x_1 <= (n+1) e^-K + ε²M² (1 + (1 + (n-1)η)²),
      ∂y_n/∂x_t = φ sech²(c_n) φ^(n-t) i_t sech²(εx_t) <= η for t >= 2, i_t <= η = σ(K - Lφ tanh(φ tanh K)).
*C7*  ∂y_n/∂x_1 = φ Π_{t=2..n} (1-z_t) sech²(εx_1) with 1 - z_t >= κ, hence
      0 <= 1 - ∂y_n/∂x_1 <= e^-K + (n-1)(1-κ) + ε²M²,    ∂y_n/∂x_t <= z_t <= 1 - κ.
*C5*  ∂y_n/∂x_1 = sech²(εx_1) Π_{t=1..n-1} sech²(S_t + q) with |S_t + q| <= δ + (n-1)(ℓ + q), δ = εM (tanh: q = 0), hence
      0 <= 1 - ∂y_n/∂x_1 <= δ² + (n-1)(δ + (n-1)(ℓ + q))²,    ∂y_n/∂x_t <= sech²(a - δ).

So at one scale ε the LSTM's and the GRU's deficit does not grow beyond n e^-K, the constant error carousel with numbers,
while that of the tanh line grows like n ε²M². Source: this project, theory section 4; carousel: Hochreiter & Schmidhuber
1997; saturation of gradients: Hochreiter 1991, Bengio, Simard & Frasconi 1994.
"""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction

import sympy
from sympy import Expr, Symbol, exp, tanh

from constructions import elman, gru, lstm
from constructions.answer import Construction
from verifier.arithmetic.symbols import sigmoid
from verifier.gradient import StatedGradient

HORIZON = Symbol("m", integer=True, positive=True)
"""The n' at which a gradient is taken."""


def _carousel() -> tuple[str, Expr, Expr]:
    k, gain, scale, bound = lstm.K, lstm.L, lstm.EPSILON, lstm.M
    phi = sigmoid(k)
    eta = sigmoid(k - gain * phi * tanh(phi * tanh(k)))
    held = 1 + (HORIZON - 1) * eta
    deficit = (HORIZON + 1) * exp(-k) + scale**2 * bound**2 * (1 + held**2)
    return "|1 - ∂y_n/∂x_1| <= (n+1) e^-K + ε²M² (1 + (1 + (n-1)η)²), |∂y_n/∂x_t| <= η for t >= 2", deficit, eta


def _update_gate() -> tuple[str, Expr, Expr]:
    k, gain, scale, bound = gru.K, gru.L, gru.EPSILON, gru.M
    taken = sigmoid(k - gain * sigmoid(gain) * tanh(gain))
    deficit = exp(-k) + (HORIZON - 1) * taken + scale**2 * bound**2
    return "|1 - ∂y_n/∂x_1| <= e^-K + (n-1)(1-κ) + ε²M², |∂y_n/∂x_t| <= 1 - κ for t >= 2", deficit, taken


def _line(conjugated: bool) -> tuple[str, Expr, Expr]:
    b, delta = elman.B, elman.EPSILON * elman.M
    argument = b * (1 + tanh(b)) if conjugated else b * tanh(b)
    offset = sigmoid(-2 * b) if conjugated else sympy.Integer(0)
    edge = tanh(argument) - tanh(argument - delta)
    deficit = delta**2 + (HORIZON - 1) * (delta + (HORIZON - 1) * (edge + offset)) ** 2
    q = " + q" if conjugated else ""
    drift = f"(ℓ{q})" if conjugated else "ℓ"
    text = f"|1 - ∂y_n/∂x_1| <= δ² + (n-1)(δ + (n-1){drift})², δ = εM, |∂y_n/∂x_t| <= sech²(a - δ) for t >= 2"
    return text, deficit, 1 - tanh(argument - delta) ** 2


STATEMENTS: dict[str, Callable[[], tuple[str, Expr, Expr]]] = {
    "C6": _carousel,
    "C7": _update_gate,
    "C5": lambda: _line(False),
    "C5-sigmoid": lambda: _line(True),
}
"""Theorem id -> (statement, deficit, bound for t >= 2)."""


def stated_gradient(construction: Construction) -> StatedGradient | None:
    """What the construction's theorem says about its gradients; None where it says nothing."""
    make = STATEMENTS.get(construction.theorem)
    if make is None:
        return None
    statement, deficit, later = make()
    parameters = {symbol: Fraction(value) for symbol, value in construction.parameters.items()}
    return StatedGradient(construction.theorem, statement, HORIZON, parameters, deficit, later)
