from .evidence import Evidence
from .record import MIME
from .registry import Claim, all_claims, ancestors, claim
from .verdict import MEANING, Judgement, judge, judge_alone

__all__ = [
    "MEANING", "MIME", "Claim", "Evidence", "Judgement", "all_claims", "ancestors", "claim", "judge",
    "judge_alone",
]  # fmt: skip
