"""HTML sheets in headless Chromium: what a reader sees. Skipped where there is none; with --every-sheet that is a failure."""

import html as entities
import json
import re
import shutil
import subprocess

import pytest

from constructions import construct
from proofs.sheet import html
from proofs.sheet.sheets import one_answer

BROWSER = next((found for name in ("chromium", "chromium-browser", "google-chrome") if (found := shutil.which(name))), None)

FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
"""A browser of one page, also for root in a container, that asks nobody for anything."""

WIDTHS = (1000, 500)
"""Pixels of a window on a desk, and of the narrowest that headless Chromium makes."""

LISTEN = """<script>window.troubles = [];
addEventListener("error", e => troubles.push(e.message || "not loaded: " + (e.target.src || e.target.href)), true);
for (const level of ["error", "warn"]) console[level] = (...told) => troubles.push(told.join(" "));</script>"""

REPORT = """<script>addEventListener("load", () => {
const box = e => { const r = e.getBoundingClientRect(); return {top: r.top, bottom: r.bottom, area: r.width * r.height} };
const all = name => [...document.querySelectorAll(name)];
const told = {
  troubles, text: document.body.innerText, width: document.documentElement.scrollWidth, window: innerWidth,
  formulas: all("math").map(box), figures: all("svg").map(box), merrors: all("merror").length,
  indices: all("msub").map(e => [box(e.children[0]), box(e.children[1])]) };
const place = document.createElement("pre"); place.id = "told"; place.textContent = JSON.stringify(told);
document.body.append(place); });</script>"""


@pytest.fixture
def browser(request, tmp_path):
    """What a page tells about itself in a window of some width."""
    if BROWSER is None:
        every = request.config.getoption("--every-sheet", default=False)
        (pytest.fail if every else pytest.skip)("no Chromium (Debian: chromium)")

    def show(page, width):
        file = tmp_path / f"{width}.html"
        file.write_text(page.replace("<head>", "<head>" + LISTEN, 1).replace("</body>", REPORT + "</body>", 1), encoding="utf-8")
        command = [BROWSER, *FLAGS, f"--user-data-dir={tmp_path / f'profile{width}'}", f"--window-size={width},900"]
        run = subprocess.run([*command, "--dump-dom", file.as_uri()], capture_output=True, text=True, timeout=120, check=True)
        return json.loads(entities.unescape(re.search(r'<pre id="told">(.*?)</pre>', run.stdout, re.DOTALL)[1]))

    return show


def faults(told):
    """Everything that is wrong with a page as it was shown."""
    found = [f"console: {trouble}" for trouble in told["troubles"]]
    found += ["wider than the window"] * (told["width"] > told["window"])
    found += [f"{kind} without size" for kind in ("formulas", "figures") for box in told[kind] if not box["area"] > 0]
    found += ["an index on the line" for letter, index in told["indices"] if not index["bottom"] > letter["bottom"]]
    found += ["a formula that is not MathML"] * told["merrors"]
    found += [f"raw LaTeX: {command}" for command in re.findall(r"\\[a-z]{2,}", told["text"])]
    return found


QUESTIONS = {
    "lstm": {"n": 100, "precision": 20},
    "linear": {"n": 33, "exact_recall": True, "horizon": "fixed"},
}
"""An answer with weights, and an impossibility with its closest construction."""


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("name", QUESTIONS)
def test_a_sheet_is_laid_out(browser, name, width):
    sheet = one_answer(construct(name, **QUESTIONS[name]))
    told = browser(html.render(sheet.document), width)
    assert faults(told) == []
    for word in ("The question", "How to reproduce", "References", sheet.verdict.value):
        assert word in told["text"]
    assert len(told["formulas"]) > 50
    assert len(told["indices"]) > 10
    assert len(told["figures"]) > 0


BROKEN = {
    "<script>undefined_thing()</script>": "console: Uncaught ReferenceError: undefined_thing is not defined",
    "<script>console.error('told so')</script>": "console: told so",
    "<img src='none.png'>": "console: not loaded: ",
    "<p style='width: 3000px'>wide</p>": "wider than the window",
    "<math style='display: none'><mi>x</mi></math>": "formulas without size",
    "<svg width='0' height='0'></svg>": "figures without size",
    "<p><msub><mi>x</mi><mn>1</mn></msub></p>": "an index on the line",
    "<math><merror><mi>x</mi></merror></math>": "a formula that is not MathML",
    r"<p>\varphi = 1</p>": r"raw LaTeX: \varphi",
}


def test_a_broken_page_is_noticed(browser):
    """Every fault planted in one page is found, and nothing is found in the page without them."""

    def page(body):
        return f"<!DOCTYPE html><html><head><style>{html.STYLE}</style></head><body>{body}</body></html>"

    sound = "<p>It recalls <math><msub><mi>x</mi><mn>1</mn></msub></math>.</p>"
    assert faults(browser(page(sound), WIDTHS[0])) == []
    found = faults(browser(page(sound + "".join(BROKEN)), WIDTHS[0]))
    for fault in BROKEN.values():
        assert any(item.startswith(fault) for item in found), fault
    assert len(found) == len(BROKEN)


@pytest.mark.parametrize(
    ("latex", "signs"),
    [
        ("K = -52", [True]),
        (r"[-1,\, -x] - 1", [True, True, False]),
        ("(a) - b", [False]),
        ("n! - 1", [False]),
        ("x' - 1", [False]),
        ("|a| - b", [False]),
        ("|-a|", [True]),
    ],
)
def test_a_sign_is_no_difference(latex, signs):
    assert [form == ' form="prefix"' for form in re.findall(r"<mo([^>]*)>&#x02212;", html.mathml(latex))] == signs


def test_bars_open_and_close():
    assert re.findall(r'form="(\w+)">&#x0007C;', html.mathml(r"|a - b| \le |c|")) == ["prefix", "postfix"] * 2
