"""Imports go one way, and the checker that says so catches planted violations.

Read from the syntax trees, so that docstrings and their doctests do not count.
"""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent


def imported(tree, package):
    """(line, full dotted name) of everything a module imports, `package` being the parts of its own package."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield node.lineno, alias.name
        elif isinstance(node, ast.ImportFrom):
            base = list(package[: len(package) - node.level + 1]) if node.level else []
            module = ".".join([*base, *([node.module] if node.module else [])])
            for alias in node.names:
                yield node.lineno, f"{module}.{alias.name}"
        elif isinstance(node, ast.Call) and _is_import_call(node.func):
            name = node.args[0] if node.args else None
            yield node.lineno, name.value if isinstance(name, ast.Constant) else "<a name computed at run time>"
        elif isinstance(node, ast.Attribute) and ast.unparse(node) == "mpmath.iv":
            yield node.lineno, "mpmath.iv"


def _is_import_call(function):
    name = function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")
    return name in ("__import__", "import_module")


def forbidden(path):
    """Prefixes of names that the file at this path (relative to the root) must not import."""
    parts = path.parts
    names = ["mpmath.iv", "<a name computed at run time>"]
    if parts[0] == "verifier" and parts[:2] != ("verifier", "cli"):
        names += ["constructions", "proofs", "tests"]
        if path != Path("verifier/__main__.py"):
            names.append("verifier.cli")
    if parts[0] == "constructions":
        names += ["verifier.cli", "proofs", "tests"]
    if parts[0] == "proofs":
        names += ["verifier.cli", "tests"]
    return names


def violations(root):
    """What breaks the rules below `root`, as "file:line imports name"."""
    found = []
    for file in sorted(root.rglob("*.py")):
        path = file.relative_to(root)
        if path.parts[0] not in ("verifier", "constructions", "proofs"):
            continue
        package = path.with_suffix("").parts[:-1]
        for line, name in imported(ast.parse(file.read_text(encoding="utf-8")), package):
            if any(name == prefix or name.startswith(prefix + ".") for prefix in forbidden(path)):
                found.append(f"{path.as_posix()}:{line} imports {name}")
    return found


def test_imports_go_one_way():
    assert violations(ROOT) == []


def test_the_checker_reads_the_project():
    files = [p.relative_to(ROOT).as_posix() for p in ROOT.glob("verifier/**/*.py")]
    assert {"verifier/certify.py", "verifier/inequality.py", "verifier/arithmetic/balls.py", "verifier/cli/main.py"} <= set(files)
    seen = {name for _, name in imported(ast.parse((ROOT / "verifier/certify.py").read_text(encoding="utf-8")), ("verifier",))}
    assert "verifier.verdict.Verdict" in seen


@pytest.mark.parametrize(
    ("file", "source"),
    [
        ("verifier/certify.py", "import constructions"),
        ("verifier/certify.py", "from constructions import construct"),
        ("verifier/certify.py", "from constructions.lstm import network"),
        ("verifier/certify.py", "import proofs.theorems as t"),
        ("verifier/certify.py", "def late():\n    from constructions import construct\n    return construct"),
        ("verifier/certify.py", "if False:\n    import proofs"),
        ("verifier/certify.py", "from verifier.cli import main"),
        ("verifier/certify.py", "from .cli.main import main"),
        ("verifier/certify.py", "from . import cli"),
        ("verifier/arithmetic/balls.py", "from ..cli import report"),
        ("verifier/arithmetic/deeper/new.py", "import constructions.lstm"),
        ("verifier/certify.py", "import importlib\nimportlib.import_module('constructions')"),
        ("verifier/certify.py", "import importlib\nimportlib.import_module('constr' + 'uctions')"),
        ("verifier/certify.py", "__import__('proofs')"),
        ("verifier/__main__.py", "import constructions"),
        ("constructions/lstm.py", "from verifier.cli.main import main"),
        ("constructions/lstm.py", "import verifier.cli"),
        ("constructions/lstm.py", "from verifier import cli"),
        ("proofs/theorem.py", "from verifier import cli"),
        ("verifier/cli/main.py", "from mpmath import iv"),
        ("constructions/lstm.py", "import mpmath.iv"),
        ("proofs/theorem.py", "import mpmath\nx = mpmath.iv.mpf(1)"),
    ],
)
def test_planted_violations_are_caught(tmp_path, file, source):
    target = tmp_path / file
    target.parent.mkdir(parents=True)
    target.write_text(source, encoding="utf-8")
    (found,) = violations(tmp_path)
    assert found.startswith(file)


@pytest.mark.parametrize(
    ("file", "source"),
    [
        ("verifier/certify.py", '"""A doctest.\n\n>>> from constructions import construct\n"""'),
        ("verifier/certify.py", "from verifier.constructions_of_sets import x"),
        ("verifier/certify.py", "import constructionsite"),
        ("verifier/__main__.py", "from verifier.cli.main import main"),
        ("verifier/cli/main.py", "from constructions import construct\nimport proofs"),
        ("constructions/lstm.py", "from verifier.weights import Weights"),
        ("proofs/theorem.py", "from constructions import lstm\nfrom verifier.verdict import Verdict"),
        ("verifier/arithmetic/reference.py", "import mpmath\ncontext = mpmath.MPContext()"),
        ("elsewhere/script.py", "from mpmath import iv"),
    ],
)
def test_what_is_allowed(tmp_path, file, source):
    target = tmp_path / file
    target.parent.mkdir(parents=True)
    target.write_text(source, encoding="utf-8")
    assert violations(tmp_path) == []
