"""The measured speeds in ``data/benchmarks``, as tables and curves in MyST Markdown."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

TITLES = {
    "isd_draws": "Draws of the ISD estimator",
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
            parts += [f"## {title}", _section(json.loads(path.read_text("utf-8")))]
    return "\n\n".join(parts) + "\n"


def _section(measured: Mapping[str, Any]) -> str:
    parts = [_machine(measured["machine"])]
    if "rows" in measured:
        parts.append(_table(measured["rows"]))
    if measured.get("series"):
        parts.append(_growth(measured["series"]))
    if measured.get("threads"):
        parts.append(_threads(measured["threads"]))
    return "\n\n".join(parts)


def _growth(series: list[Mapping[str, Any]]) -> str:
    """Curves on logarithmic axes; dotted lines have slope one."""
    from cl_theory.figures import style
    from cl_theory.figures.growth import growth_figure

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


def _table(rows: list[Mapping[str, Any]]) -> str:
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
