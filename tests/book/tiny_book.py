"""Parts of a tiny book: notebooks as JSON, evidence for two registered claims."""

import copy
from inspect import getsource
from typing import Any

import numpy as np

from cl_theory.proof.checks.outcome import Outcome
from cl_theory.proof.ledger.evidence import Evidence
from cl_theory.proof.ledger.record import MIME
from cl_theory.proof.ledger.registry import Claim

PARAMETERS = 'profile = "smoke"\nseed = 20230723'
FIRST, SECOND = "01_contrastive_gradients", "02_isd_unbiased"
KERNEL = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}


def code(identifier: str, source: str, *outputs: dict[str, Any], tags: tuple[str, ...] = ()) -> dict[str, Any]:
    """A code cell; with outputs it counts as executed."""
    count = 1 if outputs else None
    return {
        "cell_type": "code",
        "id": identifier,
        "source": source,
        "outputs": list(outputs),
        "execution_count": count,
        "metadata": {"tags": list(tags)} if tags else {},
    }


def text(identifier: str, source: str) -> dict[str, Any]:
    """A Markdown cell."""
    return {"cell_type": "markdown", "id": identifier, "source": source, "metadata": {}}


def notebook(*cells: dict[str, Any]) -> dict[str, Any]:
    """A notebook of format 4.5."""
    return {"nbformat": 4, "nbformat_minor": 5, "metadata": KERNEL, "cells": list(cells)}


def chapter(*cells: dict[str, Any]) -> dict[str, Any]:
    """A notebook with a cell of parameters."""
    return notebook(code("parameters", PARAMETERS, tags=("parameters", "remove-input")), *cells)


def outcome(passed: bool | None = True, level: str = "exact", scope: str = "one law") -> Outcome:
    """A check as a chapter would have made it."""
    return Outcome(level, scope, passed, {"mean": "1/3"}, 0.0)


def evidence_for(identifier: str, *, profile="smoke", seed=20230723, passed=True, caught=True) -> Evidence:
    """Evidence for a registered claim: symbolic and exact, with a witness for each assumption."""
    evidence = Evidence(identifier, profile=profile, seed=seed)
    evidence.add(outcome(level="symbolic", scope="the formula"), controls={"a sign": outcome(False)})
    evidence.add(outcome(passed), controls={"1/b off by 1 %": outcome(not caught)})
    for number in range(1, len(evidence.claim.assumptions) + 1):
        evidence.witness(number, f"without {number}", fails=outcome(False), predicted=outcome())
    return evidence


def record(identifier: str, **how: Any) -> dict[str, Any]:
    """What `evidence_for` has recorded."""
    return copy.deepcopy(evidence_for(identifier, **how).record)


def decided(entry: Claim, apart: float = 1.0) -> dict[str, Any]:
    """Evidence for an experiment: each of its criteria on 20 seeds an arm, whose true difference is `apart`."""
    evidence, rng = Evidence(entry.id), np.random.default_rng(20230723)
    a, b = rng.normal(108 + apart, 0.1, 20), rng.normal(108, 0.1, 20)
    for criterion in entry.criteria:
        evidence.decide(criterion.name, a, b)
    return copy.deepcopy(evidence.record)


def shows(content: dict[str, Any], cell: str = "evidence") -> dict[str, Any]:
    """An executed cell that shows `content` as evidence."""
    data = {MIME: content, "text/html": f'<div id="evidence-{content["claim"]}"></div>', "text/plain": "evidence"}
    return code(cell, "evidence", {"output_type": "execute_result", "execution_count": 1, "metadata": {}, "data": data})


def evidence_cell(identifier: str) -> dict[str, Any]:
    """A cell that makes the same evidence as `record` when it is executed."""
    imports = (
        "from cl_theory.proof.checks.outcome import Outcome\nfrom cl_theory.proof.ledger.evidence import Evidence\n"
    )
    source = imports + getsource(outcome) + getsource(evidence_for)
    return code(f"evidence-{identifier}", f"{source}evidence_for({identifier!r}, profile=profile, seed=seed)")
