"""LaTeX to PDF through latexmk."""

from __future__ import annotations

import re
import shutil
import subprocess
import tempfile
from pathlib import Path

from proofs.sheet.latex import PACKAGES
from verifier.errors import UsageError

LONGEST_SECONDS = 600
"""Time after which a compilation is given up."""

_COMPLAINT = re.compile(r"^(?:!|(?:Over|Under)full |.*\bWarning:).*$", re.MULTILINE)


def missing() -> str:
    """What to install where latexmk is not there; empty where it is."""
    if shutil.which("latexmk") and shutil.which("pdflatex"):
        return ""
    return f"no latexmk here; on Debian: apt-get install --no-install-recommends {' '.join(PACKAGES)}"


def pdf(source: str) -> tuple[bytes, list[str]]:
    """The PDF of a LaTeX file, and every warning of the log. Raises `UsageError` where TeX is missing or fails."""
    absent = missing()
    if absent:
        raise UsageError(absent)
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "sheet.tex").write_text(source, encoding="utf-8")
        command = ["latexmk", "-pdf", "-interaction=nonstopmode", "-halt-on-error", "-norc", "sheet.tex"]
        try:
            run = subprocess.run(command, cwd=folder, capture_output=True, timeout=LONGEST_SECONDS, check=False)
        except subprocess.TimeoutExpired:
            raise UsageError(f"latexmk took longer than {LONGEST_SECONDS} s") from None
        log = (Path(folder) / "sheet.log").read_text(encoding="latin-1") if (Path(folder) / "sheet.log").exists() else ""
        complaints = _COMPLAINT.findall(log)
        if run.returncode != 0 or not (Path(folder) / "sheet.pdf").exists():
            raise UsageError(f"latexmk failed: {next(iter(complaints), 'see the .tex file')[:200]}")
        return (Path(folder) / "sheet.pdf").read_bytes(), complaints
