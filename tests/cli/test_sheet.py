"""`verify sheet` and `--plot`: files written whole, bad input in one line."""

import subprocess
import sys

import pytest
from commands import importing_the_same, verify, verify_in_own_process

SMALL = ("--n", "20", "--precision", "5")


@pytest.mark.parametrize(("suffix", "start"), [(".tex", r"\documentclass"), (".html", "<!DOCTYPE html>")])
def test_a_sheet_is_written(tmp_path, suffix, start):
    file = tmp_path / f"x{suffix}"
    code, out, err = verify("sheet", "lstm", *SMALL, "-o", str(file))
    assert (code, err) == (0, "")
    assert out.startswith("PROVED sheet=lstm")
    assert file.read_text(encoding="utf-8").startswith(start)
    assert [path.name for path in tmp_path.iterdir()] == [file.name]


def test_an_open_question_exits_with_3(tmp_path):
    file = tmp_path / "x.tex"
    code, out, _ = verify("sheet", "lstm", "--horizon", "forever", "--n", "5", "--precision", "30", "-o", str(file))
    if out.startswith("UNDECIDED"):
        assert code == 3
        assert "UNDECIDED" in file.read_text(encoding="utf-8")
    else:
        assert (code, out.split()[0]) in ((0, "PROVED"), (4, "REFUTED"))


def test_the_capacity_of_one_unit(tmp_path):
    file = tmp_path / "x.tex"
    code, out, _ = verify("sheet", "capacity", "--hidden", "1", "--precision", "3", "-o", str(file))
    assert (code, out.split()[0]) == (0, "PROVED")
    assert "Theorem T8" in file.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("lstn", "-o", "x.tex"), "did you mean 'lstm'"),
        (("map", "--n", "5", "-o", "x.tex"), "--n means nothing to the sheet 'map'; it takes --hidden"),
        (("gradient", "--exact", "-o", "x.tex"), "--exact means nothing to the sheet 'gradient'"),
        (("capacity", "--horizon", "fixed", "-o", "x.tex"), "--horizon means nothing to the sheet 'capacity'"),
        (("all", "--hidden", "2", "-o", "x.tex"), "--hidden means nothing to the sheet 'all'; it takes --seed, --steps"),
        (("gradient", "--hidden", "1", "-o", "x.tex"), "hidden units"),
        (("al", "-o", "x.tex"), "other sheets: all, capacity, gradient, map"),
        (("lstm", "-o", "x.doc"), "FILE.tex, FILE.pdf, FILE.html"),
        (("lstm",), "'-o'"),
        (("lstm", "-o", "missing/x.tex"), "there is no folder"),
        (("lstm", "--hidden", "1", "-o", "x.tex"), "needs 2 hidden units"),
        (("lstm", "--n", "0", "-o", "x.tex"), "at least 1"),
        (("lstm", "--precision", "3", "--tolerance", "0.1", "-o", "x.tex"), "give one of"),
        (("capacity", "--tolerance", "5", "-o", "x.tex"), "tolerance"),
    ],
)
def test_bad_input_is_one_line_and_writes_nothing(tmp_path, monkeypatch, arguments, said):
    monkeypatch.chdir(tmp_path)
    code, out, err = verify("sheet", *arguments)
    assert (code, out) == (2, "")
    assert said in err
    assert err.count("\n") == 1
    assert list(tmp_path.iterdir()) == []


def test_without_tex_the_latex_is_still_written(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", "")
    code, _, err = verify("sheet", "lstm", *SMALL, "-o", str(tmp_path / "x.pdf"))
    assert code == 2
    assert "texlive-latex-base" in err
    assert "x.tex" in err
    assert [path.name for path in tmp_path.iterdir()] == ["x.tex"]
    assert r"\end{document}" in (tmp_path / "x.tex").read_text(encoding="utf-8")


@pytest.mark.parametrize("missing", ["pylatexenc", "pybtex", "latex2mathml", "matplotlib"])
def test_without_its_libraries_the_command_says_what_to_install(tmp_path, missing):
    (tmp_path / missing).mkdir()
    (tmp_path / missing / "__init__.py").write_text("raise ImportError('not here')")
    blocked = importing_the_same(tmp_path)
    code, _, err = verify_in_own_process("sheet", "lstm", *SMALL, "-o", tmp_path / "x.html", **blocked)
    assert code == 2
    assert "first-input-recall[sheets]" in err
    assert err.count("\n") == 1
    assert not (tmp_path / "x.html").exists()


@pytest.mark.parametrize(("suffix", "magic"), [(".svg", b"<?xml"), (".pdf", b"%PDF"), (".png", b"\x89PNG")])
def test_plot(tmp_path, suffix, magic):
    file = tmp_path / f"x{suffix}"
    code, out, _ = verify("lstm", *SMALL, "--quiet", "--plot", str(file))
    assert code == 0
    assert out.startswith("PROVED")
    assert file.read_bytes().startswith(magic)


def test_the_gradients_of_a_short_horizon(tmp_path):
    file = tmp_path / "x.html"
    code, out, _ = verify("sheet", "gradient", "--n", "5", "--precision", "4", "-o", str(file))
    assert (code, out.split()[0]) == (0, "PROVED")
    assert "carousel" in file.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    "arguments",
    [
        "copy tanh --n 2 --hidden 2 --precision 3",
        "gradient linear --example jordan --hidden 2 --n 9",
        "gradient lstm --n 5 --precision 4",
        "map bilinear --hidden 2 --jobs 1 --json",
        "diagonal --n 3 --precision 3 --hidden 4",
        "linear --n 3 --hidden 2 --exact --horizon fixed",
        "cost bilinear",
        "capacity lstm --hidden 2 --precision 4",
        "lstm --horizon forever --precision 3 --steps 50",
    ],
)
def test_every_command_with_something_to_show_draws_it(tmp_path, arguments):
    file = tmp_path / "x.svg"
    code, _, err = verify(*arguments.split(), "--plot", str(file))
    assert (code, err) == (0, "")
    assert file.read_bytes().startswith(b"<?xml")


@pytest.mark.parametrize("arguments", ["lstm --domain reals --n 3 --precision 3", "copy tanh --n 2 --hidden 1 --precision 3"])
def test_nothing_to_draw_is_said(tmp_path, arguments):
    file = tmp_path / "x.svg"
    code, out, err = verify(*arguments.split(), "--quiet", "--plot", str(file))
    assert (code, out.split()[0]) == (0, "PROVED")
    assert err == f"verify: nothing drawn to {file}: there is nothing to show\n"
    assert not file.exists()


@pytest.mark.parametrize("command", ["capacity tanh", "copy tanh", "cost", "gradient lstm", "map", "weights none.npz --n 3"])
def test_plots_that_cannot_be_drawn_are_refused_before_anything_runs(tmp_path, command):
    code, out, err = verify(*command.split(), "--plot", str(tmp_path / "x.gif"))
    assert (code, out) == (2, "")
    assert ".svg, .pdf, .png" in err


def test_plot_formats(tmp_path):
    code, out, err = verify("lstm", *SMALL, "--plot", str(tmp_path / "x.gif"))
    assert (code, out) == (2, "")
    assert ".svg, .pdf, .png" in err


def test_other_commands_do_not_load_the_libraries_of_the_sheets():
    program = "import sys; import verifier.cli.main as m; m.verify.get_command(None, 'lstm'); print(*sys.modules)"
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    loaded = {name.split(".")[0] for name in run.stdout.split()}
    assert not loaded & {"matplotlib", "pylatexenc", "pybtex", "latex2mathml"}
