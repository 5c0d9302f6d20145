"""A site of two chapters, rendered once, and a browser to look at it."""

import json
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from tiny_site import CONF, DOT, FIRST, INDEX, ONE, ROOT, SECOND, TWO, code, markdown, notebook

from cl_theory.proof.reader.playable import ASSETS, SCRIPTS, STYLE
from cl_theory.proof.reader.take_away import BROWSERS


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

    class Quiet(SimpleHTTPRequestHandler):
        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(site)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


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
