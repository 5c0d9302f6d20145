"""The accepted numbers: what counts as a change, and how the file is kept whole."""

from datetime import UTC, date, datetime
from fractions import Fraction

import pytest

from cl_theory.proof.checks.outcome import Outcome
from cl_theory.proof.ledger.evidence import Evidence
from cl_theory.proof.ledger.ledger import LedgerError, load
from cl_theory.proof.ledger.record import plain
from cl_theory.proof.ledger.regression import accept, differences

ID = "isd-strictness"
MONTE_CARLO = {
    "n": 1000,
    "alpha": 5e-7,
    "power": 0.999999,
    "target": [2.0],
    "estimate": [2.01],
    "standard_error": [0.1],
}


def record(*, number=Fraction(1, 3), value=2.0, details=None, printed=1.0, caught=True, extra=False):
    evidence = Evidence(ID)
    planted = {"off by 1 %": Outcome("exact", "red", not caught, {}, 0.0)}
    evidence.add(Outcome("exact", "in rationals", True, {"gap": number}, 0.0, cost=40), controls=planted)
    evidence.add(Outcome("numeric", "in floats", True, {"gap": value}, 1e-10, scale=2.0), controls=planted)
    details = MONTE_CARLO | (details or {})
    evidence.add(Outcome("monte_carlo", "by chance", True, {}, 0.01, scale=2.0, details=details), controls=planted)
    if extra:
        evidence.add(Outcome("exact", "one more", True, {}, 0.0), controls=planted)
    evidence.witness(1, "equality family", fails=Outcome("exact", "red", False, {}, 0.0))
    evidence.printed("excess", printed, 0.1)
    return evidence.record


@pytest.fixture
def accepted(tmp_path):
    """The ledger of an accepted record."""
    path = tmp_path / "claims.json"
    accept(path, {ID: record()}, reason="first")
    return path


def changes(path, content, **how):
    return differences(load(path), {ID: content}, identifiers=[ID], **how)


@pytest.mark.parametrize(
    ("changed", "what"),
    [
        ({"number": Fraction(101, 300)}, "gap"),
        ({"value": 2.0 * (1 + 2e-10)}, "gap"),
        ({"details": {"n": 990}}, "by chance: n"),
        ({"details": {"alpha": 6e-7}}, "alpha"),
        ({"details": {"power": 0.999}}, "power"),
        ({"details": {"target": [2.02]}}, "target"),
        ({"printed": 1.7}, "printed number"),
        ({"caught": False}, "planted error 'off by 1 %' caught"),
        ({"extra": True}, "one more"),
    ],
)
def test_each_kind_of_change_is_seen(accepted, changed, what):
    assert any(what in difference.what for difference in changes(accepted, record(**changed)))


@pytest.mark.parametrize(
    "harmless",
    [{}, {"value": 2.0 * (1 + 5e-11)}, {"details": {"estimate": [1.95]}}, {"printed": 1.5}, {"details": {"n": 4000}}],
)
def test_noise_within_the_rules_is_no_difference(accepted, harmless):
    assert changes(accepted, record(**harmless)) == []


@pytest.mark.parametrize("lost", ["checks", "witnesses", "printed"])
def test_a_fuller_profile_may_add_evidence_and_lose_none(accepted, lost):
    assert changes(accepted, record(extra=True), allow_new=True) == []
    poorer = record()
    poorer[lost] = poorer[lost][1:]
    assert changes(accepted, poorer, allow_new=True)


def test_a_smaller_exact_sample_and_a_missing_claim_are_differences(accepted):
    smaller = record()
    smaller["checks"][0]["cost"] = 39
    assert "systems compared" in str(changes(accepted, smaller)[0])
    assert differences(load(accepted), {}, identifiers=[ID])[0].new is None


def test_acceptance_records_reason_old_and_new(accepted):
    accept(accepted, {ID: record(number=Fraction(1, 4))}, reason="a slip in the constant", identifiers=[ID])
    entry = load(accepted)["history"][-1]
    assert entry["reason"] == "a slip in the constant"
    assert date.fromisoformat(entry["date"]) <= datetime.now(UTC).date()
    assert (entry["changes"][0]["old"], entry["changes"][0]["new"]) == ("1/3", "1/4")


def test_a_new_claim_stands_where_it_is_registered_and_not_at_the_end(accepted):
    earlier = "cl-gradient"
    first = Evidence(earlier)
    planted = {"off by 1 %": Outcome("exact", "red", False, {}, 0.0)}
    first.add(Outcome("exact", "in rationals", True, {}, 0.0), controls=planted)
    accept(accepted, {earlier: first.record}, reason="one more", identifiers=[earlier])
    assert list(load(accepted)["claims"]) == [earlier, ID]


@pytest.mark.parametrize(
    ("how", "message"),
    [
        ({"reason": "  "}, "a reason is needed"),
        ({"reason": "why", "identifiers": ["isd-unbiased"]}, "no evidence for 'isd-unbiased'"),
    ],
)
def test_acceptance_without_a_reason_or_of_other_claims_changes_nothing(tmp_path, how, message):
    with pytest.raises(ValueError, match=message):
        accept(tmp_path / "claims.json", {ID: record()}, **how)
    assert list(tmp_path.iterdir()) == []


def test_a_missing_ledger_names_the_remedy(tmp_path):
    with pytest.raises(LedgerError, match=r"is missing: restore it with 'git checkout"):
        load(tmp_path / "claims.json")


@pytest.mark.parametrize(
    "damage",
    [
        lambda text: text[: len(text) // 2],
        lambda text: "",
        lambda text: "[]",
        lambda text: text.replace('"format": 3', '"format": 99', 1),
        lambda text: text.replace('"verdict": "certified"', '"opinion": "certified"'),
        lambda text: text.replace('"verdict": "certified"', '"verdict": "splendid"'),
    ],
)
def test_a_damaged_ledger_is_refused_and_never_overwritten(accepted, damage):
    whole = accepted.read_text()
    broken = damage(whole)
    accepted.write_text(broken)
    with pytest.raises(LedgerError, match=r"is damaged .*git checkout"):
        load(accepted)
    with pytest.raises(LedgerError):
        accept(accepted, {ID: record()}, reason="again")
    assert accepted.read_text() == broken != whole


@pytest.mark.parametrize("number", [float("nan"), float("inf"), [1.0, float("-inf")]])
def test_no_number_that_is_not_finite_is_recorded(number):
    with pytest.raises(ValueError, match="must be finite"):
        plain(number)


def test_rationals_are_recorded_as_text_and_floats_as_numbers():
    assert plain({"a": Fraction(4, 2), "b": [Fraction(-1, 3), 0.5], "c": 3}) == {"a": "2/1", "b": ["-1/3", 0.5], "c": 3}
