"""Sphinx extension of the book: local MathJax, the book's style sheet, and the pages made from evidence."""

import shutil
import sys
from importlib import metadata
from pathlib import Path
from typing import Any

from cl_theory.book.checkout import Checkout
from cl_theory.book.corrections_page import corrections_markdown
from cl_theory.book.ledger_page import ledger_markdown
from cl_theory.book.shown import shown_evidence
from cl_theory.book.speed_page import speed_markdown
from cl_theory.book.titles import page_title
from cl_theory.claims.registry import all_claims

ASSETS = Path(__file__).parent / "assets"
GENERATED = ("chapters/ledger", "chapters/corrections", "chapters/speed")
MATHJAX = ("tex-mml-chtml.js", "input/tex/extensions", "output/chtml/fonts/woff-v2")
"""What of MathJax a page may ask for: itself, the extensions that a macro loads, the fonts."""


def setup(app: Any) -> dict[str, Any]:
    """Connect everything to Sphinx."""
    app.add_config_value("cl_theory_evidence", None, "env")
    app.connect("config-inited", _configure)
    app.connect("env-get-outdated", lambda *_: [name for name in GENERATED if name in app.env.found_docs])
    app.connect("source-read", _append_generated)
    app.connect("build-finished", _copy_mathjax)
    app.add_css_file("book.css")
    return {"parallel_read_safe": True, "parallel_write_safe": True}


def mathjax_folder() -> Path:
    """Where the installed package sphinx-mathjax-offline keeps MathJax."""
    entry = f"static/mathjax/{MATHJAX[0]}"
    for file in metadata.files("sphinx-mathjax-offline") or ():
        if file.as_posix().endswith(entry):
            return Path(str(file.locate())).parent
    raise FileNotFoundError("the package sphinx-mathjax-offline has no MathJax; install it again")


def _configure(app: Any, config: Any) -> None:
    config.html_static_path.append(str(ASSETS))
    config.mathjax_path = f"mathjax/{MATHJAX[0]}"
    _leave_out(app, "sphinx_thebe", ("init_thebe_core", "update_thebe_context"))


def _leave_out(app: Any, module: str, handlers: tuple[str, ...]) -> None:
    # Jupyter Book always loads sphinx_thebe, which names a script of a CDN on every page, wanted or not.
    unwanted = {getattr(sys.modules[module], name) for name in handlers if module in sys.modules}
    for event, listeners in app.events.listeners.items():
        app.events.listeners[event] = [listener for listener in listeners if listener.handler not in unwanted]


def _append_generated(app: Any, name: str, source: list[str]) -> None:
    if name not in GENERATED:
        return
    root = Path(app.srcdir)
    if name == GENERATED[2]:
        source[0] += "\n\n" + speed_markdown(Checkout(root).benchmarks)
        return
    claims, evidence = all_claims(), app.config.cl_theory_evidence
    shown = shown_evidence(Path(evidence) if evidence else None, Checkout(root).ledger)
    titles = {path.stem: page_title(path) for path in (root / "chapters").glob("*.ipynb")}
    page = ledger_markdown if name == GENERATED[0] else corrections_markdown
    source[0] += "\n\n" + page(shown, claims, titles)


def _copy_mathjax(app: Any, error: Exception | None) -> None:
    if error is not None or app.builder.format != "html":
        return
    origin, target = mathjax_folder(), Path(app.outdir) / "_static" / "mathjax"
    for name in MATHJAX:
        (target / name).parent.mkdir(parents=True, exist_ok=True)
        if (origin / name).is_dir():
            shutil.copytree(origin / name, target / name, dirs_exist_ok=True)
        else:
            shutil.copyfile(origin / name, target / name)
