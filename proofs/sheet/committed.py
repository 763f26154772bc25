"""The sheets kept in `proofs/sheets`: every architecture's answer to the standard question, the capacity, the whole document.

`python -m proofs.sheet.committed` writes them anew; a test asks that this changes nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

from constructions import ARCHITECTURES, construct
from proofs.sheet import latex
from proofs.sheet.sheets import Sheet, capacity_sheet, gradient_sheet, map_sheet, one_answer
from proofs.sheet.whole import CAPACITY_UNITS, GRADIENT_N, GRADIENT_PRECISION, QUESTIONS, whole
from verifier.certify import DEFAULT_STEPS
from verifier.regime import DEFAULT_HIDDEN

FOLDER = Path(__file__).parent.parent / "sheets"


def makers() -> dict[str, Callable[[], Sheet]]:
    """What makes each sheet, by the name of its file."""

    def of(name: str) -> Callable[[], Sheet]:
        return lambda: one_answer(construct(name, **QUESTIONS[0].arguments))

    return {
        **{name: of(name) for name in sorted(ARCHITECTURES)},
        "map": lambda: map_sheet(DEFAULT_HIDDEN),
        "gradient": lambda: gradient_sheet(GRADIENT_N, GRADIENT_PRECISION, Fraction(1), DEFAULT_HIDDEN),
        "capacity": lambda: capacity_sheet(CAPACITY_UNITS, Fraction(1), Fraction(1, 1000)),
        "all": lambda: whole(DEFAULT_STEPS, 0),
    }


def main() -> None:
    """Write every sheet; remove those of architectures that are gone."""
    FOLDER.mkdir(exist_ok=True)
    found = makers()
    for old in FOLDER.glob("*.tex"):
        if old.stem not in found:
            old.unlink()
    for name, make in found.items():
        (FOLDER / f"{name}.tex").write_text(latex.render(make().document), encoding="utf-8")


if __name__ == "__main__":
    main()
