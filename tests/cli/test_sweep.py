"""`verify sweep` and `verify report`: every row is what the architecture's own command says, lists and files are checked."""

import csv
import json
import math
import os
import sys
from dataclasses import replace
from fractions import Fraction

import pytest
from commands import verify

from verifier.cli.fit import fit_exponent
from verifier.cli.grid import read_grid
from verifier.cli.memory import peak_memory
from verifier.cli.row import COLUMNS, Row, Task, decide_row
from verifier.cli.table import open_journal, read_journal, read_table, write_table
from verifier.errors import UsageError
from verifier.parallel import finished

SETTINGS = {"version": "0", "steps": 10, "seed": 0}


def decided(lists):
    given = dict.fromkeys(("precision", "bound", "hidden", "horizon")) | lists
    return [decide_row(Task(asked, 200, 0)) for asked in read_grid(None, given)]


@pytest.fixture(scope="module")
def some():
    """Rows of each kind: weights, impossible, open, refused."""
    return [
        *decided({"arch": "lstm", "n": "10,100", "precision": "10,20"}),
        *decided({"arch": "linear", "n": "5"}),
        *decided({"arch": "lstm", "n": "5", "hidden": "1"}),
        *decided({"arch": "tanh", "n": "5", "horizon": "forever", "hidden": "14"}),
    ]


# --- rows -------------------------------------------------------------------------------------------------------------


def test_a_row_says_what_the_architecture_s_own_command_says(tmp_path):
    out, certificate = tmp_path / "rows.csv", tmp_path / "one.json"
    code, told, _ = verify("sweep", "--arch", "lstm", "--n", "1000", "--precision", "50", "-o", out, "--jobs", 1)
    assert code == 0
    assert told.splitlines()[-1].startswith("PROVED sweep rows=1 weights=1 impossible=0 open=0 refused=0 proved=1")
    with out.open(encoding="utf-8") as file:
        (row,) = csv.DictReader(file)
    code, told, _ = verify("lstm", "--n", "1000", "--precision", "50", "--certificate", certificate, "--quiet")
    said = dict(word.split("=", 1) for word in told.split() if "=" in word)
    data = json.loads(certificate.read_text(encoding="utf-8"))
    assert {name: row[name] for name in ("theorem", "observed", "supremum", "symbolic", "n", "bound", "hidden", "tolerance")} == {
        name: said[name] for name in ("theorem", "observed", "supremum", "symbolic", "n", "bound", "hidden", "tolerance")
    }
    assert (row["certificate"], row["weights"], row["verdict"]) == (data["sha256"], data["weights_sha256"], "PROVED")
    assert (row["units"], row["nonzero_weights"], row["largest_weight"], row["semantics"]) == ("2", "10", "1e25", "real numbers")
    assert float(row["cpu_seconds"]) > 0
    assert 20 < float(row["peak_megabytes"]) < 2000


def test_answers_without_weights(some):
    impossible, refused, unknown = some[-3:]
    assert (impossible.answer, impossible.verdict, impossible.theorem) == ("impossible", "PROVED", "T4")
    assert (impossible.least_error, impossible.certificate, impossible.supremum) == ("0.9375", None, None)
    assert (refused.answer, refused.verdict) == ("refused", "UNDECIDED")
    assert "--hidden 1 is too small" in refused.reason
    assert (unknown.answer, unknown.verdict) == ("open", "UNDECIDED")


@pytest.mark.parametrize(
    ("change", "code"),
    [({}, 0), ({"verdict": "UNDECIDED"}, 3), ({"verdict": "REFUTED"}, 4), ({"verdict": "PROVED", "answer": "impossible"}, 0)],
)
def test_one_row_that_is_not_proved_decides_the_exit_code(monkeypatch, tmp_path, some, change, code):
    def decide(task):
        row = replace(
            some[0], **dict(zip(("architecture", "n", "precision", "bound", "hidden", "horizon"), task.asked.key, strict=True))
        )
        return replace(row, **change) if row.n == "3" else row

    monkeypatch.setattr("verifier.cli.sweep.decide_row", decide)
    found = verify("sweep", "--arch", "lstm", "--n", "2,3,4", "-o", tmp_path / "rows.csv", "--jobs", 1)
    assert found[0] == code
    assert found[1].splitlines()[-1].split()[0] == change.get("verdict", "PROVED")
    assert (f"  {change.get('verdict')} lstm n=3 " in found[1]) == (code != 0)


def test_peak_memory_is_that_of_the_block():
    with peak_memory() as before:
        pass
    with peak_memory() as peak:
        held = bytearray(64 * 10**6)
    assert peak.megabytes >= before.megabytes + 60
    del held
    if sys.platform == "linux":
        with peak_memory() as after:
            pass
        assert after.megabytes < peak.megabytes - 50


# --- lists ------------------------------------------------------------------------------------------------------------


def test_every_combination_in_order():
    asked = read_grid(
        None, {"arch": "lstm,S4", "n": "10,10^18", "precision": None, "bound": "1,1/2", "hidden": "32", "horizon": None}
    )
    assert [(a.architecture, a.n, a.bound) for a in asked[:4]] == [
        ("lstm", 10, Fraction(1)), ("lstm", 10, Fraction(1, 2)), ("lstm", 10**18, Fraction(1)), ("lstm", 10**18, Fraction(1, 2)),
    ]  # fmt: skip
    assert len(asked) == 8
    assert {(a.architecture, a.precision, a.hidden, a.horizon) for a in asked[4:]} == {("s4d", 20, 32, "upto")}


def test_lists_from_a_file_and_the_command_line(tmp_path):
    file = tmp_path / "grid.toml"
    file.write_text('arch = ["relu"]\nn = [3, "10^2"]\nbound = ["1/3"]\n', encoding="utf-8")
    asked = read_grid(file, {"arch": None, "n": None, "precision": "5,6"})
    assert [(a.n, a.precision, a.bound) for a in asked] == [(n, p, Fraction(1, 3)) for n in (3, 100) for p in (5, 6)]


BAD_LISTS = [
    (["--n", "5"], "the list --arch is missing"),
    (["--arch", "lstm"], "the list --n is missing"),
    (["--arch", "lsmt", "--n", "5"], "did you mean 'lstm'?"),
    (["--arch", "lstm,,gru", "--n", "5"], "--arch has an empty entry"),
    (["--arch", "", "--n", "5"], "--arch has an empty entry"),
    (["--arch", "s4,S4D", "--n", "5"], "--arch lists S4D twice"),
    (["--arch", "lstm", "--n", "10,1e1"], "--n lists 1e1 twice"),
    (["--arch", "lstm", "--n", "5,x"], "--n 'x' is not an exact number"),
    (["--arch", "lstm", "--n", "0"], "--n 0 is not allowed"),
    (["--arch", "lstm", "--n", "5", "--precision", "20001"], "precision 20001 is not allowed"),
    (["--arch", "lstm", "--n", "5", "--bound", "1,-2"], "the bound M = -2 is not allowed"),
    (["--arch", "lstm", "--n", "5", "--hidden", "1/2"], "--hidden 1/2 is not allowed"),
    (["--arch", "lstm", "--n", "5", "--horizon", "ever"], "--horizon 'ever' is unknown"),
    (
        ["--arch", "lstm", "--n", ",".join(map(str, range(1, 400))), "--precision", ",".join(map(str, range(1, 400)))],
        "at most 100,000",
    ),
    (["--arch", "lstm", "--n", "5", "--jobs", "2", "--scheduler", "tcp://x:1"], "not both"),
    (["--arch", "lstm", "--n", "5", "--steps", "10^9"], "--steps 1000000000 is not allowed"),
]


@pytest.mark.parametrize(("arguments", "complaint"), BAD_LISTS)
def test_bad_lists_are_one_line_each(tmp_path, arguments, complaint):
    code, out, err = verify("sweep", *arguments, "-o", tmp_path / "rows.csv")
    assert (code, out, len(err.splitlines())) == (2, "", 1)
    assert complaint in err
    assert list(tmp_path.iterdir()) == []


BAD_FILES = [
    ("arch = 'lstm'\nn = [5]", "arch of grid.toml must be a list, such as"),
    ("arch = []\nn = [5]", "must be a list"),
    ("arch = ['lstm']\nn = [5.0]", "n of grid.toml holds 5.0"),
    ("arch = ['lstm']\nn = [true]", "n of grid.toml holds True"),
    ("arch = ['lstm']\nn = [5]\nlength = [1]", "has length; known are the lists arch, n,"),
    ("arch = ['lstm']\nn = [5, '5']", "n of grid.toml lists 5 twice"),
    ("arch = ['lstm'\nn", "is not TOML"),
    ("arch = ['lstm']\nn = [5]\nprecision = [7]", "given both by --precision and in"),
]


@pytest.mark.parametrize(("text", "complaint"), BAD_FILES)
def test_bad_files_are_one_line_each(monkeypatch, tmp_path, text, complaint):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "grid.toml").write_text(text, encoding="utf-8")
    code, out, err = verify("sweep", "grid.toml", "--precision", "6", "-o", "rows.csv")
    assert (code, out, len(err.splitlines())) == (2, "", 1)
    assert complaint in err
    assert not (tmp_path / "rows.csv").exists()


@pytest.mark.parametrize(
    ("name", "complaint"), [("rows.xlsx", "a table is FILE.csv or FILE.parquet"), ("no/rows.csv", "there is no folder")]
)
def test_an_output_that_cannot_be_written(tmp_path, name, complaint):
    code, _, err = verify("sweep", "--arch", "relu", "--n", "5", "-o", tmp_path / name)
    assert code == 2
    assert complaint in err


# --- tables -----------------------------------------------------------------------------------------------------------


def test_csv_is_read_back_as_written(tmp_path, some):
    write_table(tmp_path / "rows.csv", some)
    assert read_table(tmp_path / "rows.csv") == some


@pytest.mark.pyarrow
def test_parquet_is_read_back_as_written(tmp_path, some):
    write_table(tmp_path / "rows.parquet", some)
    assert read_table(tmp_path / "rows.parquet") == some
    (tmp_path / "bad.parquet").write_bytes(b"PAR1 but not really PAR1")
    code, _, err = verify("report", tmp_path / "bad.parquet")
    assert (code, len(err.splitlines())) == (2, 1)
    assert "is not a Parquet file" in err


@pytest.mark.parametrize(
    ("missing", "arguments", "extra"),
    [
        ("pyarrow", ["-o", "rows.parquet"], "first-input-recall[parquet]"),
        ("distributed", ["-o", "rows.csv", "--scheduler", "tcp://127.0.0.1:1"], "first-input-recall[cluster]"),
    ],
)
def test_a_missing_package_is_named_with_its_extra(monkeypatch, tmp_path, missing, arguments, extra):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setitem(sys.modules, missing, None)
    code, out, err = verify("sweep", "--arch", "relu", "--n", "5", *arguments)
    assert (code, out, len(err.splitlines())) == (2, "", 1)
    assert extra in err
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        (("architecture,", "arch,"), "a row must have the columns"),
        ((",PROVED,", ",proved,"), "unknown verdict 'proved'"),
        ((",10,10,1,", ",10,ten,1,"), "precision = 'ten'"),
        ((",100000,2,", ",one,2,"), "is not an exact number"),
    ],
)
def test_damaged_tables_are_one_line(tmp_path, some, change, complaint):
    path = tmp_path / "rows.csv"
    write_table(path, some[:1])
    text = path.read_text(encoding="utf-8")
    assert change[0] in text
    path.write_text(text.replace(*change), encoding="utf-8")
    code, _, err = verify("report", path)
    assert (code, len(err.splitlines())) == (2, 1)
    assert complaint in err


# --- the journal ------------------------------------------------------------------------------------------------------


def test_a_journal_keeps_rows_and_drops_a_line_that_was_cut_short(tmp_path, some):
    path = tmp_path / "rows.csv.journal"
    with open_journal(path, SETTINGS) as journal:
        journal.add(some[0])
        assert read_journal(path)[1] == some[:1]
    with path.open("ab") as file:
        file.write(json.dumps(some[1].to_data()).encode()[:50])
    with open_journal(path, SETTINGS) as journal:
        assert journal.rows == some[:1]
        journal.add(some[2])
    assert read_journal(path)[1] == [some[0], some[2]]


def test_a_journal_without_rows_is_removed(tmp_path):
    path = tmp_path / "rows.csv.journal"
    with open_journal(path, SETTINGS):
        assert path.exists()
    assert not path.exists()


@pytest.mark.parametrize(
    ("spoil", "complaint"),
    [
        (lambda text: text.replace('"steps": 10', '"steps": 11'), "written with steps 11, not 10"),
        (lambda text: text.replace("first-input-recall sweep", "diary"), "not the journal of a sweep"),
        (lambda text: text.replace('{"architecture"', '{"arch"', 1), "a row must have the columns"),
        (lambda text: text.replace('"lstm"', '"lstm', 1), "line 2 of"),
        (lambda text: "[" * 10**5 + text, "line 1 of"),
    ],
)
def test_a_damaged_journal_is_not_gone_on_from(tmp_path, some, spoil, complaint):
    path = tmp_path / "rows.csv.journal"
    with open_journal(path, SETTINGS) as journal:
        journal.add(some[0])
    spoilt = spoil(path.read_text(encoding="utf-8"))
    path.write_text(spoilt, encoding="utf-8")
    with pytest.raises(UsageError, match=complaint), open_journal(path, SETTINGS):
        pass
    assert path.read_text(encoding="utf-8") == spoilt


@pytest.mark.skipif(os.name != "posix", reason="locks are those of POSIX")
def test_one_sweep_at_a_time_writes_a_journal(tmp_path):
    path = tmp_path / "rows.csv.journal"
    with open_journal(path, SETTINGS), pytest.raises(UsageError, match="another sweep is writing"), open_journal(path, SETTINGS):
        pass


def test_rows_that_are_not_asked_for_are_not_thrown_away(tmp_path):
    path = tmp_path / "rows.csv"
    before = 1000.0
    (row,) = decided({"arch": "relu", "n": "7"})
    with open_journal(tmp_path / "rows.csv.journal", {"version": row.version, "steps": 200, "seed": 0}) as journal:
        journal.add(replace(row, seconds=before))
    lists = ["sweep", "--arch", "relu", "-o", path, "--steps", 200, "--jobs", 1, "--n"]
    code, _, err = verify(*lists, "8")
    assert code == 2
    assert "1 finished rows that are not asked for now" in err
    code, _, err = verify(*lists, "8,7")
    assert code == 0
    assert "1 of 2 rows were finished before" in err
    assert [(r.n, r.seconds == before) for r in read_table(path)] == [("8", False), ("7", True)]


# --- in parallel ------------------------------------------------------------------------------------------------------


def test_two_processes_decide_the_same(tmp_path):
    tables = []
    for jobs in (1, 2):
        path = tmp_path / f"{jobs}.csv"
        code, _, _ = verify("sweep", "--arch", "relu,bilinear", "--n", "2,3", "-o", path, "--jobs", jobs)
        assert code == 0
        tables.append([replace(row, seconds=0.0, cpu_seconds=0.0, peak_megabytes=0.0) for row in read_table(path)])
    assert tables[0] == tables[1]
    assert len(tables[0]) == 4


def test_what_a_piece_of_work_raises_reaches_the_caller():
    with pytest.raises(ValueError, match="invalid literal"):
        list(finished(int, ["1", "x"], 1))


def test_no_scheduler(tmp_path):
    pytest.importorskip("distributed")
    code, _, err = verify("sweep", "--arch", "relu", "--n", "5", "-o", tmp_path / "rows.csv", "--scheduler", "nonsense://x")
    assert (code, len(err.splitlines())) == (2, 1)
    assert "no Dask scheduler answers at 'nonsense://x'" in err
    assert list(tmp_path.iterdir()) == []


# --- the report -------------------------------------------------------------------------------------------------------


def test_exponents_of_known_laws(tmp_path, some):
    """time = 3 · n^1.5 · digits^2 and a weight of 10^(digits/2): the report finds 1.5, 2 and 0.5."""
    rows = [
        replace(
            some[0], n=str(n), precision=digits, cpu_seconds=3 * n**1.5 * digits**2, largest_weight=f"1e{digits // 2}",
            supremum=f"1e-{digits}",
        )
        for n in (10, 100, 1000)
        for digits in (20, 40)
    ]  # fmt: skip
    path, picture = tmp_path / "rows.csv", tmp_path / "out.svg"
    write_table(path, rows)
    code, out, _ = verify("report", path, "-o", picture)
    assert code == 0
    found = [line.split("rows")[0].split() for line in out.splitlines() if "~" in line]
    assert {(" ".join(words[1:]).partition(" ±")[0]) for words in found} == {
        "CPU seconds ~ n^1.50",
        "CPU seconds ~ digits^2.00",
        "largest weight ~ n^0.00",
        "largest weight ~ (1/tolerance)^0.50",
    }
    assert out.splitlines()[-1].startswith("report rows=6 proved=6 undecided=0 refuted=0 laws=4")
    text = picture.read_text(encoding="utf-8")
    assert text.count('id="axes_') == 6
    assert "lstm, 20 digits" in text


def test_an_exponent_is_fitted_within_groups():
    steep = [("a", x, 2 * x) for x in (0.0, 1.0, 2.0)]
    lifted = [("b", x, 2 * x + 100) for x in (5.0, 6.0)]
    law = fit_exponent([*steep, *lifted, ("c", 1.0, 50.0)])
    assert law is not None
    assert (law.points, law.groups) == (5, 2)
    assert math.isclose(law.exponent, 2)
    crooked = fit_exponent([("a", 0.0, 0.0), ("a", 1.0, 1.0), ("a", 2.0, 0.0)])
    assert crooked is not None
    assert math.isclose(crooked.exponent, 0, abs_tol=1e-12)
    assert math.isclose(crooked.error or 0, math.sqrt((2 / 3) / 2))
    assert fit_exponent([("a", 1.0, 1.0), ("a", 1.0, 2.0)]) is None


def test_a_report_without_a_law_says_so(tmp_path, some):
    path = tmp_path / "rows.csv"
    write_table(path, some[:1])
    code, out, _ = verify("report", path)
    assert code == 0
    assert "no exponents" in out
    code, _, err = verify("report", path, "-o", tmp_path / "out.svg")
    assert code == 2
    assert "nothing to draw" in err
    assert not (tmp_path / "out.svg").exists()


@pytest.mark.parametrize(("name", "complaint"), [("rows.txt", "a table of rows is"), ("none.csv", "No such file")])
def test_a_file_that_is_no_table(tmp_path, name, complaint):
    code, _, err = verify("report", tmp_path / name)
    assert (code, len(err.splitlines())) == (2, 1)
    assert complaint in err


def test_columns_are_those_of_a_row(some):
    assert list(COLUMNS) == list(some[0].to_data())
    assert Row.from_data(some[0].to_data()) == some[0]
    for name, value in (("n", 5), ("seconds", "1"), ("units", True), ("verdict", None)):
        with pytest.raises(UsageError, match=name):
            Row.from_data(some[0].to_data() | {name: value})
