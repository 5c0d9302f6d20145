"""Evidence is read back once per claim, from its own chapter, and from this run."""

import pytest
from tiny_book import FIRST, SECOND, chapter, code, record, shows

from cl_theory.proof.book.run import Place, collect, homeless
from cl_theory.proof.ledger.record import MIME

RUN = {"profile": "smoke", "seed": 20230723}


def collected(claims, **notebooks):
    names = {"first": FIRST, "second": SECOND, "other": "99_other"}
    return collect({names[name]: content for name, content in notebooks.items()}, claims, parameters=RUN)


def only_problem(collection):
    assert len(collection.problems) == 1, collection.problems
    return collection.problems[0]


def test_evidence_is_found_with_its_place(claims):
    found = collected(
        claims,
        second=chapter(shows(record("isd-unbiased"), "b")),
        first=chapter(code("words", "print(1)"), shows(record("cl-gradient"), "a")),
    )
    assert not found.problems
    assert list(found.records) == ["cl-gradient", "isd-unbiased"]
    assert found.places == {"cl-gradient": Place(FIRST, "a"), "isd-unbiased": Place(SECOND, "b")}


def test_a_claim_without_evidence_is_a_problem_of_its_chapter(claims):
    where, problem = only_problem(collected(claims, first=chapter()))
    assert where == FIRST
    assert "'cl-gradient' has no evidence" in problem


def test_a_chapter_without_a_claim_is_a_problem(claims):
    where, problem = only_problem(collected(claims, other=chapter()))
    assert where == "99_other"
    assert "without a claim" in problem


def test_evidence_given_twice_names_both_cells(claims):
    twice = chapter(shows(record("cl-gradient"), "a"), shows(record("cl-gradient"), "b"))
    _, problem = only_problem(collected(claims, first=twice))
    assert "cell 'b'" in problem
    assert "after cell 'a'" in problem


def test_evidence_in_a_strange_chapter_names_the_right_one(claims):
    both = chapter(shows(record("isd-unbiased"), "a"), shows(record("cl-gradient"), "b"))
    _, problem = only_problem(collected(claims, first=both))
    assert f"'isd-unbiased', which is registered for {SECOND}" in problem


def test_evidence_for_an_unknown_claim_is_a_problem(claims):
    strange = {**record("cl-gradient"), "claim": "no-such-claim"}
    found = collected(claims, first=chapter(shows(record("cl-gradient")), shows(strange, "b")))
    assert "unknown claim 'no-such-claim'" in only_problem(found)[1]


@pytest.mark.parametrize("change", [{"format": 99}, {"more": 1}, {"checks": [{"level": "exact"}]}])
def test_a_record_of_another_shape_is_a_problem_and_no_evidence(claims, change):
    found = collected(claims, first=chapter(shows({**record("cl-gradient"), **change}, "a")))
    assert "cell 'a'" in found.problems[0][1]
    assert not found.records


def test_a_record_that_is_no_object_is_a_problem(claims):
    cell = shows(record("cl-gradient"), "a")
    cell["outputs"][0]["data"][MIME] = ["x"]
    assert "must be a JSON object" in collected(claims, first=chapter(cell)).problems[0][1]


@pytest.mark.parametrize("change", [{"seed": 5}, {"profile": "full"}])
def test_evidence_that_ignores_the_parameters_is_a_problem(claims, change):
    found = collected(claims, first=chapter(shows({**record("cl-gradient"), **change}, "a")))
    assert "profile=profile, seed=seed" in found.problems[0][1]


def test_claims_whose_chapter_does_not_exist_are_named(claims):
    assert [chapter for chapter, _ in homeless(claims, {FIRST: None})] == [SECOND]
