"""Evidence is read back once per claim, from its own chapter, and from this run."""

import pytest
from tiny_book import FIRST, SECOND, chapter, code, record, shows

from cl_theory.proof.book.run import Place, collect, homeless
from cl_theory.proof.ledger.record import MIME

RUN = {"profile": "smoke", "seed": 20230723}


def collected(claims, **notebooks):
    names = {"first": FIRST, "second": SECOND, "other": "99_other"}
    return collect({names[name]: content for name, content in notebooks.items()}, claims, parameters=RUN)


def test_evidence_is_found_with_its_place(claims):
    found = collected(
        claims,
        second=chapter(shows(record("isd-unbiased"), "b")),
        first=chapter(code("words", "print(1)"), shows(record("cl-gradient"), "a")),
    )
    assert not found.problems
    assert list(found.records) == ["cl-gradient", "isd-unbiased"]
    assert found.places == {"cl-gradient": Place(FIRST, "a"), "isd-unbiased": Place(SECOND, "b")}


def gradient(cell="evidence", **changed):
    return shows({**record("cl-gradient"), **changed}, cell)


@pytest.mark.parametrize(
    ("notebooks", "where", "words"),
    [
        ({"first": []}, FIRST, ["'cl-gradient' has no evidence"]),
        ({"other": []}, "99_other", ["without a claim"]),
        ({"first": [gradient("a"), gradient("b")]}, FIRST, ["cell 'b'", "after cell 'a'"]),
        (
            {"first": [shows(record("isd-unbiased"), "a"), gradient("b")]},
            FIRST,
            [f"'isd-unbiased', which is registered for {SECOND}"],
        ),
        ({"first": [gradient(), gradient("b", claim="no-such-claim")]}, FIRST, ["unknown claim 'no-such-claim'"]),
    ],
    ids=["none", "no claim", "twice", "of another chapter", "of an unknown claim"],
)
def test_what_is_wrong_with_evidence_is_told_with_its_chapter(claims, notebooks, where, words):
    ((told, problem),) = collected(claims, **{n: chapter(*cells) for n, cells in notebooks.items()}).problems
    assert told == where
    assert all(word in problem for word in words)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"format": 99}, "cell 'a'"),
        ({"more": 1}, "cell 'a'"),
        ({"checks": [{"level": "exact"}]}, "cell 'a'"),
        ({"seed": 5}, "profile=profile, seed=seed"),
        ({"profile": "full"}, "profile=profile, seed=seed"),
    ],
)
def test_a_record_of_another_shape_or_run_is_a_problem_and_no_evidence(claims, change, words):
    found = collected(claims, first=chapter(gradient("a", **change)))
    assert words in found.problems[0][1]
    assert not found.records


def test_a_record_that_is_no_object_is_a_problem(claims):
    cell = gradient("a")
    cell["outputs"][0]["data"][MIME] = ["x"]
    assert "must be a JSON object" in collected(claims, first=chapter(cell)).problems[0][1]


def test_claims_whose_chapter_does_not_exist_are_named(claims):
    assert [chapter for chapter, _ in homeless(claims, {FIRST: None})] == [SECOND]
