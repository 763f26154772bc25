"""`verify claims`: what holds, what fails, what is malformed."""

import xml.etree.ElementTree as ElementTree

import pytest
from commands import verify

from verifier.cli.claims import Claim, compare, read_claims
from verifier.errors import UsageError

GOOD = """
[[claim]]
name = "relu is exact"
ask = "relu --n 5 --exact"
expect = "PROVED"
fields = { theorem = "C3", supremum = "0" }

[[claim]]
ask = "copy lstm --n 4 --hidden 2"
expect = "PROVED"
"""


@pytest.fixture
def written(tmp_path):
    def write(text):
        path = tmp_path / "claims.toml"
        path.write_text(text, encoding="utf-8")
        return path

    return write


def test_claims_that_hold(written):
    code, out, _ = verify("claims", str(written(GOOD)), "--jobs", "1")
    assert code == 0
    assert out.splitlines()[-1] == "PROVED claims=2 hold=2 fail=0"
    assert [line.split()[0] for line in out.splitlines()[:2]] == ["holds", "holds"]


@pytest.mark.parametrize(
    ("change", "trouble"),
    [
        (('"C3"', '"C4"'), "expected theorem=C4, found theorem=C3"),
        (('supremum = "0"', 'supremum = "1"'), "expected supremum=1, found supremum=0"),
        (('supremum = "0"', 'colour = "red"'), "expected colour=red, found colour=nothing"),
        (('expect = "PROVED"\nfields', 'expect = "REFUTED"\nfields'), "expected REFUTED, found PROVED"),
        (('expect = "PROVED"\nfields', 'expect = "PROVED impossible"\nfields'), "expected PROVED impossible, found PROVED"),
        (("relu --n 5 --exact", "relu --n 0"), "the command fails: --n 0 is not allowed"),
        (("relu --n", "rleu --n"), "did you mean 'relu'?"),
    ],
)
def test_claims_that_fail(written, tmp_path, change, trouble):
    junit = tmp_path / "out.xml"
    code, out, _ = verify("claims", str(written(GOOD.replace(*change))), "--junit", str(junit), "--jobs", "1", "--quiet")
    assert code == 4
    assert trouble in out
    assert out.splitlines()[-1] == "REFUTED claims=2 hold=1 fail=1"
    suites = ElementTree.fromstring(junit.read_text(encoding="utf-8"))
    assert (suites.get("tests"), suites.get("failures")) == ("2", "1")
    assert trouble in suites.find(".//failure").get("message")


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("", "must consist of [[claim]]"),
        ("claim = 3", "must consist of [[claim]]"),
        ("[[claim]]\nask = 'relu'", "must have ask and expect"),
        ("[[claim]]\nask = 'relu'\nexpect = 'PROVED'\nexcept = 'x'", "must have ask and expect"),
        ("[[claim]]\nask = ''\nexpect = 'PROVED'", "ask must be text"),
        ("[[claim]]\nask = ['relu']\nexpect = 'PROVED'", "ask must be text"),
        ("[[claim]]\nask = 'relu'\nexpect = 'proved'", "expect = 'proved' is not allowed"),
        ("[[claim]]\nask = 'relu'\nexpect = 'PROVED'\nfields = { n = 5 }", "fields must map names"),
        ("[[claim]]\nask = 'relu'\nexpect = 'PROVED'\nname = 3", "name must be text"),
        ("[[claim]]\nask = \"relu '\"\nexpect = 'PROVED'", "cannot be read as a command"),
        ("[[claim]]\nask = 'claims x.toml'\nexpect = 'PROVED'", "cannot ask for claims"),
        (GOOD + GOOD, "two claims"),
        ("[[claim", "is not TOML"),
        ("x = 1\n" + GOOD, "must consist of [[claim]]"),
    ],
)
def test_malformed_files(written, tmp_path, text, complaint):
    junit = tmp_path / "out.xml"
    code, out, err = verify("claims", str(written(text)), "--junit", str(junit))
    assert (code, out) == (2, "")
    assert complaint in err
    assert len(err.splitlines()) == 1
    assert not junit.exists()


def test_a_missing_file(tmp_path):
    code, _, err = verify("claims", str(tmp_path / "none.toml"))
    assert code == 2
    assert "No such file" in err


def test_an_unwritable_report(written, tmp_path):
    code, out, err = verify("claims", str(written(GOOD)), "--junit", str(tmp_path / "no" / "out.xml"))
    assert (code, out) == (2, "")
    assert "there is no folder" in err


def test_the_word_impossible_is_part_of_the_verdict():
    claim = Claim("c", ("lstm",), "PROVED", {})
    assert compare(claim, "PROVED architecture=lstm") == ""
    assert compare(claim, "PROVED impossible architecture=lstm") == "expected PROVED, found PROVED impossible"
    assert compare(claim, "") == "expected PROVED, found nothing"
    assert compare(claim, "UNDECIDED architecture=lstm") == "expected PROVED, found UNDECIDED"


def test_read_claims_names_the_claim_by_its_question(written):
    assert [claim.name for claim in read_claims(written(GOOD))] == ["relu is exact", "copy lstm --n 4 --hidden 2"]
    with pytest.raises(UsageError, match="claim 2"):
        read_claims(written(GOOD.replace('ask = "copy', 'aks = "copy')))
