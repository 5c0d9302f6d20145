"""Sites rendered once, of two chapters and with a stand-in for each chapter, and a browser to look at them."""

import json
import re
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from html import escape
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from tiny_site import CONF, DOT, FIRST, INDEX, ONE, ROOT, SECOND, TWO, code, markdown, notebook

from cl_theory.proof.book.checkout import read_chapters
from cl_theory.proof.ledger.registry import all_claims
from cl_theory.proof.reader.claim_map import neighbours_html
from cl_theory.proof.reader.pages import shown_evidence
from cl_theory.proof.reader.playable import ASSETS, SCRIPTS, STYLE
from cl_theory.proof.reader.rendering import contents, jupyter_book, rendering_configuration, site_problems
from cl_theory.proof.reader.shown import Contents, Shown
from cl_theory.proof.reader.take_away import BROWSERS


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_: Any) -> None:
        """Say nothing."""


@contextmanager
def _serving(folder: Path) -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(_Quiet, directory=str(folder)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


@pytest.fixture(scope="session")
def chapter() -> dict[str, Any]:
    """The second chapter of the tiny book, as it was executed."""
    evidence = code("evidence", "evidence", "remove-input", said="agrees")
    return notebook(markdown(TWO), code("sum", "print(1 + 1)", said="2"), evidence)


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory, chapter: dict[str, Any]) -> Path:
    """Two chapters rendered without a warning, with the accepted ledger."""
    source, target = (tmp_path_factory.mktemp(name) for name in ("source", "site"))
    for folder in ("chapters", "data"):
        (source / folder).mkdir()
    shutil.copy(ROOT / "data" / "claims.json", source / "data" / "claims.json")
    (source / "conf.py").write_text(CONF, "utf-8")
    (source / "index.md").write_text(INDEX, "utf-8")
    (source / "chapters" / "dot.png").write_bytes(DOT)
    for name, content in ((FIRST, notebook(markdown(ONE))), (SECOND, chapter)):
        (source / "chapters" / f"{name}.ipynb").write_text(json.dumps(content), "utf-8")
    asked = [sys.executable, "-m", "sphinx", "-b", "html", "-W", "--keep-going", "-q", str(source), str(target)]
    done = subprocess.run(asked, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return target


@pytest.fixture(scope="session")
def page(site: Path) -> str:
    """The second chapter as HTML."""
    return (site / "chapters" / f"{SECOND}.html").read_text("utf-8")


@pytest.fixture(scope="session")
def chromium() -> str:
    """Path of a Chromium; the test is skipped without one."""
    found = next(filter(None, map(shutil.which, BROWSERS)), None)
    if found is None:
        pytest.skip(f"no Chromium on this machine: none of {', '.join(BROWSERS)}")
    return found


@pytest.fixture(scope="session")
def served(site: Path) -> Iterator[str]:
    """The address at which the site is served."""

    with _serving(site) as root:
        yield root


@pytest.fixture(scope="session")
def browser(chromium: str) -> Iterator[Any]:
    """A browser driven by Playwright; the test is skipped without it."""
    sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    with sync_api.sync_playwright() as player:
        launched = player.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-gpu"])
        yield launched
        launched.close()


@pytest.fixture(scope="session")
def window(browser: Any) -> Any:
    """A page of the browser, kept for all tests."""
    return browser.new_page(viewport={"width": 1280, "height": 900})


@pytest.fixture
def blank(browser: Any) -> Iterator[Any]:
    """A page of a wide screen, for one test."""
    opened = browser.new_page(viewport={"width": 1280, "height": 900})
    yield opened
    opened.close()


@pytest.fixture
def show(browser: Any, tmp_path: Path) -> Iterator[Callable[..., Any]]:
    """Open a page with HTML fragments, as a file; its errors become those of the test."""
    opened = []

    def page_with(*fragments: str, width: int = 800, **context: Any) -> Any:
        shutil.copytree(ASSETS, tmp_path, dirs_exist_ok=True)
        scripts = "".join(f'<script defer src="{name}"></script>' for name in SCRIPTS)
        head = f'<meta charset="utf-8"><link rel="stylesheet" href="{STYLE}">{scripts}'
        (tmp_path / "page.html").write_text(
            f"<!doctype html><html><head>{head}</head><body>{''.join(fragments)}</body></html>"
        )
        page = browser.new_page(viewport={"width": width, "height": 900}, **context)
        errors: list[str] = []
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.goto((tmp_path / "page.html").as_uri())
        opened.append((page, errors))
        return page

    yield page_with
    for page, errors in opened:
        page.close()
        assert not errors


TYPESET = "!document.querySelector('script[src*=mathjax]') || window.MathJax?.startup?.promise?.then(() => true)"
"""Whether a page has no formulas, or all of them are set."""


@pytest.fixture(scope="session")
def accepted() -> Shown:
    """The accepted ledger of this checkout."""
    return shown_evidence(None, ROOT / "data" / "claims.json")


@pytest.fixture(scope="session")
def book() -> Contents:
    """The chapters of this checkout."""
    return contents(ROOT)


CHAPTERS = ROOT / "chapters"
_FIGURE = re.compile(r"\{glue:figure\} \S+\n:name: (\S+)")


def _stand_in(name: str, title: str, shown: Shown) -> dict[str, Any]:
    """A chapter that has nothing but a title, its figures' names, and each of its claims with those around it."""
    linked = {other: f"ledger.html#claim-{other}" for other in all_claims()}
    own = [entry for entry in all_claims().values() if entry.chapter == name]
    places = "".join(
        f'<div class="evidence" id="evidence-{entry.id}"><p>{escape(entry.id)}</p></div>'
        + neighbours_html(entry, all_claims(), shown, linked=linked)
        for entry in own
    )
    cells = json.loads((CHAPTERS / f"{name}.ipynb").read_text("utf-8"))["cells"]
    labels = [label for cell in cells for label in _FIGURE.findall("".join(cell["source"]))]
    figures = "\n\n".join(f"```{{figure}} dot.png\n:name: {label}\n:alt: a dot\n\nA figure.\n```" for label in labels)
    source = f"# {title}\n\n```{{raw}} html\n{places}\n```\n\n{figures}"
    cell = {"cell_type": "markdown", "id": "all", "source": source, "metadata": {}}
    kernel = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
    return {"nbformat": 4, "nbformat_minor": 5, "metadata": kernel, "cells": [cell]}


@pytest.fixture(scope="session")
def book_site(tmp_path_factory: pytest.TempPathFactory, accepted: Shown, book: Contents) -> Path:
    """A folder with the rendered site; its last look found nothing wrong."""
    folder = tmp_path_factory.mktemp("book")
    source = folder / "source"
    shutil.copytree(ROOT / "chapters", source / "chapters", ignore=shutil.ignore_patterns("*.ipynb", ".ipynb*"))
    (source / "chapters" / "dot.png").write_bytes(DOT)
    for name in read_chapters(ROOT / "chapters"):
        stand_in = _stand_in(name, book.of(name).title, accepted)
        (source / "chapters" / f"{name}.ipynb").write_text(json.dumps(stand_in), "utf-8")
    for name in ("_toc.yml", "references.bib"):
        shutil.copy(ROOT / name, source / name)
    evidence = source / "evidence.json"
    told = {"claims": accepted.claims, "origin": "Made from a test.", "cells": {}, "history": accepted.history}
    evidence.write_text(json.dumps(told), "utf-8")
    (source / "_config.yml").write_text(rendering_configuration(ROOT / "_config.yml", evidence), "utf-8")
    status, log = jupyter_book(source, folder)
    assert status == 0, log[-3000:]
    rendered = folder / "_build" / "html"
    assert site_problems(rendered, source / "_toc.yml", list(all_claims())) == []
    return rendered


@pytest.fixture(scope="session")
def address(book_site: Path) -> Iterator[str]:
    """Where the site is served."""
    with _serving(book_site) as root:
        yield f"{root}/chapters"


@pytest.fixture
def visit(browser: Any, address: str) -> Iterator[Any]:
    """Open a page of the site: ``visit("ledger.html", width=390, scheme="dark", script=False)``.

    When the test ends no script may have failed and nothing may have been asked for elsewhere.
    """
    contexts, strays = [], []

    def opened(name: str, *, width: int = 1280, scheme: str = "light", script: bool = True, **how: Any) -> Any:
        view = {"width": width, "height": 900}
        context = browser.new_context(viewport=view, color_scheme=scheme, java_script_enabled=script, **how)
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: strays.append(str(error)))
        page.on(
            "request", lambda request: request.url.startswith(address.rpartition("/")[0]) or strays.append(request.url)
        )
        page.goto(f"{address}/{name}")
        if script:
            page.wait_for_function(TYPESET)
        return page

    yield opened
    for context in contexts:
        context.close()
    assert strays == []


@pytest.fixture
def faults() -> Any:
    """What axe finds on a page, as pairs of a rule and the element."""
    axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="axe is not installed")

    def found(page: Any) -> list[tuple[str, str]]:
        answer = axe.Axe().run(page).response
        return [(rule["id"], node["html"][:200]) for rule in answer["violations"] for node in rule["nodes"]]

    return found
