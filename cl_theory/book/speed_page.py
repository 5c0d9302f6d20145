"""The measured speeds in ``data/benchmarks``, as tables and curves in MyST Markdown."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

TITLES = {
    "isd_draws": "Draws of the ISD estimator",
    "always_on": "Always-on learning",
    "kernels": "Contrastive learners",
    "scaling": "How cost grows",
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
    return "\n\n".join([_machine(measured["machine"]), _table(measured["rows"])])


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
