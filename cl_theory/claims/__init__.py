"""The register of claims, the evidence they earn, their verdicts, and the regression of their numbers."""

from cl_theory.claims.evidence import Evidence
from cl_theory.claims.record import MIME
from cl_theory.claims.registry import Claim, all_claims, ancestors, claim
from cl_theory.claims.verdict import MEANING, Judgement, judge, judge_alone

__all__ = [
    "MEANING", "MIME", "Claim", "Evidence", "Judgement", "all_claims", "ancestors", "claim", "judge",
    "judge_alone",
]  # fmt: skip
