"""What sheets say comes from a run: verdicts, numbers, weights, hashes."""

import dataclasses
import re
from fractions import Fraction
from html.parser import HTMLParser

import pytest
from flint import arb

from constructions import Impossibility, Unanswered, construct
from proofs import impossible
from proofs.sheet import committed, html, latex, sheets, without
from proofs.sheet.answer import answer_blocks
from proofs.sheet.document import Document, Enumeration, Math, Statement, Strong, Table, Text
from proofs.sheet.notation import rational
from proofs.sheet.numbers import enclosure, sequence, stated
from proofs.sheet.question import condition, request
from proofs.sheet.sheets import Decided, one_answer
from proofs.sheet.theorems import theorem_blocks
from proofs.theorem import Floor, Theorem
from proofs.theorems import THEOREMS
from verifier.arithmetic.balls import Balls
from verifier.arithmetic.enclosures import Interval
from verifier.certificate import to_data
from verifier.certify import certify
from verifier.regime import Regime
from verifier.statement import derivation_sha256
from verifier.summary import numbers
from verifier.verdict import Verdict


@pytest.fixture(scope="module")
def lstm():
    construction = construct("lstm", n=1000, precision=200)
    return construction, certify(construction)


def words(blocks):
    """Everything a document says, formulas included, in order."""
    said = []
    for part in Document("", (), tuple(blocks)).parts():
        said += [getattr(part, name, "") for name in ("text", "latex", "theorem")]
        said += getattr(part, "lines", ())
    return "".join(said)


def strong(blocks):
    return [part.text for part in Document("", (), tuple(blocks)).parts() if isinstance(part, Strong)]


def test_the_sheet_says_what_the_certificate_says(lstm):
    construction, certificate = lstm
    blocks = answer_blocks(construction, certificate)
    said = words(blocks)
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
        (Interval(arb("0.5") + arb(10) ** -9, arb("0.5") + arb(2) * arb(10) ** -9), None),
    ],
)
def test_enclosures_are_rounded_outward(interval, text):
    found = enclosure(interval)
    assert found != "1.0"
    if text is not None and "9.99" not in text:
        assert found == text
    if not interval.is_point:
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
    answer = Unanswered(Regime("lstm", 5, Fraction(1), Fraction(1, 10), "forever"), "nobody has tried")
    sheet = one_answer(answer)
    assert sheet.verdict is Verdict.UNDECIDED
    assert strong(sheet.document.blocks) == ["Not known to this version", "UNDECIDED"]
    assert "nobody has tried" in words(sheet.document.blocks)


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
    assert "at least 0.999999 (rounded down)" in said


def test_an_answer_without_its_result_is_an_error():
    answer = construct("lstm", n=5, precision=3)
    assert Decided(answer, None).verdict is Verdict.UNDECIDED
    with pytest.raises(TypeError, match="no sheet"):
        Decided(answer, None).blocks(1, True)


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


def test_the_page_is_self_contained(lstm):
    construction, certificate = lstm
    document = Document("A & <B>", (Text("x"),), answer_blocks(construction, certificate), contents=True)
    text = html.render(document)
    page = Page(text)
    assert page.fetched == []
    assert page.count["math"] > 100
    assert page.count["svg"] == 2
    assert "script" not in page.count
    assert set(page.links) <= set(page.ids)
    assert len(set(page.ids)) == len(page.ids)
    assert "<h1>A &amp; &lt;B&gt;</h1>" in text


def test_tables_are_whole(lstm):
    construction, certificate = lstm
    for part in Document("", (), answer_blocks(construction, certificate)).parts():
        if isinstance(part, Table):
            assert {len(part.columns), len(part.head), *(len(row) for row in part.rows)} == {len(part.columns)}
        if isinstance(part, Math):
            assert part.latex.count("{") == part.latex.count("}")


@pytest.mark.parametrize("name", [name for name in committed.makers() if name != "all"])
def test_committed_sheets_are_what_the_code_makes(name):
    text = (committed.FOLDER / f"{name}.tex").read_text(encoding="utf-8")
    assert latex.render(committed.makers()[name]().document) == text


def test_the_whole_document_is_what_the_code_makes_and_holds_everything():
    everything = committed.makers()["all"]()
    assert latex.render(everything.document) == (committed.FOLDER / "all.tex").read_text(encoding="utf-8")
    assert everything.verdict is Verdict.PROVED
    assert everything.document.theorems() == tuple(THEOREMS)
    said = words(everything.document.blocks)
    for name in committed.makers():
        assert name in said or name == "all"
    required = {"elman1990finding", "bengio1994difficult", "hochreiter1997long", "cho2014learning", "le2015irnn"}
    required |= {"henaff2016orthogonal", "weiss2018practical", "ax1971schanuel", "borsuk1933drei", "gu2023mamba", "feng2024rnns"}
    assert required <= set(everything.document.citations())
    page = Page(html.render(everything.document))
    assert page.fetched == []
    assert set(page.links) <= set(page.ids)
    assert len(set(page.ids)) == len(page.ids)


def test_committed_sheets_are_no_more_and_hold_no_time_or_place():
    assert {path.stem for path in committed.FOLDER.glob("*.tex")} == set(committed.makers())
    for path in committed.FOLDER.glob("*.tex"):
        text = path.read_text(encoding="utf-8")
        assert not re.search(r"\d+\.\d+ s\b|\b20\d\d-\d\d-\d\d\b|\\today|/home/|/tmp/|/root/", text), path.name


def test_sheets_without_data_say_what_there_is():
    assert set(sheets.NOT_YET) == {"map", "gradient"}
