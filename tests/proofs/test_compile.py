"""Sheets through TeX: no warning, and the text that was meant. Skipped, and counted, where there is none."""

import re
import shutil
import subprocess

import pytest

from proofs.sheet import committed, latex
from proofs.sheet.compile import missing, pdf
from proofs.sheet.document import Display, Document, LongFormula, Paragraph, Refer, Text
from verifier.errors import UsageError


@pytest.fixture
def tex(request):
    """Skips where there is no TeX or no pdftotext; with --every-sheet that is a failure."""
    absent = missing() or ("" if shutil.which("pdftotext") else "no pdftotext (Debian: poppler-utils)")
    if absent:
        (pytest.fail if request.config.getoption("--every-sheet", default=False) else pytest.skip)(absent)


SHORTEST, LONGEST = 1, 12
"""Pages of one answer."""


def text_of(content, folder):
    (folder / "x.pdf").write_bytes(content)
    told = subprocess.run(["pdftotext", "-layout", "x.pdf", "-"], cwd=folder, capture_output=True, text=True, check=True)
    pages = subprocess.run(["pdfinfo", "x.pdf"], cwd=folder, capture_output=True, text=True, check=True)
    return told.stdout, int(re.search(r"Pages:\s+(\d+)", pages.stdout)[1])


COMPILED = ("lstm", "diagonal", "map")
"""Committed sheets compiled here: an answer, an impossibility, a turned table; `--every-sheet` compiles all of them."""


@pytest.mark.usefixtures("tex")
@pytest.mark.parametrize("path", sorted(committed.FOLDER.glob("*.tex")), ids=lambda path: path.stem)
def test_committed_sheets_compile_without_a_warning(path, tmp_path, request):
    if path.stem not in COMPILED and not request.config.getoption("--every-sheet", default=False):
        pytest.skip("compiled with --every-sheet")
    content, complaints = pdf(path.read_text(encoding="utf-8"))
    assert complaints == []
    text, pages = text_of(content, tmp_path)
    assert "??" not in text
    if path.stem == "all":
        assert pages > 40
        for word in ("Contents", "The map", "Gradients", "Pictures", "Theorems", "References"):
            assert word in text
    else:
        assert SHORTEST <= pages <= LONGEST
        assert re.search(r"PROVED|UNDECIDED|REFUTED", text)
        assert "How to reproduce" in text


@pytest.mark.usefixtures("tex")
@pytest.mark.parametrize(
    ("block", "complaint"),
    [
        (LongFormula(r"\underbrace{" + "x" * 150 + "}"), "Overfull"),
        (Display((r"\text{" + "wide" * 60 + "}",)), "Overfull"),
        (Paragraph((Text("x"),) * 3, lead=(Refer("T1"),)), ""),
    ],
)
def test_what_does_not_fit_is_reported(block, complaint):
    _, complaints = pdf(latex.render(Document("t", (Text("s"),), (block,))))
    assert [c for c in complaints if complaint and complaint in c] or complaints == []
    assert bool(complaints) == bool(complaint)


@pytest.mark.usefixtures("tex")
def test_broken_latex_is_one_line():
    with pytest.raises(UsageError, match="latexmk failed: !"):
        pdf(r"\documentclass{article}\begin{document}\undefined\end{document}")


def test_without_tex_the_packages_are_named(monkeypatch):
    monkeypatch.setenv("PATH", "")
    with pytest.raises(UsageError, match="latexmk texlive-latex-base texlive-latex-recommended texlive-pictures lmodern"):
        pdf("")
