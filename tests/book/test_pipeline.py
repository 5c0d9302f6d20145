"""The pipeline end to end, with real kernels and real pages; few tests, since each starts processes."""

import filecmp
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest
from tiny_book import FIRST, SECOND, chapter, code, evidence_cell, record, shows, text

from cl_theory.proof.book.build_folder import write_json
from cl_theory.proof.book.checkout import GateSeed
from cl_theory.proof.book.execution import Executed, Listener
from cl_theory.proof.book.run import Wish, run, take_over, weigh
from cl_theory.proof.ledger.registry import all_claims
from cl_theory.proof.reader.rendering import render

ROOT = Path(__file__).parents[2]
CLAIMS = {name: all_claims()[name] for name in ("cl-gradient", "isd-unbiased")}
TOC = f"""format: jb-book
root: chapters/intro
parts:
- caption: One
  numbered: true
  chapters:
  - file: chapters/{FIRST}
  - file: chapters/{SECOND}
- caption: Rest
  chapters:
  - file: chapters/map
  - file: chapters/ledger
  - file: chapters/paper
  - file: chapters/corrections
  - file: chapters/bibliography
"""
PROSE = """# A chapter

For each $b$ {cite:p}`williams2023flexible`, $$\\mathbb E Z = \\boldsymbol\\mu.$$

```{prf:theorem}
:label: thm-@
Words.
```

```{glue:figure} fig-@
:name: fig-@
A caption; the number is {glue:text}`number:.2f`.
```"""
FIGURE = """
import matplotlib.pyplot as plt
from myst_nb import glue
from cl_theory.proof.figures import style
style.use()
fig, ax = plt.subplots()
ax.plot([0, 1], [1, 0], label="ISD")
style.glue_figure("fig-@", fig, alt="A falling line")
glue("number", 1.2345, display=False)
print({"a", "b", "c"}, seed)"""


def wish(**changed):
    return Wish(**{"seed": GateSeed(11, "test"), "jobs": 2, **changed})


def save(book, name, *cells):
    path = book.chapters / f"{name}.ipynb"
    path.write_text(json.dumps(chapter(*cells)), "utf-8")
    return path


def processes_of(folder):
    """Kernels and workers that belong to the checkout in `folder`."""
    found = []
    for process in psutil.process_iter(["pid"]):
        try:
            if str(folder) in (process.environ().get("JUPYTER_PATH") or ""):
                found.append(process.pid)
        except psutil.Error:
            continue
    return found


def wait_until(condition, seconds=60):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.1)


@pytest.fixture
def pages(book, monkeypatch):
    monkeypatch.setattr("cl_theory.proof.book.build_folder.PACKAGE", book.root / "package")  # no edit changes it
    for name in ("map.md", "ledger.md", "paper.md", "corrections.md", "bibliography.md"):
        shutil.copy(ROOT / "chapters" / name, book.chapters / name)
    for name in ("_config.yml", "references.bib"):
        shutil.copy(ROOT / name, book.root / name)
    (book.chapters / "intro.md").write_text("# A tiny book\n\nWords.\n", "utf-8")
    (book.root / "_toc.yml").write_text(TOC, "utf-8")
    for name, claim in ((FIRST, "cl-gradient"), (SECOND, "isd-unbiased")):
        cells = [text("prose", PROSE.replace("@", name)), evidence_cell(claim)]
        if name == SECOND:
            cells.insert(1, code("figure", FIGURE.replace("@", name).strip(), tags=("remove-output",)))
        else:
            cells[0] = text("prose", "# Another chapter")
        save(book, name, *cells)
    return book


def test_a_book_is_executed_accepted_and_rendered_twice_to_the_same_bytes(pages):
    first = run(pages, wish(), compare=False, claims=CLAIMS)
    assert not first.problems
    assert take_over(pages, first, reason="first").ok
    again = run(pages, wish(chapters=["01"]), whole=True, claims=CLAIMS)
    assert {name: went.state for name, went in again.executed.items()} == {FIRST: "executed", SECOND: "kept"}
    rendered = render(pages, again)
    assert rendered.problems == []
    one = pages.root / "one"
    pages.site.rename(one)

    fresh = run(pages, wish(fresh=True, jobs=1), claims=CLAIMS)
    assert fresh.ok
    assert render(pages, fresh).ok
    compared = filecmp.dircmp(one, pages.site)
    assert all_differences(compared) == []
    look_at(pages)


def all_differences(compared):
    own = [*compared.left_only, *compared.right_only, *compared.funny_files]
    _, unequal, errors = filecmp.cmpfiles(compared.left, compared.right, compared.common_files, shallow=False)
    below = [name for inner in compared.subdirs.values() for name in all_differences(inner)]
    return [*own, *unequal, *errors, *below]


def look_at(pages):
    page = (pages.site / "chapters" / f"{SECOND}.html").read_text("utf-8")
    assert 'aria-label="A falling line"' in page
    assert "the number is" in page
    assert "1.23" in page
    assert 'id="evidence-isd-unbiased"' in page
    assert f"_sources/chapters/{SECOND}.ipynb" in page  # the button that downloads the executed notebook
    offered = json.loads((pages.site / "_sources" / "chapters" / f"{SECOND}.ipynb").read_text("utf-8"))
    assert any(cell.get("outputs") for cell in offered["cells"])
    ledger = (pages.site / "chapters" / "ledger.html").read_text("utf-8")
    assert "seed 11 (test)" in ledger
    assert "verdict-proved" in ledger
    mathjax = pages.site / "_static" / "mathjax"
    assert (mathjax / "tex-mml-chtml.js").is_file()
    assert (mathjax / "input" / "tex" / "extensions" / "boldsymbol.js").is_file()
    assert sum(path.stat().st_size for path in mathjax.rglob("*") if path.is_file()) < 3e6


def test_a_page_with_a_warning_is_not_put_in_place(pages):
    prose = text("prose", "# Title\n\n[nowhere](gone.md) {prf:ref}`thm-gone`")
    executed = {}
    for name, claim in ((FIRST, "cl-gradient"), (SECOND, "isd-unbiased")):
        content = chapter(prose, shows(record(claim, seed=11)))
        write_json(pages.executed / f"{name}.ipynb", content, pages.scratch)
        executed[name] = Executed(name, "executed", 1.0, content)
    report = weigh(wish(), executed, CLAIMS, executed, None, complete=True)
    assert report.ok
    rendered = render(pages, report)
    assert not rendered.ok
    assert any(FIRST in problem and "gone" in problem for problem in rendered.problems)
    assert not any(str(pages.scratch) in problem for problem in rendered.problems)
    assert not pages.site.exists()


class Watching(Listener):
    def __init__(self):
        self.states, self.cells = {}, {}

    def told(self, name, state, seconds):
        self.states.setdefault(name, []).append(state)

    def reached(self, name, cell, number, of):
        self.cells.setdefault(name, []).append(cell)


def test_a_failing_chapter_is_told_with_cell_and_traceback_and_stops_no_other(book):
    save(book, "01_raises", code("fine", "x = 1"), code("bad", "1 / 0"), code("later", "print('never')"))
    save(book, "02_dies", code("gone", "import os\nos._exit(3)"))
    save(book, "03_leaves", code("leave", "import sys\nsys.exit(0)"), code("later", "print('never')"))
    save(book, "04_works", code("fine", "print(profile, seed)"))
    watching = Watching()
    report = run(book, wish(jobs=2), compare=False, claims={}, listener=watching)
    assert watching.states == {name: ["running", went.state] for name, went in report.executed.items()}
    assert watching.cells["01_raises"][0] == "parameters"
    assert watching.cells["01_raises"][-2:] == ["fine", "bad"]  # between them papermill's own cell
    problems = {}
    for name, problem in report.problems:
        problems.setdefault(name, []).append(problem)
    assert "cell 'bad' raised" in problems["01_raises"][0]
    assert "ZeroDivisionError: division by zero" in problems["01_raises"][0]
    assert any("01_raises.ipynb" in problem for problem in problems["01_raises"])
    assert "died" in problems["02_dies"][0].lower()
    assert "SystemExit" in problems["03_leaves"][0]
    assert "without a claim" in problems["04_works"][0]
    outputs = [cell.get("outputs") for cell in report.executed["04_works"].notebook["cells"]]
    assert ["".join(output[0]["text"]) for output in outputs if output] == ["smoke 11\n"]
    assert sorted(path.stem for path in book.executed.glob("*.ipynb")) == ["04_works"]
    assert (book.failed / "01_raises.ipynb").is_file()


def test_a_copy_made_while_something_was_edited_is_not_used_again(book, monkeypatch):
    monkeypatch.setattr("cl_theory.proof.book.build_folder.PACKAGE", book.root / "package")
    (book.root / "package").mkdir()
    edits = "from pathlib import Path\nPath('../package/new.py').touch()\nPath('02_b.ipynb').write_text('{}')"
    save(book, "01_a", code("edit", edits))
    save(book, "02_b", code("fine", "print(1)"))
    first = run(book, wish(jobs=1), compare=False, claims={})
    assert [went.state for went in first.executed.values()] == ["executed", "executed"]
    save(book, "02_b", code("fine", "print(1)"))
    again = run(book, wish(jobs=1), compare=False, claims={})
    assert [went.state for went in again.executed.values()] == ["executed", "executed"]


@pytest.mark.parametrize(("number", "code_expected"), [(signal.SIGINT, 130), (signal.SIGKILL, -9)])
def test_an_interrupted_run_leaves_no_process_and_nothing_half_written_and_the_next_one_works(
    book, number, code_expected
):
    save(book, FIRST, code("wait", "import os, time\nwhile not os.path.exists('../go'): time.sleep(0.05)"))
    driver = subprocess.Popen(
        [sys.executable, "-m", "cl_theory", "check", "--chapter", FIRST, "--seed", "3"],
        cwd=book.root,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    book.ledger.write_text('{"format": 2, "claims": {}, "history": []}', "utf-8")
    wait_until(lambda: len(processes_of(book.root)) >= 2)  # the worker, and its kernel
    driver.send_signal(number)
    _, said = driver.communicate(timeout=60)
    assert driver.returncode == code_expected
    assert number == signal.SIGKILL or "interrupted; nothing is half written" in said
    wait_until(lambda: not processes_of(book.root))
    assert not list(book.executed.glob("*"))

    (book.root / "go").touch()
    assert run(book, wish(jobs=1), compare=False, claims={}).executed[FIRST].state == "executed"
