"""The formal proofs through the Rocq (Coq) kernel: compile, compare with the pinned statements, list the axioms.

A lemma is PROVED when its file and all it needs compile, it has the type of its statement in statements.v, and
`Print Assumptions` names no axiom outside `ALLOWED_AXIOMS`. The two files that say what is claimed, definitions.v and
statements.v, are pinned by content, and the kernel compares definitions.v with verifier/cells.py gate by gate. Anything else
is REFUTED (the lemma is rejected) or, where nothing could run, `NotInstalled` is raised: never success.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from proofs.cells_in_rocq import COUNTERPARTS, comparison
from proofs.lemmas import LEMMAS, Lemma
from verifier.cells import CELLS
from verifier.verdict import Verdict, all_of

SOURCES = Path(__file__).resolve().parent / "rocq"
"""The development: definitions.v, statements.v and the proofs."""

LIBRARY = "Recall"
"""Logical name of the development."""

DEBIAN_PACKAGES = ("coq", "libcoq-coquelicot", "libcoq-interval")
"""What provides coqc and the libraries used, on Debian and Ubuntu; recommended packages are not needed."""

LIBRARIES = frozenset({"Coquelicot", "Interval", "Flocq", "mathcomp"})
"""Libraries that those packages bring."""

FLAGS = ("-q", "-w", "-all")
"""coqc reads no user configuration and warns of nothing; errors stay errors."""

LONGEST_COMPILATION = 600
"""Seconds that one file may take."""

TRUSTED = {
    "definitions.v": "9a301381c187cda2652e17225adbf4fe84b9f5e6a4fca669eeaed29ff4a92fe3",
    "statements.v": "ba9e0052f9dda5a88d4b0760fea244f6f94b2c005f4e9571bd365f598078c62d",
}
"""SHA-256 of the two files that say what is claimed: whoever changes one reads it again and renews its digest here."""

ALLOWED_AXIOMS = {
    "ClassicalDedekindReals.sig_not_dec": "forall P : Prop, {~ ~ P} + {~ P}",
    "ClassicalDedekindReals.sig_forall_dec": (
        "forall P : nat -> Prop, (forall n : nat, {P n} + {~ P n}) -> {n : nat | ~ P n} + {forall n : nat, P n}"
    ),
    "FunctionalExtensionality.functional_extensionality_dep": (
        "forall (A : Type) (B : A -> Type) (f g : forall x : A, B x), (forall x : A, f x = g x) -> f = g"
    ),
    "Classical_Prop.classic": "forall P : Prop, P \\/ ~ P",
}
"""The axioms of the standard library's real numbers, with their types; no others may be used."""

FORBIDDEN = re.compile(
    r"\b(Admitted|admit|give_up|Axioms?|Parameters?|Conjecture|bypass_check|Declare\s+ML\s+Module|Load|Redirect|Drop"
    r"|Unset\s+(?:Guard|Positivity|Universe)\s+Check\w*|Typeclasses\s+Axioms\s+Are\s+Instances|Add\s+LoadPath)\b"
)
"""Words of a source that leave a gap, switch a check off or reach outside; comments and strings are skipped."""


WITHOUT_GAPS = (
    "* Constants/Inductives relying on type-in-type: <none>",
    "* Constants/Inductives relying on unsafe (co)fixpoints: <none>",
    "* Inductives whose positivity is assumed: <none>",
)
"""What coqchk says of files in which no check was switched off."""


class NotInstalled(Exception):
    """coqc, or a library that the development needs, is missing; the message says how to install it."""

    def __init__(self, missing: str) -> None:
        super().__init__(f"{missing} is not installed; on Debian or Ubuntu: apt-get install {' '.join(DEBIAN_PACKAGES)}")


@dataclass(frozen=True)
class Checked:
    """What the kernel said of one lemma: the verdict, the axioms it rests on, and what is wrong where it is not PROVED."""

    theorem: str
    lemma: Lemma
    verdict: Verdict
    axioms: tuple[str, ...] = ()
    problem: str = ""


@dataclass(frozen=True)
class Report:
    """What the kernel said: of every lemma, of the cells (definitions.v against cells.py), and by which program.

    `rechecked` is what coqchk said of the compiled files, None if it was not asked.
    """

    program: str
    lemmas: tuple[Checked, ...]
    cells: Verdict
    cells_problem: str = ""
    rechecked: Verdict | None = None
    recheck_problem: str = ""

    @property
    def uncompared(self) -> tuple[str, ...]:
        """Cells of cells.py that definitions.v does not write."""
        return tuple(name for name in CELLS if name not in COUNTERPARTS)

    def of(self, theorem: str) -> tuple[Checked, ...]:
        """The lemmas of one theorem."""
        return tuple(checked for checked in self.lemmas if checked.theorem == theorem)

    def verdict(self) -> Verdict:
        """PROVED only if every lemma and the comparison of the cells are, and what coqchk was asked."""
        again = [self.rechecked] if self.rechecked is not None else []
        return all_of([*(checked.verdict for checked in self.lemmas), self.cells, *again])


def check(
    sources: Path = SOURCES,
    lemmas: Mapping[str, Iterable[Lemma]] = LEMMAS,
    cache: Path | None = None,
    jobs: int = 2,
    trusted: Mapping[str, str] | None = None,
    progress: Callable[[int], None] = lambda _: None,
    recheck: bool = False,
) -> Report:
    """Compile the development below `sources` and check every lemma and the cells; `recheck`: the compiled files by coqchk, too.

    `trusted` are the digests of definitions.v and statements.v (default: `TRUSTED`). Raises `NotInstalled`.
    """
    program = version()
    wanted = [(theorem, lemma) for theorem, found in lemmas.items() for lemma in found]
    modules = {"definitions", "statements", *(lemma.module for _, lemma in wanted)}
    with compiled(sources, modules, default_cache() if cache is None else cache, jobs, program, progress) as development:
        development.problems.update(_changed(sources, TRUSTED if trusted is None else trusted))
        checked = [_before_kernel(development, theorem, lemma) for theorem, lemma in wanted]
        open_ones = [(t, lemma) for (t, lemma), found in zip(wanted, checked, strict=True) if found is None]
        answers = iter(_ask(development, open_ones))
        results = tuple(next(answers) if found is None else found for found in checked)
        problem = development.problem("definitions") or development.run("cells", comparison())[1]
        report = Report(program, results, Verdict.REFUTED if problem else Verdict.PROVED, problem)
        if not recheck:
            return report
        wrong = next(iter(development.problems.values()), "") or coqchk(development.folder, development.keys)
        return replace(report, rechecked=Verdict.REFUTED if wrong else Verdict.PROVED, recheck_problem=wrong)


def check_certificate(
    text: str, sources: Path = SOURCES, cache: Path | None = None, jobs: int = 2, trusted: Mapping[str, str] | None = None
) -> tuple[Verdict, str, tuple[str, ...]]:
    """A file written by `proofs.certificate_in_rocq`: (verdict, what its theorem says or what is wrong, axioms).

    Compiles what the file imports, and definitions.v and statements.v, which its words come from. Raises `NotInstalled`.
    """
    program = version()
    known = [file.stem for file in sources.glob("*.v")]
    modules = dict.fromkeys(("definitions", "statements", *_imports(text, known)))
    with compiled(sources, modules, default_cache() if cache is None else cache, jobs, program) as development:
        development.problems.update(_changed(sources, TRUSTED if trusted is None else trusted))
        problem = next(filter(None, map(development.problem, modules)), "") or _forbidden("the file", text)
        if problem:
            return Verdict.REFUTED, problem, ()
        marks = [f'Goal True. idtac "= {word} =". Abort.' for word in ("says", "axioms")]
        ending = "\n".join(["", marks[0], "Check certified.", marks[1], "Print Assumptions certified.", ""])
        printed, error = development.run("certificate", text + ending)
    if error:
        return Verdict.REFUTED, error, ()
    says, _, axioms = printed.partition("= says =")[2].partition("= axioms =")
    answer = _answer("", Lemma("certified", "", ""), axioms)
    return answer.verdict, answer.problem or " ".join(says.split()).removeprefix("certified : "), answer.axioms


# --- the program ----------------------------------------------------------------------------------------------------


def version() -> str:
    """The version of coqc; raises `NotInstalled`."""
    found = shutil.which("coqc")
    if found is None:
        raise NotInstalled("Rocq (coqc)")
    done = subprocess.run([found, "--print-version"], capture_output=True, text=True, timeout=60, check=False)
    if done.returncode:
        raise NotInstalled("a working Rocq (coqc)")
    return f"Coq {done.stdout.split()[0]}"


def coqc(folder: Path, name: str) -> tuple[str, str]:
    """Compile name.v in `folder`: (what it printed, the first error as one line, "" if there is none)."""
    command = ["coqc", *FLAGS, "-Q", ".", LIBRARY, f"{name}.v"]
    try:
        done = subprocess.run(
            command, cwd=folder, capture_output=True, text=True, timeout=LONGEST_COMPILATION, check=False, stdin=subprocess.DEVNULL
        )
    except subprocess.TimeoutExpired:
        return "", f"{name}.v took longer than {LONGEST_COMPILATION} seconds"
    if done.returncode == 0:
        return done.stdout, ""
    if library := missing_library(done.stderr):
        raise NotInstalled(f"the Rocq library {library}")
    return done.stdout, _first_error(name, done.stderr)


def coqchk(folder: Path, names: Iterable[str]) -> str:
    """What coqchk, the separate checker, finds wrong with compiled files of `folder`, "" if nothing; raises `NotInstalled`.

    The files themselves are checked again; libraries outside the development are not.
    """
    if shutil.which("coqchk") is None:
        raise NotInstalled("coqchk")
    modules = [part for name in names for part in ("-norec", f"{LIBRARY}.{name}")]
    command = ["coqchk", "-silent", "-o", "-Q", ".", LIBRARY, *modules]
    try:
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=LONGEST_COMPILATION, check=False)
    except subprocess.TimeoutExpired:
        return f"coqchk took longer than {LONGEST_COMPILATION} seconds"
    told = done.stdout + done.stderr
    if done.returncode:
        return f"coqchk: {' '.join(told.split())[-200:] or 'failed without a message'}"
    return next((f"coqchk does not say {line.removeprefix('* ')!r}" for line in WITHOUT_GAPS if line not in told), "")


def missing_library(errors: str) -> str:
    """The library that coqc did not find, "" if it misses none of those that Debian packages.

    >>> missing_library("Error: Cannot find a physical path bound to logical path\\nTactic with prefix Interval.")
    'Interval'
    >>> missing_library("Error: Cannot find a physical path bound to logical path line with prefix Recall.")
    ''
    """
    found = re.search(r"bound to logical path\s+([\w.]+)(?:\s+with\s+prefix\s+(\w+))?", errors)
    names = {name.partition(".")[0] for name in found.groups() if name} if found else set()
    return next(iter(names & LIBRARIES), "")


def _first_error(name: str, text: str) -> str:
    line = re.search(r"line (\d+)", text)
    message = " ".join(text.partition("Error:")[2].split()) or "coqc failed without a message"
    return f"{name}.v{f' line {line.group(1)}' if line else ''}: {message[:200]}"


# --- compiling ------------------------------------------------------------------------------------------------------


@dataclass
class Development:
    """A folder with the compiled files; `needs` lists each file's imports, `problems` what is wrong with a file."""

    folder: Path
    cache: Path
    keys: Mapping[str, str]
    needs: Mapping[str, tuple[str, ...]]
    problems: dict[str, str]

    def problem(self, module: str) -> str:
        """The first problem of a file or of one it needs; "" if there is none."""
        if module not in self.needs:
            return f"there is no file {module}.v"
        for needed in (*self.needs[module], module):
            found = self.problems.get(module, "") if needed == module else self.problem(needed)
            if found:
                return found
        return ""

    def run(self, name: str, text: str) -> tuple[str, str]:
        """Compile a further file: (what it printed, its first error). What an accepted file printed is cached, too."""
        name = f"generated_{name}"
        stored = self.cache / f"{_key([*self.keys.values(), text])}.txt"
        if stored.exists():
            return stored.read_text(encoding="utf-8"), ""
        source = self.folder / f"{name}.v"
        source.write_text(text, encoding="utf-8")
        printed, error = coqc(self.folder, name)
        if not error:
            answer = source.with_suffix(".txt")
            answer.write_text(printed, encoding="utf-8")
            _store(answer, stored)
        return printed, error


def default_cache() -> Path:
    """Where compiled files are kept: $XDG_CACHE_HOME or ~/.cache, first-input-recall/rocq."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "first-input-recall" / "rocq"


@contextmanager
def compiled(
    sources: Path,
    wanted: Iterable[str],
    cache: Path,
    jobs: int,
    program: str,
    progress: Callable[[int], None] = lambda _: None,
) -> Iterator[Development]:
    """The wanted files and all they need, compiled in a temporary folder; those compiled before come from the cache, by content.

    A file's key is the digest of the program, its text and its imports' keys; files enter the cache whole, by renaming.
    """
    texts = {file.stem: file.read_text(encoding="utf-8") for file in sorted(sources.glob("*.v"))}
    needs = {name: _imports(text, texts) for name, text in texts.items()}
    order = _order(_closure(wanted, needs))
    keys: dict[str, str] = {}
    for name in order:
        keys[name] = _key([program, *FLAGS, name, texts[name], *(keys[n] for n in needs[name] if n in keys)])
    cache.mkdir(parents=True, exist_ok=True)
    problems = {name: found for name in order if (found := _forbidden(name, texts[name]))}
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        for name in order:
            (folder / f"{name}.v").write_text(texts[name], encoding="utf-8")
        development = Development(folder, cache, keys, needs, problems)
        _compile_all(development, order, keys, cache, jobs, progress)
        yield development


def _compile_all(
    development: Development, order: list[str], keys: Mapping[str, str], cache: Path, jobs: int, progress: Callable[[int], None]
) -> None:
    def build(name: str) -> str:
        stored, made = cache / f"{keys[name]}.vo", development.folder / f"{name}.vo"
        if stored.exists():
            shutil.copyfile(stored, made)
            return ""
        _, error = coqc(development.folder, name)
        if not error:
            _store(made, stored)
        return error

    waiting, running, done = list(order), dict[Future[str], str](), set[str]()
    with ThreadPoolExecutor(max_workers=jobs) as pool:
        while waiting or running:
            for name in [n for n in waiting if done.issuperset(development.needs[n])]:
                waiting.remove(name)
                if development.problem(name):
                    done.add(name)
                else:
                    running[pool.submit(build, name)] = name
            if not running:
                continue
            finished, _ = wait(running, return_when=FIRST_COMPLETED)
            for future in finished:
                name = running.pop(future)
                if error := future.result():
                    development.problems[name] = error
                done.add(name)
                progress(1)


def _key(parts: Iterable[str]) -> str:
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()


def _store(made: Path, stored: Path) -> None:
    handle, temporary = tempfile.mkstemp(dir=stored.parent, prefix=".partial-")
    os.close(handle)
    try:
        shutil.copyfile(made, temporary)
        os.replace(temporary, stored)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


def _imports(text: str, known: Iterable[str]) -> tuple[str, ...]:
    names = [n for found in re.findall(rf"From {LIBRARY} Require Import ([^.]*)\.", _bare(text)) for n in found.split()]
    return tuple(name for name in names if name in set(known))


def _closure(wanted: Iterable[str], needs: Mapping[str, tuple[str, ...]]) -> dict[str, tuple[str, ...]]:
    """The wanted files, and all that they need, with what each needs; names without a file are skipped."""
    found: dict[str, tuple[str, ...]] = {}
    waiting = [name for name in wanted if name in needs]
    while waiting:
        name = waiting.pop()
        if name not in found:
            found[name] = needs[name]
            waiting += needs[name]
    return found


def _order(needs: Mapping[str, tuple[str, ...]]) -> list[str]:
    """Every file after those it imports; files that import each other come last and fail to compile."""
    order: list[str] = []
    waiting = list(needs)
    while waiting:
        ready = [name for name in waiting if set(needs[name]) <= set(order)] or waiting
        order += ready
        waiting = [name for name in waiting if name not in ready]
    return order


def _bare(text: str) -> str:
    """The text without comments (they nest) and strings."""
    kept, depth, position = [], 0, 0
    for token in re.finditer(r'\(\*|\*\)|"[^"]*"', text):
        if depth == 0:
            kept.append(text[position : token.start()])
        depth = max(0, depth + {"(*": 1, "*)": -1}.get(token.group(), 0))
        position = token.end()
        kept.append("\n" * token.group().count("\n"))
    return "".join([*kept, "" if depth else text[position:]])


def _forbidden(name: str, text: str) -> str:
    found = FORBIDDEN.search(_bare(text))
    return f"{name}.v contains {' '.join(found.group().split())!r}" if found else ""


def _changed(sources: Path, trusted: Mapping[str, str]) -> dict[str, str]:
    changed = {}
    for name, digest in trusted.items():
        file = sources / name
        if not file.exists() or hashlib.sha256(file.read_bytes()).hexdigest() != digest:
            changed[Path(name).stem] = f"{name} is not the one that was read: its digest differs from the pinned one"
    return changed


# --- asking the kernel ----------------------------------------------------------------------------------------------


def _before_kernel(development: Development, theorem: str, lemma: Lemma) -> Checked | None:
    problem = development.problem("statements") or development.problem(lemma.module)
    return Checked(theorem, lemma, Verdict.REFUTED, problem=problem) if problem else None


def _ask(development: Development, wanted: list[tuple[str, Lemma]]) -> list[Checked]:
    """Each lemma against its pinned statement, all in one file; if that fails, in halves until the culprits are found."""
    if not wanted:
        return []
    printed, error = development.run("check", question([lemma for _, lemma in wanted]))
    if not error:
        blocks = printed.split("= lemma =")[1:]
        return [_answer(theorem, lemma, block) for (theorem, lemma), block in zip(wanted, blocks, strict=True)]
    if len(wanted) == 1:
        theorem, lemma = wanted[0]
        return [Checked(theorem, lemma, Verdict.REFUTED, problem=_why(lemma, error))]
    half = len(wanted) // 2
    return [*_ask(development, wanted[:half]), *_ask(development, wanted[half:])]


def question(lemmas: Iterable[Lemma]) -> str:
    """The file that the kernel accepts only if every lemma has the type of its statement; it prints their assumptions."""
    listed = list(lemmas)
    lines = [f"From {LIBRARY} Require {module}." for module in sorted({lemma.module for lemma in listed})]
    lines.append(f"From {LIBRARY} Require statements.")
    for number, lemma in enumerate(listed):
        lines += [
            f"Definition pinned_{number} : {LIBRARY}.statements.{lemma.statement} := {LIBRARY}.{lemma.name}.",
            'Goal True. idtac "= lemma =". Abort.',
            f"Print Assumptions pinned_{number}.",
        ]
    return "\n".join(lines) + "\n"


def _why(lemma: Lemma, error: str) -> str:
    if "was not found" in error:
        return f"{lemma.name} or statements.{lemma.statement} does not exist: {error}"
    return f"{lemma.name} does not have the pinned statement {lemma.statement}: {error}"


def _answer(theorem: str, lemma: Lemma, printed: str) -> Checked:
    axioms = assumptions(printed)
    outside = [name for name, stated in axioms.items() if ALLOWED_AXIOMS.get(name) != stated]
    problem = f"{lemma.name} rests on {', '.join(outside)}" if outside else ""
    return Checked(theorem, lemma, Verdict.REFUTED if problem else Verdict.PROVED, tuple(axioms), problem)


def assumptions(printed: str) -> dict[str, str]:
    """The axioms that `Print Assumptions` printed, with their types; a line of another form counts as an axiom.

    >>> assumptions("Closed under the global context"), assumptions("Axioms:\\na : P\\nb\\n  : Q ->\\n    R")
    ({}, {'a': 'P', 'b': 'Q -> R'})
    """
    text = printed.strip()
    if text == "Closed under the global context":
        return {}
    entries: list[str] = []
    for line in text.removeprefix("Axioms:").strip("\n").splitlines():
        if line.startswith(" ") and entries:
            entries[-1] += " " + line.strip()
        elif line.strip():
            entries.append(line.strip())
    if not text.startswith("Axioms:") or not entries:
        entries = [f"an answer of another form: {text[:80]}"]
    return {name.strip(): " ".join(stated.split()) for name, _, stated in (entry.partition(" : ") for entry in entries)}
