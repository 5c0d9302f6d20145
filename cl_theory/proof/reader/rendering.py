"""From executed chapters to the site: Jupyter Book and what it is given, a last look at the result, one swap.

This is also the book's Sphinx extension: local MathJax, the style sheet, and the pages made from evidence. Sphinx keeps
its state between builds in pickles, so none is kept: a site is rendered whole, or not at all if nothing has changed."""

import copy
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from html.parser import HTMLParser
from importlib import metadata
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import yaml

from cl_theory.proof.book.build_folder import (
    PACKAGE,
    folder_key,
    notebook_text,
    package_key,
    read_json,
    swap_folder,
    versions,
    write_json,
    write_whole,
)
from cl_theory.proof.book.checkout import Checkout, page_title, public_repository
from cl_theory.proof.book.run import Report
from cl_theory.proof.ledger.ledger import LedgerError, assemble, load
from cl_theory.proof.ledger.record import MIME
from cl_theory.proof.ledger.registry import Claim, all_claims, claim
from cl_theory.proof.ledger.table import evidence_html
from cl_theory.proof.ledger.verdict import Judgement
from cl_theory.proof.reader.claim_map import map_markdown, neighbours_html
from cl_theory.proof.reader.ledger_page import EVIDENCE_FILE, ledger_markdown
from cl_theory.proof.reader.pages import corrections_markdown, shown_in, speed_markdown
from cl_theory.proof.reader.paper_page import paper_markdown
from cl_theory.proof.reader.shown import Contents, Shown

TRACEBACK = "Traceback (most recent call last)"
_LOADING = {"script": "src", "img": "src", "iframe": "src", "source": "src", "video": "src", "audio": "src"}
_LOADING_RELATIONS = {"stylesheet", "preload", "prefetch", "icon", "shortcut icon", "modulepreload", "preconnect"}
_REMOTE = re.compile(r"^(https?:)?//")
_REMOTE_IN_SCRIPT = re.compile(r"(?:https?:)?//[^\s\"'`]+\.(?:m?js|css|woff2?)\b")
_REMOTE_IN_STYLE = re.compile(r"(?:url\(\s*['\"]?|@import\s+['\"])((?:https?:)?//[^'\")]+)")


def site_problems(site: Path, toc: Path, claims: Sequence[str]) -> list[str]:
    """What is wrong with the site: missing pages, remote assets, dead links, tracebacks, claims not shown."""
    pages = [f"{page}.html" for page in toc_pages(yaml.safe_load(toc.read_text("utf-8")))]
    missing = [name for name in ["index.html", *pages] if not (site / name).is_file()]
    if missing:
        return [f"page {name} was not written" for name in missing]
    looks = {path: Look.at(path) for path in sorted(site.rglob("*.html")) if "_static" not in path.parts}
    found = [problem for path, look in looks.items() for problem in _page(site, path, look, looks)]
    found += [f"{path.relative_to(site)} loads {url}" for path, url in _remote_styles(site)]
    text = "\n".join(look.ids_text for path, look in looks.items() if path.name != "ledger.html")
    found += [f"claim '{name}' is not shown in its chapter" for name in claims if f"evidence-{name} " not in text]
    return found


def toc_pages(toc: Any) -> list[str]:
    """Every page that a table of contents names, in order."""
    if isinstance(toc, list):
        return [page for entry in toc for page in toc_pages(entry)]
    if not isinstance(toc, dict):
        return []
    own = [Path(toc[key]).with_suffix("").as_posix() for key in ("root", "file") if key in toc]
    return own + [page for value in toc.values() for page in toc_pages(value)]


class Look(HTMLParser):
    """Ids, links, loaded assets and visible traces of errors of one page."""

    def __init__(self) -> None:
        super().__init__()
        self.ids: list[str] = []
        self.links: list[str] = []
        self.assets: list[str] = []
        self.traceback = False
        self.figures: list[str] = []
        self._in_script = False
        self.unlabelled = 0

    @classmethod
    def at(cls, path: Path) -> "Look":
        look, text = cls(), path.read_text("utf-8")
        look.feed(text)
        look.traceback = TRACEBACK in text
        return look

    @property
    def ids_text(self) -> str:
        return " ".join(self.ids) + " "

    def handle_data(self, data: str) -> None:
        if self._in_script:
            self.assets += _REMOTE_IN_SCRIPT.findall(data)

    def handle_endtag(self, tag: str) -> None:
        self._in_script = self._in_script and tag != "script"

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attributes}
        self._in_script = tag == "script"
        if "id" in given:
            self.ids.append(given["id"])
        if tag in _LOADING and given.get(_LOADING[tag]):
            self.assets.append(given[_LOADING[tag]])
        if tag == "link" and given.get("rel", "") in _LOADING_RELATIONS:
            self.assets.append(given.get("href", ""))
        if tag == "a" and given.get("href"):
            self.links.append(given["href"])
        figure = "figure-svg" in given.get("class", "")
        if figure:
            self.figures.append(given.get("id", ""))
        if (tag == "img" and not given.get("alt")) or (figure and not given.get("aria-label")):
            self.unlabelled += 1


def _page(site: Path, path: Path, look: Look, looks: dict[Path, Look]) -> Iterator[str]:
    name = path.relative_to(site).as_posix()
    if look.traceback and (site / "_sources" / name).with_suffix(".ipynb").is_file():  # a guide may show one on purpose
        yield f"{name} shows a traceback"
    if look.unlabelled:
        yield f"{name} has {look.unlabelled} figures without an alternative text; give glue_figure its alt"
    if len(look.figures) != len(set(look.figures)):
        yield f"{name} shows a figure twice; tag the cell that glues it with remove-output"
    yield from (f"{name} loads {url}" for url in look.assets if _REMOTE.match(url))
    for link in dict.fromkeys([*look.links, *look.assets]):
        if not _alive(path, link, looks):
            yield f"{name} links to {link}, which does not exist"


def _alive(path: Path, link: str, looks: dict[Path, Look]) -> bool:
    parts = urlsplit(link)
    if parts.scheme or parts.netloc:
        return True
    target = (path.parent / unquote(parts.path)).resolve() if parts.path else path.resolve()
    if not target.is_file():
        return False
    page = looks.get(path if not parts.path else target)
    return not parts.fragment or page is None or unquote(parts.fragment) in page.ids


def _remote_styles(site: Path) -> Iterator[tuple[Path, str]]:
    for path in sorted(site.rglob("*.css")):
        for url in _REMOTE_IN_STYLE.findall(path.read_text("utf-8", errors="replace")):
            yield path, url


ASSETS = Path(__file__).parent / "assets"
TEMPLATES = Path(__file__).parent / "templates"
LEDGER_PAGE = "chapters/ledger"
FROM_CLAIMS = {
    LEDGER_PAGE: ledger_markdown,
    "chapters/map": map_markdown,
    "chapters/paper": paper_markdown,
    "chapters/corrections": corrections_markdown,
}
"""Pages made from the register and from recorded evidence."""
SPEED_PAGE = "chapters/speed"
GENERATED = (*FROM_CLAIMS, SPEED_PAGE)
MATHJAX = ("tex-mml-chtml.js", "input/tex/extensions", "output/chtml/fonts/woff-v2")
"""What of MathJax a page may ask for: itself, the extensions that a macro loads, the fonts."""


def setup(app: Any) -> dict[str, Any]:
    """Connect everything to Sphinx."""
    app.add_config_value("cl_theory_evidence", None, "env")
    app.connect("config-inited", _configure)
    app.connect("env-get-outdated", lambda *_: [name for name in GENERATED if name in app.env.found_docs])
    app.connect("source-read", _append_generated)
    app.connect("doctree-read", _note_claims)
    app.connect("build-finished", _copy_mathjax)
    app.connect("build-finished", _copy_evidence)
    app.add_css_file("book.css")
    for part in ("opening", "glossary", "playable", "take_away"):
        app.setup_extension(f"cl_theory.proof.reader.{part}")
    app.add_css_file("reader.css")
    app.add_css_file("broken_terms.css")
    app.add_js_file("broken_terms.js", loading_method="defer")
    app.connect("html-page-context", _name_as_shown)
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
    config.templates_path.append(str(TEMPLATES))
    config.html_sidebars = {"**": ["book-title.html", "search-button-field.html", "sbt-sidebar-nav.html"]}
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
    if name == SPEED_PAGE:
        source[0] += "\n\n" + speed_markdown(Checkout(root).benchmarks)
        return
    shown = shown_in(root, app.config.cl_theory_evidence)
    source[0] += "\n\n" + FROM_CLAIMS[name](shown, all_claims(), contents(root))


def contents(root: Path) -> Contents:
    """The chapters of the book in the folder `root`, as its table of contents orders them."""
    titles = {path.stem: page_title(path) for path in sorted((root / "chapters").glob("*.ipynb"))}
    return Contents.read(yaml.safe_load((root / "_toc.yml").read_text("utf-8")), titles)


def _note_claims(app: Any, doctree: Any) -> None:
    # Generated pages are HTML: Sphinx has to be told of claims to link to, and of formulas, or it leaves out MathJax.
    name = app.env.docname
    if name in FROM_CLAIMS:
        app.env.get_domain("math").data["has_equations"][name] = True
    if name == LEDGER_PAGE:
        for entry in all_claims().values():
            place = f"claim-{entry.id}"
            app.env.get_domain("std").note_hyperlink_target(place, name, place, entry.title)


UNSPEAKABLE = (' aria-label="Toggle hidden content"', ' role="doc-biblioentry"', ' role="list" class="citation-list"')
"""Of MyST-NB, a name that hides the text that is shown; of docutils, roles that are not allowed where they stand."""


def _name_as_shown(app: Any, page: str, template: str, context: dict[str, Any], doctree: Any) -> None:
    for attribute in UNSPEAKABLE if "body" in context else ():
        context["body"] = context["body"].replace(attribute, "")


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


def _copy_evidence(app: Any, error: Exception | None) -> None:
    # The ledger offers it for download: every recorded value, of which pages show what can be read.
    evidence = Path(app.config.cl_theory_evidence or Checkout(Path(app.srcdir)).ledger)
    if error is None and app.builder.format == "html" and evidence.is_file():
        shutil.copyfile(evidence, Path(app.outdir) / "_static" / EVIDENCE_FILE)


_WARNING = re.compile(r"WARNING|ERROR|CRITICAL|Error:|Exception")
_COLOUR = re.compile(r"\x1b\[[0-9;]*m")
PAGES = ("*.md", "*.bib", "*.svg", "*.png")


@dataclass
class Rendered:
    """The outcome of rendering; without problems the site is in its place. `kept`: it already was."""

    problems: list[str] = field(default_factory=list)
    kept: bool = False

    @property
    def ok(self) -> bool:
        return not self.problems


def render(checkout: Checkout, report: Report) -> Rendered:
    """Render the executed chapters of a complete, sound `report` and put the site in its place.

    The site stays as it is if it was rendered from the same sources by the same package and versions.
    """
    if not (report.complete and report.ok):
        raise ValueError("only a complete run without problems is rendered")
    source, output = checkout.scratch / "source", checkout.scratch / "rendered"
    for folder in (source, output):
        shutil.rmtree(folder, ignore_errors=True)
    _prepare(checkout, report, source)
    key, note = site_key(source), checkout.build / "site.json"
    if checkout.site.is_dir() and read_json(note) == {"key": key, "site": folder_key(checkout.site)}:
        return Rendered(kept=True)
    status, log = jupyter_book(source, output)
    site = output / "_build" / "html"
    if status != 0:
        return Rendered(_warnings(log, source) or [f"jupyter-book ended with status {status}", log[-2000:]])
    _remove_traces(site)
    problems = site_problems(site, source / "_toc.yml", list(report.collection.records))
    if not problems:
        swap_folder(site, checkout.site, checkout.scratch)
        if site_key(source) == key:  # nobody has edited the package meanwhile
            write_json(note, {"key": key, "site": folder_key(checkout.site)}, checkout.scratch)
    return Rendered(problems)


def site_key(source: Path) -> str:
    """One key for all that the site depends on: its sources in the folder `source`, the package, the versions, the
    repository that it links to."""
    parts = [folder_key(source), package_key(), versions(), public_repository(source)]
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()


def evidence_shown(report: Report, history: Sequence[Mapping[str, Any]] = ()) -> dict[str, Any]:
    """What the generated pages are told about a run; `history` is that of the accepted ledger."""
    seed = report.wish.seed
    return {
        "origin": f"Made from a run of profile <em>{report.wish.profile}</em> with seed {seed.root} ({seed.origin}). "
        f"Its Monte Carlo checks together raise a false alarm with probability at most {report.alpha:.1e}.",
        "claims": assemble(report.collection.records),
        "cells": {name: place.cell for name, place in report.collection.places.items()},
        "history": list(history),
    }


def with_final_verdicts(
    notebook: Mapping[str, Any], judged: Mapping[str, Judgement], shown: Shown | None = None
) -> Mapping[str, Any]:
    """`notebook` with evidence tables that know what their claims rest on, as no chapter alone can.

    With `shown`, the verdicts of all claims, each table is followed by the claims around its own.
    """
    final = copy.deepcopy(notebook)
    for cell in final.get("cells", ()):
        for output in cell.get("outputs", ()):
            record = output.get("data", {}).get(MIME)
            if record is not None:
                entry = claim(record["claim"])
                table = evidence_html(entry, record, judged[entry.id])
                output["data"]["text/html"] = table + (_around(entry, shown) if shown else "")
    return final


def _around(entry: Claim, shown: Shown) -> str:
    claims = all_claims()
    linked = {
        name: f"#evidence-{name}" if other.chapter == entry.chapter else f"{other.chapter}.html#evidence-{name}"
        for name, other in claims.items()
        if name in shown.claims
    }
    linked[entry.id] = f"ledger.html#claim-{entry.id}"
    return neighbours_html(entry, claims, shown, linked=linked)


def _prepare(checkout: Checkout, report: Report, source: Path) -> None:
    keep = shutil.ignore_patterns("*.ipynb", ".ipynb_checkpoints")
    shutil.copytree(checkout.chapters, source / "chapters", ignore=keep)
    for pattern in PAGES:
        for path in checkout.root.glob(pattern):
            shutil.copy2(path, source / path.name)
    for folder in ("assets", "_static", checkout.benchmarks.relative_to(checkout.root)):
        if (checkout.root / folder).is_dir():
            shutil.copytree(checkout.root / folder, source / folder)
    shutil.copy2(checkout.root / "_toc.yml", source / "_toc.yml")
    found = evidence_shown(report, _accepted_history(checkout))
    shown = Shown(found["claims"])
    for name, went in report.executed.items():
        text = notebook_text(with_final_verdicts(went.notebook or {}, report.judged, shown))
        write_whole(source / "chapters" / f"{name}.ipynb", text, checkout.scratch)
    evidence = source / "evidence.json"
    write_json(evidence, found, checkout.scratch)
    write_whole(
        source / "_config.yml", rendering_configuration(checkout.root / "_config.yml", evidence), checkout.scratch
    )


def _accepted_history(checkout: Checkout) -> Sequence[Mapping[str, Any]]:
    try:
        return load(checkout.ledger)["history"]
    except LedgerError:  # a run that compares with nothing may be rendered
        return ()


def rendering_configuration(path: Path, evidence: Path) -> str:
    """The book's configuration without execution, and with the evidence of the run."""
    content = yaml.safe_load(path.read_text("utf-8"))
    content.setdefault("execute", {})["execute_notebooks"] = "off"
    content.setdefault("sphinx", {}).setdefault("config", {})["cl_theory_evidence"] = str(evidence)
    return yaml.safe_dump(content, sort_keys=False)


def jupyter_book(source: Path, output: Path) -> tuple[int, str]:
    """Render the folder `source` into ``output/_build/html``: exit status, and what was said without colours."""
    options = ["--path-output", str(output), "-W", "--keep-going", "-n"]
    path = os.pathsep.join([str(PACKAGE.parent), *filter(None, [os.environ.get("PYTHONPATH")])])
    settings = {"PYTHONPATH": path, "PYTHONHASHSEED": "0", "SOURCE_DATE_EPOCH": "0", "TZ": "UTC", "NO_COLOR": "1"}
    launch = "import sys; from jupyter_book.cli.main import main; sys.exit(main())"
    done = subprocess.run(
        [sys.executable, "-c", launch, "build", str(source), *options],
        env={**os.environ, **settings},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        encoding="utf-8",
        errors="replace",
    )
    return done.returncode, _COLOUR.sub("", done.stdout)


def _warnings(log: str, source: Path) -> list[str]:
    # myst-nb reports a notebook's name with another ending
    lines = [
        line.replace(f"{source}{os.sep}", "").replace(".ip.rst", ".ipynb")
        for line in log.splitlines()
        if _WARNING.search(line)
    ]
    return list(dict.fromkeys(line.strip() for line in lines))[:60]


def _remove_traces(site: Path) -> None:
    # .buildinfo would let plain Jupyter Book, which builds into the same folder, take these pages for its own.
    for name in (".buildinfo", ".buildinfo.bak"):
        (site / name).unlink(missing_ok=True)
    shutil.rmtree(site / "reports", ignore_errors=True)
