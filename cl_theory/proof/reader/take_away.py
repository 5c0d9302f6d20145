"""What a reader takes away: the executed notebook, one that runs anywhere, the whole book as a PDF.

A Sphinx extension, and what `cl-theory pdf` does. Addresses come from the metadata of the package and from the
repository's remote; where there is no public one, nothing links to it.
"""

import copy
import json
import os
import re
import shutil
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Any
from urllib.parse import quote

import yaml

from cl_theory.proof.book.build_folder import notebook_text, write_whole
from cl_theory.proof.book.checkout import BookError, Checkout, public_repository
from cl_theory.proof.reader.rendering import toc_pages

ANYWHERE = "_anywhere"
"""Folder of the site with the notebooks that run anywhere."""
EXTRA = "book"
"""What of the package chapters need besides."""


@dataclass(frozen=True)
class Offer:
    """Something to take away from a page: a file of the site, or another service."""

    text: str
    title: str
    url: str
    is_file: bool = True


def installation(repository: str | None) -> str:
    """What ``pip install`` is given, from the package's own metadata: its name, and where its source is public."""
    own = metadata.metadata(__name__.partition(".")[0])
    addresses = dict(entry.split(", ", 1) for entry in own.get_all("Project-URL") or ())
    address = addresses.get("Repository") or (f"https://github.com/{repository}" if repository else None)
    return f"{own['Name']}[{EXTRA}]" + (f" @ git+{address}" if address else f"=={own['Version']}")


def offers(chapter: str, folder: Path) -> list[Offer]:
    """What the page of `chapter` offers; `folder` lies in the checkout."""
    repository = public_repository(folder)
    found = [
        Offer("executed notebook", "With the outputs that this page shows", f"../_sources/chapters/{chapter}.ipynb"),
        Offer("notebook that runs anywhere", "Its first cell installs the package", f"../{ANYWHERE}/{chapter}.ipynb"),
    ]
    if repository:
        path = quote(f"chapters/{chapter}.ipynb")
        colab = f"https://colab.research.google.com/github/{repository}/blob/HEAD/{path}"
        binder = f"https://mybinder.org/v2/gh/{repository}/HEAD?urlpath=lab/tree/{path}"
        install = f"First run: %pip install '{installation(repository)}'"
        found += [Offer("Binder", "Run it on mybinder.org", binder, False), Offer("Colab", install, colab, False)]
    return found


def runs_anywhere(notebook: Mapping[str, Any], repository: str | None) -> dict[str, Any]:
    """`notebook` without outputs and without what papermill put in, after a cell that installs the package."""
    bare = copy.deepcopy(dict(notebook))
    cells = [cell for cell in bare["cells"] if "injected-parameters" not in cell["metadata"].get("tags", ())]
    for cell in cells:
        if cell["cell_type"] == "code":
            cell.update(outputs=[], execution_count=None)
    source = f"# all that this notebook needs\n%pip install --quiet '{installation(repository)}'"
    first: dict[str, Any] = {
        "cell_type": "code",
        "id": "install",
        "metadata": {},
        "outputs": [],
        "execution_count": None,
        "source": source,
    }
    bare["cells"] = [first, *cells]
    bare["metadata"] = {key: bare["metadata"][key] for key in ("kernelspec",) if key in bare["metadata"]}
    return bare


def _write_notebooks(app: Any, error: Exception | None) -> None:
    if error is not None or app.builder.format != "html":
        return
    repository, target = public_repository(Path(app.srcdir)), Path(app.outdir) / ANYWHERE
    target.mkdir(exist_ok=True)
    for path in sorted((Path(app.srcdir) / "chapters").glob("*.ipynb")):
        bare = runs_anywhere(json.loads(path.read_text("utf-8")), repository)
        (target / path.name).write_text(notebook_text(bare), "utf-8")


def _add_buttons(app: Any, page: str, template: str, context: dict[str, Any], document: Any) -> None:
    if context.get("page_source_suffix") != ".ipynb":
        return
    for group in context.get("header_buttons", ()):
        if group.get("label") == "download-buttons":
            printed = [button for button in group["buttons"] if button["label"] == "download-pdf-button"]
            group["buttons"] = [*_buttons(Path(page).name, Path(app.srcdir)), *printed]


def _buttons(chapter: str, folder: Path) -> Iterator[dict[str, str]]:
    for offer in offers(chapter, folder):
        icon = "fas fa-download" if offer.is_file else "fas fa-rocket"
        label = f"take-away-{offer.text.replace(' ', '-').lower()}"
        yield {
            "type": "link",
            "url": offer.url,
            "text": offer.text,
            "tooltip": offer.title,
            "icon": icon,
            "label": label,
        }


# The whole book on paper ---------------------------------------------------------------------------

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
BROWSER = "CL_THEORY_CHROMIUM"
"""Environment variable with the path of a Chromium that has another name."""
PATIENCE = 600_000
"""Milliseconds of the browser's own time, which passes only while nothing is computed."""
UNFINISHED = "formulas are not typeset yet"
_HEAD = re.compile(
    r'<link [^>]*rel="stylesheet"[^>]*>|<script>window\.MathJax = .*?</script>|<script[^>]*mathjax[^>]*></script>'
)
_ARTICLE = re.compile(r"<article[^>]*>(.*)</article>", re.DOTALL)
_NOT_ON_PAPER = re.compile(r"<script.*?</script>|; <a [^>]* download>.*?</a>", re.DOTALL)
_FOLDED = re.compile(r'<details (?!class="entry-checks)')  # the ledger's values stay folded: 180 pages of digits
_OWN = re.compile(r'((?:\bid|\bfor|\baria-labelledby)="|\bhref="#|\burl\(#)([^")]+)')
_OTHER = re.compile(r'\bhref="([\w-]+)\.html(?:#([^"]*))?"')
PAPER = """
@page { size: A4; margin: 18mm 17mm 20mm; @bottom-center { content: counter(page); font: 9pt sans-serif; } }
html, body { font-size: 10pt; background: none; }
body { width: 176mm; }
section.page { break-before: page; }
section.page:first-of-type { break-before: auto; }
.headerlink, details.hide > summary { display: none !important; }
h1, h2, h3, figcaption { break-after: avoid; }
figure, svg, div.math, tr { break-inside: avoid; }
table, .cell, .cell_output, details { break-inside: auto !important; }
.ledger-box, .claim-graph-box, .evidence, .cell_output, .cell_output * { overflow: visible !important; }
div.math, mjx-container { overflow: visible !important; }
table { font-size: 8.5pt !important; overflow-wrap: break-word; }
pre { white-space: pre-wrap; font-size: 8pt; }
"""
READY = """
window.MathJax.startup = { pageReady: async () => {
  await MathJax.startup.defaultPageReady();
  for (const formula of document.querySelectorAll("div.math mjx-container")) {
    const room = formula.parentElement.clientWidth * (formula.parentElement.querySelector(".eqno") ? 0.88 : 1);
    const width = formula.firstElementChild.getBoundingClientRect().width;
    if (width > room) formula.style.fontSize = `${(100 * room) / width}%`;
  }
  document.title = TITLE;
} };
"""
"""Shrinks what is wider than the paper, and says by the title that formulas are typeset."""


def printable_book(site: Path, pages: Sequence[str], title: str) -> str:
    """The articles of `pages` of the finished `site` as one HTML page, with links within it and everything open.

    It belongs into a folder beside ``_static``. Its title is the book's once formulas are typeset.
    """
    texts = {Path(page).name: (site / f"{page}.html").read_text("utf-8") for page in pages}
    first = next(iter(texts.values()))
    wait = f"<script>{READY.replace('TITLE', json.dumps(title))}</script>"
    head = "".join(found if "defer" not in found else wait + found for found in _HEAD.findall(first))
    bodies = "".join(_on_paper(name, text, set(texts)) for name, text in texts.items())
    return (
        f'<!DOCTYPE html><html lang="en" data-theme="light" data-mode="light"><head><meta charset="utf-8">'
        f"<title>{UNFINISHED}</title>{head}<style>{PAPER}</style></head>"
        f'<body><main class="bd-main bd-content"><article class="bd-article">{bodies}</article></main></body></html>'
    )


def _on_paper(name: str, text: str, pages: set[str]) -> str:
    found = _ARTICLE.search(text)
    if found is None:
        raise BookError(f"the page {name}.html has no article; build the book again with 'cl-theory build'")
    body = _FOLDED.sub("<details open ", _NOT_ON_PAPER.sub("", found[1]))
    body = _OWN.sub(rf"\g<1>{name}--\g<2>", body)

    def within(link: re.Match[str]) -> str:
        target, part = link.groups()
        if target not in pages:
            return link[0]
        return f'href="#{target}--{part}"' if part else f'href="#{target}"'

    return f'<section class="page" id="{name}">{_OTHER.sub(within, body)}</section>'


def browser() -> str:
    """Path of a Chromium. BookError, with the remedy, if there is none."""
    own = os.environ.get(BROWSER)
    for name in [own] if own else BROWSERS:
        if path := shutil.which(name):
            return path
    sought = repr(own) if own else "none of " + ", ".join(BROWSERS)
    raise BookError(
        f"a PDF is printed by Chromium, and {sought} was found: install it (apt-get install chromium, "
        f"brew install --cask chromium), or set {BROWSER} to the path of one"
    )


def print_book(checkout: Checkout) -> Path:
    """The site that was built last as one PDF; its path. BookError without a site, a Chromium, or typeset formulas."""
    printer = browser()
    if not checkout.site.is_dir():
        raise BookError(f"there is no book to print at {checkout.shown(checkout.site)}: run 'cl-theory build' first")
    title = yaml.safe_load((checkout.root / "_config.yml").read_text("utf-8"))["title"]
    pages = toc_pages(yaml.safe_load((checkout.root / "_toc.yml").read_text("utf-8")))
    folder, target = checkout.scratch / "paper", checkout.build / "book.pdf"
    page = folder / "chapters" / "book.html"
    write_whole(page, printable_book(checkout.site, pages, title), checkout.scratch)
    for shared in checkout.site.glob("_*"):
        (folder / shared.name).symlink_to(shared)
    _print(printer, page, folder / "book.pdf")
    printed = (folder / "book.pdf").read_bytes()
    if f"/Title ({title})".encode() not in printed:
        raise BookError(f"{printer} gave up before all formulas were typeset: try again with less else running")
    os.replace(folder / "book.pdf", target)
    return target


def _print(printer: str, page: Path, target: Path) -> None:
    options = ["--headless", "--disable-gpu", "--no-pdf-header-footer", "--generate-pdf-document-outline"]
    options += ["--no-sandbox"] if hasattr(os, "geteuid") and os.geteuid() == 0 else []  # root cannot have one
    options += [f"--virtual-time-budget={PATIENCE}", f"--user-data-dir={target.parent / 'profile'}"]
    asked = [printer, *options, f"--print-to-pdf={target}", page.as_uri()]
    done = subprocess.run(asked, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace")
    if done.returncode != 0 or not target.is_file():
        raise BookError(f"{printer} printed nothing and ended with {done.returncode}: {done.stdout[-600:].strip()}")


def setup(app: Any) -> dict[str, Any]:
    """Connect the notebooks and the buttons to Sphinx."""
    app.connect("html-page-context", _add_buttons, priority=502)  # after the theme's own
    app.connect("build-finished", _write_notebooks)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
