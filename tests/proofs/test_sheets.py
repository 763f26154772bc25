"""What sheets say comes from a run: verdicts, numbers, weights, hashes."""

import dataclasses
import re
from fractions import Fraction
from html.parser import HTMLParser
from xml.dom import minidom

import pytest
from flint import arb

from constructions import Impossibility, Unanswered, construct
from proofs import impossible
from proofs.ask import ask
from proofs.sheet import committed, gradient, html, latex, without
from proofs.sheet.answer import answer_blocks
from proofs.sheet.document import Document, Enumeration, Heading, Math, Refer, Statement, Strong, Table, Text, plain
from proofs.sheet.gradient import compare, gradient_blocks
from proofs.sheet.map import map_blocks
from proofs.sheet.notation import prose, rational
from proofs.sheet.numbers import enclosure, sequence, stated
from proofs.sheet.question import condition, request
from proofs.sheet.sheets import Decided, one_answer
from proofs.sheet.theorems import theorem_blocks
from proofs.sheet.whole import whole
from proofs.survey import COLUMNS, Finding, Map, Question
from proofs.theorem import Floor, Theorem
from proofs.theorems import THEOREMS
from verifier.arithmetic.balls import Balls
from verifier.arithmetic.enclosures import Interval
from verifier.cells import CELLS
from verifier.certificate import to_data
from verifier.certify import certify
from verifier.regime import Regime
from verifier.statement import derivation_sha256
from verifier.summary import error_text, numbers
from verifier.verdict import Verdict


@pytest.fixture(scope="module")
def lstm():
    construction = construct("lstm", n=1000, precision=200)
    return construction, certify(construction)


@pytest.fixture(scope="module")
def lstm_blocks(lstm):
    return answer_blocks(*lstm)


def words(blocks):
    """Everything a document says, formulas included, in order."""
    said = []
    for part in Document("", (), tuple(blocks)).parts():
        said += [getattr(part, name, "") for name in ("text", "latex", "theorem")]
        said += getattr(part, "lines", ())
    return "".join(said)


def strong(blocks):
    return [part.text for part in Document("", (), tuple(blocks)).parts() if isinstance(part, Strong)]


def test_the_sheet_says_what_the_certificate_says(lstm, lstm_blocks):
    construction, certificate = lstm
    blocks, said = lstm_blocks, words(lstm_blocks)
    data = to_data(certificate)
    assert data["sha256"] in said
    assert data["weights_sha256"] in said
    assert THEOREMS["C6"].sha256(construction.derivation) in said
    with Balls(certificate.working_bits).working():
        for _, value, _ in numbers(certificate):
            assert stated(value) in said
    for reason in ("raised flag closes the input gate", "readout undoes the scale"):
        assert reason in said
    for array in certificate.weights.blocks().values():
        for _, value in array:
            assert rational(value) in said
    assert "verify lstm --n 1000 --precision 200 --certificate lstm.json" in said
    assert "PROVED" in strong(blocks)


@pytest.mark.parametrize(
    ("verdict", "word"), [(Verdict.UNDECIDED, "Undecided for these weights"), (Verdict.REFUTED, "These weights do not")]
)
def test_another_verdict_is_another_sheet(lstm, verdict, word):
    construction, certificate = lstm
    blocks = answer_blocks(construction, dataclasses.replace(certificate, verdict=verdict, reason="x"))
    assert strong(blocks)[:2] == [word, verdict.value]
    assert "Yes" not in strong(blocks)


def test_a_step_that_is_not_proved_stands_out(lstm):
    construction, certificate = lstm
    steps = {**certificate.symbolic.steps, "gate": Verdict.UNDECIDED}
    results = dict(steps)
    blocks = theorem_blocks(THEOREMS["C6"], results, construction.derivation, certificate.symbolic.hypotheses)
    assert strong(blocks) == ["UNDECIDED"]
    proofs = [part for part in Document("", (), blocks).parts() if type(part).__name__ == "Proof"]
    assert [proof.complete for proof in proofs] == [False]


def test_every_step_is_printed(lstm):
    construction, certificate = lstm
    blocks = theorem_blocks(THEOREMS["C6"], certificate.symbolic.steps, construction.derivation)
    (steps,) = [block for block in blocks if isinstance(block, Enumeration)]
    assert len(steps.entries) == len(construction.derivation.steps) == 35


def test_steps_that_repeat_are_counted_not_hidden():
    construction = construct("relu", n=20, exact_recall=True, horizon="fixed", domain="reals")
    results = construction.derivation.check()
    said = words(theorem_blocks(THEOREMS["C12"], results, construction.derivation))
    assert re.search(r"In the same way, \d+ steps together \(proved\)", said)
    spoiled = {**results, "h[7] active at step 2": Verdict.UNDECIDED}
    blocks = theorem_blocks(THEOREMS["C12"], spoiled, construction.derivation)
    assert "UNDECIDED" in strong(blocks)


def test_the_statement_hash_names_what_is_checked(lstm):
    derivation = lstm[0].derivation
    found = derivation_sha256(derivation)
    assert found == derivation_sha256(construct("lstm", n=5, precision=3).derivation)
    step = derivation.steps[3]
    changed = (
        dataclasses.replace(derivation, statement=derivation.statement + " "),
        dataclasses.replace(derivation, bound=derivation.bound + 1),
        dataclasses.replace(derivation, hypotheses=derivation.hypotheses[1:]),
        dataclasses.replace(derivation, steps=derivation.steps[:-1]),
        dataclasses.replace(derivation, steps=(*derivation.steps[:3], dataclasses.replace(step, name="x"), *derivation.steps[4:])),
    )
    hashes = {derivation_sha256(item) for item in changed}
    assert len(hashes) == len(changed)
    assert found not in hashes
    theorem = THEOREMS["C6"]
    assert dataclasses.replace(theorem, argument=theorem.argument[1:]).sha256() != theorem.sha256()


@pytest.mark.parametrize(
    ("interval", "text"),
    [
        (Interval(arb(0)), "0"),
        (Interval(arb(1) / 3), r"[0.333,\,0.334]"),
        (Interval(arb(1) - arb(10) ** -5), r"1 - [9.99\cdot 10^{-6},\,1.01\cdot 10^{-5}]"),
        (Interval(arb(-1) + arb(10) ** -7), r"-1 + [9.99,\,10]\cdot 10^{-8}"),
        (Interval(arb(500).tanh()), r"1 - [0,\,2.23\cdot 10^{-16}]"),
        (Interval(arb(1)), "1"),
        (Interval(arb("0.5"), arb("0.5")), "0.5"),
        (Interval(arb(0), arb(0)), "0"),
        (Interval(arb("0.5") + arb(10) ** -9, arb("0.5") + arb(2) * arb(10) ** -9), None),
    ],
)
def test_enclosures_are_rounded_outward(interval, text):
    found = enclosure(interval)
    assert found != "1.0"
    if text is not None and "9.99" not in text:
        assert found == text
    if text is None:
        assert found.startswith(r"\tfrac12 + [")
    if interval.upper < 1:
        assert found != "1"


def test_long_sequences_are_counted():
    assert sequence(((Fraction(1), 1), (Fraction(-1), 999))) == r"(1,\, \underbrace{-1, \dots, -1}_{999})"
    many = tuple((Fraction(k), 1) for k in range(9))
    assert sequence(many).endswith(r"\dots)")


@pytest.mark.parametrize(
    "arguments",
    [
        {"n": 1000, "precision": 200},
        {"n": 10, "tolerance": Fraction(1, 3)},
        {"n": 10, "bits": 4, "domain": "grid"},
        {"n": 10, "precision": 3, "bound": 7},
        {"n": 10, "precision": 3, "hidden": 5, "horizon": "fixed"},
    ],
)
def test_the_command_asks_the_same_question(arguments):
    from verifier.cli.architecture import architecture_command

    regime = construct("lstm", **arguments).regime
    name, *rest = request(regime).split()[1:]
    context = architecture_command(name).make_context(name, rest)
    asked = {key: context.params[key] for key in ("n", "precision", "tolerance", "exact_recall", "bound", "hidden")}
    asked |= {key: context.params[key] for key in ("horizon", "domain", "bits")}
    n, precision = asked.pop("n"), asked.pop("precision")
    assert construct(name, n, precision, **asked).regime == regime


def test_conditions_name_domain_horizon_and_accuracy():
    strict = construct("lstm", n=5, bits=4, domain="grid").regime
    assert "<" in condition(strict)
    assert r"2^{4}" in condition(strict)
    forever = Regime("relu", 5, Fraction(2), Fraction(0), "forever")
    assert r"n' \ge 1" in condition(forever)
    assert condition(forever).startswith("y_{n'} = x_1")


def test_an_open_question_is_undecided():
    answer = Unanswered(Regime("relu", 5, Fraction(1), Fraction(1, 10), "forever"), "nobody has tried")
    sheet = one_answer(answer)
    assert sheet.verdict is Verdict.UNDECIDED
    assert strong(sheet.document.blocks) == ["Not known to this version", "UNDECIDED"]
    said = words(sheet.document.blocks)
    assert "nobody has tried" in said
    assert "No theorem of this version bounds it from below; no weights that come close are known to this version." in said


def test_an_open_question_shows_its_floor_and_its_closest_construction():
    best = construct("linear", n=3, tolerance=Fraction(7, 8))
    answer = Unanswered(Regime("linear", 3, Fraction(1), Fraction(4, 5), "upto"), "nobody has tried", best)
    sheet = one_answer(answer)
    assert sheet.verdict is Verdict.UNDECIDED
    said = words(sheet.document.blocks)
    assert "Every weight set has an error of at least 0.75 (by T4)" in said
    assert "explicit weights reach 0.75" in said
    assert "The closest construction" in said
    assert "Part of the answer of verify linear --n 3 --tolerance 0.8" in said
    assert [part.theorem for part in sheet.document.parts() if isinstance(part, Statement)] == ["T4"]
    assert "verify explain T4" in said


def _impossibility(monkeypatch, *, holds: Verdict, error: Fraction | None, best: bool):
    regime = Regime("lstm", 5, Fraction(1), Fraction(1, 10**9), "forever")
    floor = Floor(error, "at M = 1 the floor is that.", {"the regime is covered": Verdict.PROVED})
    theorem = Theorem(
        id="T99",
        title="a test",
        statement="No weights do.",
        hypotheses=(),
        source="nobody",
        argument=("Because x_1 > 0.",),
        checks={"the claim": lambda: holds, "false variant: the opposite": lambda: Verdict.PROVED},
        floor=lambda asked: floor if asked == regime else None,
    )
    monkeypatch.setitem(THEOREMS, "T99", theorem)
    assert impossible.THEOREMS is THEOREMS
    monkeypatch.setattr(impossible, "_RESULTS", {})
    return Impossibility(regime, "T99", construct("lstm", n=5, precision=3) if best else None)


def test_an_impossibility_has_statement_proof_checks_and_near_miss(monkeypatch):
    answer = _impossibility(monkeypatch, holds=Verdict.PROVED, error=Fraction(1, 32), best=True)
    sheet = one_answer(answer)
    assert sheet.verdict is Verdict.PROVED
    said = words(sheet.document.blocks)
    assert strong(sheet.document.blocks)[:2] == ["No.", "PROVED"]
    for piece in ("Every weight set has an error of at least 0.03125", "explicit weights reach", "the claim", "false variant"):
        assert piece in said
    assert THEOREMS["T99"].sha256() in said
    assert [part.theorem for part in sheet.document.parts() if isinstance(part, Statement)] == ["T99"]
    assert "The closest construction" in said


def test_a_failed_impossibility_says_so(monkeypatch):
    answer = _impossibility(monkeypatch, holds=Verdict.REFUTED, error=None, best=False)
    sheet = one_answer(answer)
    assert sheet.verdict is Verdict.REFUTED
    assert strong(sheet.document.blocks)[:2] == [without.ANSWERS[Verdict.REFUTED], "REFUTED"]
    assert "No finite error" in words(sheet.document.blocks)


def test_floors_are_rounded_down(monkeypatch):
    answer = _impossibility(monkeypatch, holds=Verdict.PROVED, error=1 - Fraction(1, 3**60), best=False)
    said = words(one_answer(answer).document.blocks)
    assert r"at least 1 - 2.35899\cdot 10^{-29} (rounded down)" in said


def test_an_error_that_is_not_one_is_never_printed_as_one():
    answer = construct("diagonal", n=1000, precision=5)
    assert isinstance(answer, Impossibility)
    said = words(one_answer(answer).document.blocks)
    assert r"explicit weights reach 1 - 1.86652\cdot 10^{-301}" in said
    assert not re.search(r"error of at least 1\b(?! -)|reach 1\b(?! -)|at most 1\b(?! -)", said)
    assert max(len(digits) for digits in re.findall(r"\d+", said)) <= 64


def test_an_answer_without_its_result_is_an_error():
    answer = construct("lstm", n=5, precision=3)
    decision = ask(construct("linear", n=40, exact_recall=True, horizon="fixed"))
    with pytest.raises(TypeError, match="no sheet"):
        Decided(answer, decision).blocks(1, True)


def test_unknown_parts_are_not_dropped():
    with pytest.raises(TypeError, match="no LaTeX"):
        latex.render(Document("t", (), ("text",)))
    with pytest.raises(TypeError, match="no HTML"):
        html.render(Document("t", (), ("text",)))


class Page(HTMLParser):
    """Tags opened and not closed, and everything that would be fetched."""

    def __init__(self, text):
        super().__init__()
        self.open, self.fetched, self.count, self.ids, self.links = [], [], {}, [], []
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        found = dict(attributes)
        self.count[tag] = self.count.get(tag, 0) + 1
        self.ids += [found["id"]] if "id" in found else []
        self.links += [found["href"][1:]] if found.get("href", "").startswith("#") else []
        self.fetched += [value for key, value in found.items() if key in ("src", "srcset", "data") or (tag == "link")]
        if tag not in ("meta", "br", "link", "mspace", "use", "path"):
            self.open.append(tag)

    def handle_endtag(self, tag):
        if tag in self.open:
            while self.open.pop() != tag:
                pass


def test_the_page_is_self_contained(lstm_blocks):
    document = Document("A & <B>", (Text("x"),), lstm_blocks, contents=True)
    text = html.render(document)
    page = Page(text)
    assert page.fetched == []
    assert page.count["math"] > 100
    assert page.count["svg"] == 3
    assert "script" not in page.count
    assert set(page.links) <= set(page.ids)
    assert len(set(page.ids)) == len(page.ids)
    assert "<h1>A &amp; &lt;B&gt;</h1>" in text


def test_tables_are_whole(lstm_blocks):
    for part in Document("", (), lstm_blocks).parts():
        if isinstance(part, Table):
            assert {len(part.columns), len(part.head), *(len(row) for row in part.rows)} == {len(part.columns)}
        if isinstance(part, Math):
            assert part.latex.count("{") == part.latex.count("}")


REGENERATED = ("lstm", "diagonal", "mingru")
"""Committed sheets made anew here: an answer, an impossibility, a limited cell; `--every-sheet` makes all of them."""


@pytest.mark.parametrize("name", committed.makers())
def test_committed_sheets_are_what_the_code_makes(name, request):
    if name not in REGENERATED and not request.config.getoption("--every-sheet", default=False):
        pytest.skip("made anew with --every-sheet")
    text = (committed.FOLDER / f"{name}.tex").read_text(encoding="utf-8")
    assert latex.render(committed.makers()[name]().document) == text


STATED = ("T2", "T4", "C2-doubling", "C11")


@pytest.fixture(scope="module")
def few():
    """The whole document of two architectures and four theorems, with gradients up to a small n."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("proofs.sheet.whole.GRADIENT_N", 10)
        return whole(50, 0, architectures=("bilinear", "linear"), theorems=STATED, workers=1)


@pytest.fixture(scope="module")
def page(few):
    """That document as a page."""
    return html.render(few.document)


def test_the_whole_document_holds_map_answers_figures_theorems_and_references(few, page):
    assert few.verdict is Verdict.PROVED
    document = few.document
    assert document.theorems() == STATED
    chapters = [plain(block.line) for block in document.blocks if isinstance(block, Heading) and block.level == 1]
    for chapter in ("The question", "The map", "Linear RNN", "Gradients", "Pictures", "Theorems"):
        assert chapter in chapters
    (drawn,) = [block for block in document.blocks if isinstance(block, Table) and len(block.head) == len(COLUMNS) + 1]
    assert [plain(row[0]) for row in drawn.rows] == ["bilinear", "linear"]
    assert any(isinstance(part, Refer) and part.theorem == "T4" for part in Document("", (), (drawn,)).parts())
    read = Page(page)
    assert read.fetched == []
    assert set(read.links) <= set(read.ids)
    assert len(set(read.ids)) == len(read.ids)


REQUIRED = {
    "elman1990finding", "bengio1994difficult", "hochreiter1997long", "cho2014learning", "le2015irnn", "henaff2016orthogonal",
    "weiss2018practical", "ax1971schanuel", "borsuk1933drei", "gu2023mamba", "feng2024rnns",
}  # fmt: skip


def test_the_committed_document_holds_everything():
    text = (committed.FOLDER / "all.tex").read_text(encoding="utf-8")
    stated = re.findall(r"\\begin\{statement\}\{([^}]*)\}", text)
    assert stated == list(THEOREMS)
    assert set(re.findall(r"\\cite\{(\w+)\}", text)) >= REQUIRED
    for cell in CELLS.values():
        assert latex.bookmark(plain(prose(cell.title)))[1:] in text
    assert "The map" in text
    assert r"\textbf{REFUTED}" not in text


def test_committed_sheets_are_no_more_and_hold_no_time_or_place():
    assert {path.stem for path in committed.FOLDER.glob("*.tex")} == set(committed.makers())
    for path in committed.FOLDER.glob("*.tex"):
        text = path.read_text(encoding="utf-8")
        assert not re.search(r"\d+\.\d+ s\b|\b20\d\d-\d\d-\d\d\b|\\today|/home/|/tmp/|/root/", text), path.name


def finding(answer, **found):
    question = Question.of("linear", 5)
    return Finding(question, "", answer, found.get("theorem"), found.get("floor"), found.get("by"), found.get("error"))


@pytest.mark.parametrize(
    ("answer", "verdict", "stands_out"),
    [("yes", Verdict.PROVED, []), ("undecided", Verdict.UNDECIDED, ["UNDECIDED"]), ("refuted", Verdict.REFUTED, ["REFUTED"])],
)
def test_a_claim_of_the_map_that_fails_stands_out(answer, verdict, stands_out):
    cells = {column.key: (finding("open", floor="0.25", by="T4", error="0.5"),) for column in COLUMNS}
    cells["box-upto"] = (finding(answer, theorem="C1"),)
    blocks = map_blocks(Map(32, {"linear": cells}))
    assert verdict.value in strong(blocks)
    assert [word for word in strong(blocks)[1:] if word.isupper()] == stands_out
    assert r"0.25" in words(blocks)


def test_the_gradient_sheet_says_what_was_enclosed():
    blocks, verdict = gradient_blocks(20, 6, Fraction(1))
    assert verdict is Verdict.PROVED
    said = words(blocks)
    for piece in ("LSTM (C6)", "tanh RNN (C5)", "the gradient is carried", "gradients vanish for ever", "n = 11042"):
        assert piece in said
    lstm = compare(20, 6, Fraction(1))[0]
    with Balls(lstm.report.working_bits).working():
        low = error_text(lstm.report.rows[-1].first.lower, up=False, digits=3)
    assert low.startswith("1 - ")
    assert stated(low) in said
    assert "M/601080390" in said


def test_a_gradient_outside_what_is_stated_stands_out():
    item = compare(5, 4, Fraction(1))[0]
    report = dataclasses.replace(item.report, inside=[Verdict.REFUTED], verdict=Verdict.REFUTED)
    blocks = gradient._stated([dataclasses.replace(item, report=report)])
    assert "REFUTED" in strong(blocks)


def test_formulas_and_pictures_of_a_page_are_well_formed(page):
    parts = re.findall(r"<math.*?</math>|<svg.*?</svg>", page, re.DOTALL)
    assert len(parts) > 200
    for part in set(parts):
        minidom.parseString(part)
