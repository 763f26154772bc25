"""The trusted side: cells, arithmetic and the decision. It knows no construction.

>>> from constructions import construct
>>> certify(construct("lstm", n=1000, precision=200)).verdict
<Verdict.PROVED: 'PROVED'>
"""

from verifier.certify import Certificate, certify, certify_weights
from verifier.errors import StepLimit, UsageError
from verifier.regime import Regime
from verifier.verdict import Verdict
from verifier.weights import Weights

__version__ = "0.1.0"

__all__ = [
    "Certificate",
    "Regime",
    "StepLimit",
    "UsageError",
    "Verdict",
    "Weights",
    "__version__",
    "certify",
    "certify_weights",
]
