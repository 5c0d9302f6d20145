"""A browser, and pages that hold what a chapter would show; skipped where either part of it is missing."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from cl_theory.proof.reader.playable import ASSETS, SCRIPTS, STYLE

CHROMIUM = shutil.which("chromium")


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    """Debian's Chromium, driven by Playwright."""
    playwright = pytest.importorskip("playwright.sync_api", reason="Playwright is not installed")
    if CHROMIUM is None:
        pytest.skip("there is no chromium on this machine")
    with playwright.sync_playwright() as started:
        launched = started.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        yield launched
        launched.close()


@pytest.fixture
def page(browser: Any) -> Iterator[Any]:
    """An empty page of a wide screen."""
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
