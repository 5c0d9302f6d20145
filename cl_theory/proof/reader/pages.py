"""What the generated pages are made from, and two of them: the corrections, and the measured speeds."""

import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from cl_theory.proof.book.build_folder import read_json
from cl_theory.proof.book.checkout import Checkout
from cl_theory.proof.ledger.ledger import LedgerError, load
from cl_theory.proof.ledger.registry import Claim
from cl_theory.proof.ledger.words import chip
from cl_theory.proof.reader.shown import Contents, Shown


def shown_evidence(evidence: Path | None, ledger: Path) -> Shown:
    """What lies in `evidence`, written by the run that renders; else the accepted state in `ledger`."""
    if evidence is not None:
        content = read_json(evidence)
        if content is None:
            raise LedgerError(f"{evidence} is missing or damaged: run 'cl-theory build' again")
        return Shown(content["claims"], content["origin"], content["cells"], content["history"])
    try:
        accepted = load(ledger)
    except LedgerError:
        return Shown()
    origin = "This is the state that <code>data/claims.json</code> has accepted."
    return Shown(accepted["claims"], origin, history=accepted["history"])


@cache
def shown_in(source: Path, evidence: str | None) -> Shown:
    """What the book in the folder `source` shows: see `shown_evidence`. Read once for all pages."""
    return shown_evidence(Path(evidence) if evidence else None, Checkout(source).ledger)


HEADINGS = {
    "refuted": "Wording that is refuted",
    "paper, corrected": "Statements that are true only as restated",
    "paper, sharpened": "Statements that hold in a sharper form",
}
NOT_REPRODUCED = "Experimental statements that were not reproduced"


def corrections_markdown(shown: Shown, claims: Mapping[str, Claim], contents: Contents) -> str:
    """One section a kind of correction and one for the experiments that went otherwise; one entry a claim."""
    parts, titles = [], contents.chapters
    for source, heading in HEADINGS.items():
        found = [entry for entry in claims.values() if entry.source == source]
        if found:
            parts += [f"## {heading}", *(_correction(entry, shown, entry.chapter in titles) for entry in found)]
    missed = [entry for entry in claims.values() if _is_missed(entry, shown)]
    if missed:
        parts += [f"## {NOT_REPRODUCED}", *(_correction(entry, shown, entry.chapter in titles) for entry in missed)]
    return "\n\n".join(parts) + "\n"


def _is_missed(entry: Claim, shown: Shown) -> bool:
    return entry.is_experiment and entry.source == "paper" and shown.verdict_of(entry.id) == "not reproduced"


def _correction(entry: Claim, shown: Shown, linked: bool) -> str:
    what = "The criteria and the data" if entry.is_experiment else "The counterexample and the proof"
    where = f"{what} are in [](./{entry.chapter}.ipynb)." if linked else ""
    return (
        f"### {entry.title}\n\n"
        f"{chip(shown.verdict_of(entry.id))} {_reference(entry)}[its entry in the ledger](#claim-{entry.id})\n\n"
        f":::{{div}} claim-statement\n{shown.statement_of(entry)}\n:::\n\n"
        f"{where}"
    )


def _reference(entry: Claim) -> str:
    return f"The paper's {entry.reference}; " if entry.reference else ""


TITLES = {
    "minibatches": "Networks of useful size",
    "always_on": "Always-on learning",
    "kernels": "Contrastive learners",
    "growth": "How cost grows",
}


def speed_markdown(folder: Path) -> str:
    """One section a measurement; what was not measured has none."""
    parts = []
    for name, title in TITLES.items():
        path = folder / f"{name}.json"
        if path.exists():
            parts += [f"## {title}", _measurement(json.loads(path.read_text("utf-8")))]
    return "\n\n".join(parts) + "\n"


def _measurement(measured: Mapping[str, Any]) -> str:
    parts = [_machine(measured["machine"])]
    if "rows" in measured:
        parts.append(_speed_table(measured["rows"]))
    if measured.get("series"):
        parts.append(_growth(measured["series"]))
    if measured.get("threads"):
        parts.append(_threads(measured["threads"]))
    return "\n\n".join(parts)


def _growth(series: list[Mapping[str, Any]]) -> str:
    """Curves on logarithmic axes; dotted lines have slope one."""
    from cl_theory.proof.figures import style
    from cl_theory.proof.figures.always_on import growth_figure

    style.use()
    drawn = style.inline_svg(growth_figure(series))
    said = "One thread; dotted lines show what cost would be if it grew in proportion. Small work pays for its call."
    return f"```{{raw}} html\n{drawn}\n```\n\n{said}"


def _threads(gains: list[Mapping[str, Any]]) -> str:
    """How many times faster two threads are than one, by the number of replicas."""
    counts = sorted({n for gain in gains for n in gain["replicas"]})
    lines = ["| two threads against one, by replicas | " + " | ".join(map(str, counts)) + " |"]
    lines.append("|---|" + "---:|" * len(counts))
    for gain in gains:
        known = dict(zip(gain["replicas"], gain["gain"], strict=True))
        cells = [f"{known[n]:.2f}" if n in known else "" for n in counts]
        lines.append(f"| {gain['work']} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def _machine(machine: Mapping[str, Any]) -> str:
    versions = ", ".join(f"{name} {version}" for name, version in machine["versions"].items())
    return f"*{machine['processor']}; Python {machine['python']}, {versions}.*"


def _speed_table(rows: list[Mapping[str, Any]]) -> str:
    lines = ["| work | time | times faster than | floor | over the floor |", "|---|---:|---|---:|---:|"]
    for entry in rows:
        floor = _time(entry["floor"]) if "floor" in entry else ""
        over = f"{entry['over_floor']:.2g}" if "over_floor" in entry else ""
        time = _time(entry["nanoseconds"][entry["ours"]])
        lines.append(f"| {entry['work']} | {time} | {_ratios(entry['ratio'])} | {floor} | {over} |")
    return "\n".join(lines)


def _ratios(ratios: Mapping[str, Any]) -> str:
    return "<br>".join(f"{other}: {_spread(ratio)}" for other, ratio in ratios.items())


def _spread(ratio: Mapping[str, Any]) -> str:
    low, high = ratio["quartiles"]
    return f"**{_number(ratio['median'])}** ({_number(low)}–{_number(high)})"


def _number(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


def _time(nanoseconds: float) -> str:
    for limit, factor, unit in ((1e3, 1.0, "ns"), (1e6, 1e3, "µs"), (1e9, 1e6, "ms")):
        if nanoseconds < limit:
            return f"{nanoseconds / factor:.3g} {unit}"
    return f"{nanoseconds / 1e9:.3g} s"
