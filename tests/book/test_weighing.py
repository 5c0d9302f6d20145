"""From evidence to a report: verdicts, the false-alarm budget, the comparison with the ledger."""

import copy

import pytest
from tiny_book import FIRST, SECOND, chapter, decided, record, shows

from cl_theory.proof.book.checkout import BookError, GateSeed
from cl_theory.proof.book.execution import Executed
from cl_theory.proof.book.run import Wish, chapters_of, run, take_over, weigh
from cl_theory.proof.checks.comparisons import FAMILY
from cl_theory.proof.checks.criteria import Criterion
from cl_theory.proof.ledger.ledger import FORMAT, LedgerError, assemble, load

WISH = Wish(GateSeed(20230723, "test"))


def executed(**records):
    names = {"first": FIRST, "second": SECOND}
    return {names[n]: Executed(names[n], "executed", 1.0, chapter(shows(content))) for n, content in records.items()}


def ledger(*identifiers):
    return {"format": FORMAT, "claims": assemble({name: record(name) for name in identifiers}), "history": []}


def report(claims, went, committed, *, complete=True, wish=WISH):
    return weigh(wish, went, claims, {FIRST: None, SECOND: None}, committed, complete=complete)


def both():
    return executed(first=record("cl-gradient"), second=record("isd-unbiased"))


def test_a_run_that_agrees_with_the_ledger_is_fine(claims):
    found = report(claims, both(), ledger("cl-gradient", "isd-unbiased"))
    assert found.ok
    assert {name: verdict.verdict for name, verdict in found.judged.items()} == dict.fromkeys(claims, "proved")


def test_a_red_check_is_a_problem_and_a_difference(claims):
    went = executed(first=record("cl-gradient"), second=record("isd-unbiased", passed=False))
    found = report(claims, went, ledger("cl-gradient", "isd-unbiased"))
    assert any(where == SECOND and "is refuted" in problem for where, problem in found.problems)
    assert any(difference.claim == "isd-unbiased" for difference in found.differences)


@pytest.mark.parametrize(
    ("parent", "words"),
    [
        ({"passed": False}, "'isd-unbiased' is inconclusive: rests on cl-gradient"),
        ({"caught": False}, "'cl-gradient' is vacuous"),
    ],
)
def test_a_claim_that_rests_on_a_red_one_fails_too_and_an_unseen_error_is_a_problem(claims, parent, words):
    went = executed(first=record("cl-gradient", **parent), second=record("isd-unbiased"))
    assert any(words in problem for _, problem in report(claims, went, None).problems)


def test_a_failed_chapter_is_told_once_and_its_claims_are_not_differences(claims):
    went = both()
    went[SECOND] = Executed(SECOND, "failed", 1.0, None, ["cell 'x' raised"])
    found = report(claims, went, ledger("cl-gradient", "isd-unbiased"))
    assert found.problems == [(SECOND, "cell 'x' raised")]
    assert not found.differences


@pytest.mark.parametrize(
    ("accepted", "complete", "differ"),
    [
        (["cl-gradient"], True, ["isd-unbiased"]),
        (["cl-gradient", "isd-unbiased", "isd-covariance"], True, ["isd-covariance"]),
        (["cl-gradient", "isd-covariance"], False, ["isd-unbiased"]),
    ],
    ids=["a claim new to the ledger", "one that is no longer registered", "one chapter looks at its own claims only"],
)
def test_claims_that_the_ledger_and_a_run_do_not_share_are_differences(claims, accepted, complete, differ):
    went = both() if complete else executed(second=record("isd-unbiased"))
    found = report(claims, went, ledger(*accepted), complete=complete)
    assert [difference.claim for difference in found.differences] == differ
    assert not found.problems


def monte_carlo(alpha):
    content = record("cl-gradient")
    check = copy.deepcopy(content["checks"][0])
    check |= {"level": "monte_carlo", "scope": "draws", "details": {"alpha": alpha, "n": 10, "power": 1.0}}
    content["checks"].append(check)
    return content


@pytest.mark.parametrize(
    ("alpha", "told"),
    [(9e-5, None), (2e-4, ("all chapters", "the budget of a run is 0.0001")), (None, (FIRST, "must record its alpha"))],
)
def test_the_budget_of_false_alarms_is_asserted_over_the_run(claims, alpha, told):
    found = report(claims, executed(first=monte_carlo(alpha), second=record("isd-unbiased")), None)
    assert found.ok is (told is None)
    if told is None:
        assert found.alpha == pytest.approx(alpha)
    else:
        assert any(where == told[0] and told[1] in problem for where, problem in found.problems), found.problems


@pytest.mark.parametrize(("comparisons", "fits"), [(FAMILY, True), (FAMILY + 1, False)])
def test_more_comparisons_than_share_the_family_wise_error_are_a_problem(claims, register, comparisons, fits):
    criteria = [Criterion(f"margin {n}", "ISD ends up worse", -n, "above", "nats") for n in range(comparisons)]
    went, entry = both(), register(*criteria)
    went["13_tiny"] = Executed("13_tiny", "executed", 1.0, chapter(shows(decided(entry))))
    found = weigh(WISH, went, {**claims, "exp-tiny": entry}, dict.fromkeys(went), None, complete=True)
    assert found.comparisons == comparisons
    assert found.judged["exp-tiny"].verdict == "reproduced"
    told = [] if fits else [("all chapters", "81 criteria are decided, the family-wise error is shared among 80")]
    assert found.problems == told


def test_a_contradicted_criterion_is_no_problem_and_a_changed_verdict_is_a_difference(experiment):
    before, now = decided(experiment, apart=0.3), decided(experiment, apart=1.0)
    ledger_before = {"format": FORMAT, "claims": assemble({"exp-tiny": before}), "history": []}
    went = {"13_tiny": Executed("13_tiny", "executed", 1.0, chapter(shows(now)))}
    found = weigh(WISH, went, {"exp-tiny": experiment}, {"13_tiny": None}, ledger_before, complete=True)
    assert found.problems == []
    assert ("verdict", "reproduced", "not reproduced") in [(d.what, d.old, d.new) for d in found.differences]


@pytest.mark.parametrize(
    ("wish", "message"),
    [
        ({"profile": "quick"}, "profile must be one of smoke, full, got 'quick'"),
        ({"jobs": 0}, "--jobs must be at least 1, got 0"),
        ({"parameters": {"seed": 3}}, "parameter 'seed' is set with --seed"),
    ],
)
def test_a_wish_that_makes_no_sense_is_refused(wish, message):
    with pytest.raises(BookError, match=message):
        Wish(GateSeed(1, "test"), **wish)


def test_a_missing_ledger_stops_a_run_before_anything_is_executed(book, write, claims):
    write(FIRST, chapter())
    with pytest.raises(LedgerError, match="is missing"):
        run(book, WISH, claims=claims)
    assert not book.build.exists()


def test_accepting_writes_the_ledger_and_keeps_the_reason(book, claims):
    accepted = take_over(book, report(claims, both(), None), reason="first")
    assert accepted.ok
    assert load(book.ledger)["history"][0]["reason"] == "first"
    assert report(claims, both(), load(book.ledger)).ok


def test_nothing_is_accepted_from_a_run_with_problems(book, claims):
    went = executed(first=record("cl-gradient", passed=False), second=record("isd-unbiased"))
    accepted = take_over(book, report(claims, went, None), reason="why not", identifiers=["isd-unbiased"])
    assert not accepted.ok
    assert not book.ledger.exists()


@pytest.mark.parametrize(
    ("wanted", "reason", "error", "message"),
    [
        ([], "a reason", LedgerError, "is damaged"),
        ([], "  ", BookError, "--reason must say why"),
        (["nope"], "a reason", BookError, "unknown claim 'nope'"),
    ],
)
def test_accepting_needs_a_whole_ledger_a_reason_and_known_claims(book, wanted, reason, error, message):
    if error is LedgerError:
        book.ledger.write_text("{", "utf-8")
    with pytest.raises(error, match=message):
        chapters_of(book, wanted, reason)


def test_a_claim_is_accepted_together_with_a_look_at_everything_it_rests_on(book):
    assert chapters_of(book, ["isd-excess-variance"], "r") == [FIRST, SECOND, "03_excess_variance"]
    assert chapters_of(book, [], "r") == []
