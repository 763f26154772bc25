"""`verify map` on a few architectures, and the words of a cell."""

import json
from pathlib import Path

from commands import verify

from constructions import ARCHITECTURES
from proofs import impossible
from proofs.impossible import told
from proofs.survey import COLUMNS, Finding, Map, Question, decide_question, describe_cell, map_questions
from verifier.verdict import Verdict


def finding(n=5, answer="yes", theorem="C3", floor=None, error=None, reached=False, **options):
    by = theorem if floor else None
    return Finding(Question.of("relu", n, **options), "", answer, theorem, floor, by, error, reached)


def test_small_map_as_json():
    code, out, _ = verify("map", "relu", "bilinear", "--hidden", "4", "--json", "--jobs", "2")
    data = json.loads(out)
    assert code == 0
    assert (data["hidden"], data["verdict"], set(data["cells"])) == (4, "PROVED", {"relu", "bilinear"})
    assert {cell["answer"] for row in data["cells"]["bilinear"].values() for cell in row} == {"yes"}
    forever = data["cells"]["relu"]["box-forever"]
    assert {(cell["answer"], cell["theorem"]) for cell in forever} == {("yes", "C3")}


def test_small_map_as_table_and_markdown():
    code, out, _ = verify("map", "relu", "--hidden", "3", "--jobs", "1")
    assert code == 0
    last = dict(word.split("=") for word in out.splitlines()[-1].split()[2:])
    assert (last["architectures"], last["undecided"], last["refuted"]) == ("1", "0", "0")
    assert int(last["questions"]) == sum(int(last[word]) for word in ("yes", "no", "open"))
    code, out, _ = verify("map", "relu", "--hidden", "3", "--markdown", "--jobs", "1")
    assert out.splitlines()[0].count("|") == len(COLUMNS) + 2
    assert "| relu |" in out


def test_unknown_architecture():
    code, out, err = verify("map", "rleu")
    assert (code, out) == (2, "")
    assert "did you mean 'relu'" in err


def test_every_cell_is_asked_once():
    questions = [q for row in map_questions(["relu", "lstm"]).values() for cell in row.values() for q in cell]
    assert len(questions) == len(set(questions))
    assert {column.key for column in COLUMNS} == {"reals-fixed", "reals-upto", "box-exact", "box-fixed", "box-upto", "box-forever"}


def test_cells_group_neighbours_with_the_same_answer():
    cell = [finding(2), finding(3), finding(4, "no", "T3", "0"), finding(5, "no", "T3", "inf")]
    assert describe_cell(cell) == ["n = 2, 3: yes (C3)", "n = 4: no (T3), e > 0", "n = 5: no (T3), e = ∞"]
    assert describe_cell([finding(2), *(finding(n) for n in (7, 8, 9)), finding(10, "open", None)])[0] == "n = 2, 7-9: yes (C3)"
    assert describe_cell([finding(2), finding(9, theorem="C3-other")]) == ["yes (C3)"]
    assert describe_cell([finding(answer="no", theorem="T4", floor="0.5", reached=True)]) == ["no (T4), e >= 0.5, reached"]
    assert describe_cell([finding(answer="open", theorem=None, error="0.1")]) == ["open: best known 0.1"]
    assert describe_cell([finding(answer="open", theorem="T2", floor="0", error="0.1")]) == ["open: e > 0 (T2), best known 0.1"]
    assert describe_cell([finding(answer="open", theorem=None)]) == ["open, no bounds known"]
    assert describe_cell([finding(answer="refuted")]) == ["REFUTED"]
    for_ever = [finding(horizon="forever", exact_recall=True), finding(answer="no", horizon="forever", precision=20, floor="0")]
    assert describe_cell(for_ever) == ["exactly: yes (C3)", "20 digits: no (C3), e > 0"]


def test_a_check_that_fails_in_one_process_is_heard_in_all(monkeypatch):
    monkeypatch.setattr(impossible, "_RESULTS", {})
    question = Question.of("tanh", 3, exact_recall=True)
    told({"T2": {"planted": Verdict.REFUTED}})
    assert decide_question(question).answer == "refuted"
    told({"T2": {"planted": Verdict.UNDECIDED}})
    assert decide_question(question).answer == "undecided"
    monkeypatch.setattr(impossible, "_RESULTS", {})
    assert decide_question(question).answer == "no"


def test_a_failed_claim_is_never_hidden():
    def drawn(*answers):
        return Map(3, {"relu": {"box-upto": tuple(finding(answer=a) for a in answers)}}).holds()

    assert drawn("yes", "no", "open") is Verdict.PROVED
    assert drawn("yes", "undecided") is Verdict.UNDECIDED
    assert drawn("undecided", "refuted") is Verdict.REFUTED


def test_a_finding_is_recomputed_from_the_question():
    found = decide_question(Question.of("relu", 7, exact_recall=True, hidden=3))
    assert (found.answer, found.theorem, found.error) == ("yes", "C3", "0")


README = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")


def shown():
    return README.partition("<!-- map -->\n")[2].partition("<!-- end of map -->")[0]


def test_the_readme_shows_the_map_as_it_is_drawn_now():
    code, out, _ = verify("map", "--markdown")
    assert code == 0
    assert out == shown()


def test_the_readme_leaves_no_architecture_out():
    rows = [line.split("|")[1].strip() for line in shown().splitlines()[2:]]
    assert sorted(name for row in rows for name in row.split(", ")) == sorted(ARCHITECTURES)
    assert shown().splitlines()[0].count("|") == len(COLUMNS) + 2
