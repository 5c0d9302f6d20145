"""From executed chapters to the site: a copy of the sources, Jupyter Book, a look at the result, one swap."""

import copy
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from cl_theory.book.checkout import Checkout
from cl_theory.book.copies import notebook_text
from cl_theory.book.environment import PACKAGE
from cl_theory.book.files import swap_folder, write_json, write_whole
from cl_theory.book.run import Report
from cl_theory.book.site_check import site_problems
from cl_theory.claims.ledger import assemble
from cl_theory.claims.record import MIME
from cl_theory.claims.registry import claim
from cl_theory.claims.table import evidence_html
from cl_theory.claims.verdict import Judgement

_WARNING = re.compile(r"WARNING|ERROR|CRITICAL|Error:|Exception")
_COLOUR = re.compile(r"\x1b\[[0-9;]*m")
PAGES = ("*.md", "*.bib", "*.svg", "*.png")


@dataclass
class Rendered:
    """The outcome of rendering; without problems the site is in its place."""

    problems: list[str] = field(default_factory=list)

    @property
    def ok(self) -> bool:
        return not self.problems


def render(checkout: Checkout, report: Report) -> Rendered:
    """Render the executed chapters of a complete, sound `report` and put the site in its place."""
    if not (report.complete and report.ok):
        raise ValueError("only a complete run without problems is rendered")
    source, output = checkout.scratch / "source", checkout.scratch / "rendered"
    for folder in (source, output):
        shutil.rmtree(folder, ignore_errors=True)
    _prepare(checkout, report, source)
    status, log = _jupyter_book(source, output)
    site = output / "_build" / "html"
    if status != 0:
        return Rendered(_warnings(log, source) or [f"jupyter-book ended with status {status}", log[-2000:]])
    _remove_traces(site)
    problems = site_problems(site, source / "_toc.yml", list(report.collection.records))
    if not problems:
        swap_folder(site, checkout.site, checkout.scratch)
    return Rendered(problems)


def evidence_shown(report: Report) -> dict[str, Any]:
    """What the generated pages are told about a run."""
    seed = report.wish.seed
    return {
        "origin": f"Made from a run of profile <em>{report.wish.profile}</em> with seed {seed.root} ({seed.origin}). "
        f"Its Monte Carlo checks together raise a false alarm with probability at most {report.alpha:.1e}.",
        "claims": assemble(report.collection.records),
        "cells": {name: place.cell for name, place in report.collection.places.items()},
    }


def with_final_verdicts(notebook: Mapping[str, Any], judged: Mapping[str, Judgement]) -> Mapping[str, Any]:
    """`notebook` with evidence tables that know what their claims rest on, as no chapter alone can."""
    final = copy.deepcopy(notebook)
    for cell in final.get("cells", ()):
        for output in cell.get("outputs", ()):
            record = output.get("data", {}).get(MIME)
            if record is not None:
                output["data"]["text/html"] = evidence_html(claim(record["claim"]), record, judged[record["claim"]])
    return final


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
    for name, went in report.executed.items():
        text = notebook_text(with_final_verdicts(went.notebook or {}, report.judged))
        write_whole(source / "chapters" / f"{name}.ipynb", text, checkout.scratch)
    evidence = source / "evidence.json"
    write_json(evidence, evidence_shown(report), checkout.scratch)
    write_whole(
        source / "_config.yml", rendering_configuration(checkout.root / "_config.yml", evidence), checkout.scratch
    )


def rendering_configuration(path: Path, evidence: Path) -> str:
    """The book's configuration without execution, and with the evidence of the run."""
    content = yaml.safe_load(path.read_text("utf-8"))
    content.setdefault("execute", {})["execute_notebooks"] = "off"
    content.setdefault("sphinx", {}).setdefault("config", {})["cl_theory_evidence"] = str(evidence)
    return yaml.safe_dump(content, sort_keys=False)


def _jupyter_book(source: Path, output: Path) -> tuple[int, str]:
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
