"""What a run and a claim look like on the screen."""

import io

import numpy as np
import pytest
from rich.console import Console

from cl_theory.proof.book.checkout import Checkout, GateSeed
from cl_theory.proof.book.execution import Executed
from cl_theory.proof.book.run import Collection, Report, Wish
from cl_theory.proof.checks.criteria import Criterion
from cl_theory.proof.checks.outcome import Outcome
from cl_theory.proof.claim_view import list_claims, show_claim
from cl_theory.proof.display import Display, say_rendered, summarise
from cl_theory.proof.ledger.evidence import Evidence
from cl_theory.proof.ledger.ledger import assemble
from cl_theory.proof.ledger.regression import Difference
from cl_theory.proof.ledger.verdict import Judgement
from cl_theory.proof.reader.rendering import Rendered


@pytest.fixture
def screen():
    return Display(Console(file=io.StringIO(), width=160, highlight=False, soft_wrap=True))


def seen(screen):
    return screen.console.file.getvalue()


def report(**changed):
    judged = {"cl-gradient": Judgement("proved", "symbolic, exact", True)}
    whole = {
        "wish": Wish(GateSeed(7, "commit abc")),
        "executed": {"01_a": Executed("01_a", "executed", 3.5), "02_b": Executed("02_b", "kept", 9.0)},
        "collection": Collection(),
        "judged": judged,
        "alpha": 3e-5,
        "comparisons": 55,
        "differences": [],
        "problems": [],
        "complete": True,
        "compared": True,
    }
    return Report(**{**whole, **changed})


def test_the_summary_counts_chapters_claims_budget_and_differences(screen):
    summarise(report(), screen)
    for words in ("1 executed, 1 kept", "1: 1 proved", "3e-05 of 0.0001 spent", "55 of 80 comparisons"):
        assert words in seen(screen)


def test_every_problem_and_difference_is_listed_with_the_remedy(screen):
    problems = [("02_b", "cell 'x' raised\nline one [not markup]\nZeroDivisionError")]
    differences = [Difference("isd-unbiased", "verdict", "proved", "certified")]
    summarise(report(problems=problems, differences=differences), screen)
    for words in ("02_b: cell 'x' raised", "line one [not markup]", "accepted proved, now certified"):
        assert words in seen(screen)
    assert 'cl-theory accept --reason "..." isd-unbiased' in seen(screen)


def test_a_long_list_of_differences_is_cut_and_says_so(screen):
    summarise(report(differences=[Difference("a", str(i), 0, 1) for i in range(60)]), screen)
    assert "... and 20 more" in seen(screen)


def test_the_sites_path_is_the_last_line(screen, tmp_path):
    say_rendered(Rendered(), Checkout(tmp_path), screen)
    assert seen(screen).splitlines()[-1] == f"the book: {tmp_path / '_build' / 'html' / 'index.html'}"


def test_a_run_that_is_not_rendered_says_why(screen, tmp_path):
    say_rendered(None, Checkout(tmp_path), screen)
    assert "not rendered" in seen(screen)
    say_rendered(Rendered(["page a.html was not written"]), Checkout(tmp_path), screen)
    assert "page a.html was not written" in seen(screen)
    assert "the book:" not in seen(screen)


def test_without_a_terminal_each_chapter_is_one_line(screen):
    with screen:
        screen.prepared(["01_a", "02_b"])
        screen.told("01_a", "running", 0.0)
        screen.told("01_a", "failed", 2.0)
        screen.told("02_b", "kept", 4.0)
    lines = seen(screen).splitlines()
    assert len(lines) == 2
    assert "01_a" in lines[0]
    assert "2.0 s" in lines[0]
    assert "nothing it depends on has changed" in lines[1]


def test_on_a_terminal_the_chapters_are_shown_live():
    console = Console(file=io.StringIO(), width=100, force_terminal=True)
    screen = Display(console)
    with screen:
        screen.prepared(["01_a"])
        screen.told("01_a", "running", 0.0)
        screen.reached("01_a", "proof", 3, 40)
        console.print(screen._table())
        screen.told("01_a", "executed", 2.0)
    assert "cell 3 of 40: proof" in console.file.getvalue()


@pytest.fixture
def ledger():
    def outcome(passed=True, level="exact"):
        return Outcome(level, f"{level} [law]", passed, {"mean": "1/3"}, 0.0)

    evidence = Evidence("isd-unbiased")
    evidence.add(outcome(), controls={"1/b off by 1 %": outcome(False)})
    evidence.add(outcome(level="symbolic"), controls={"a sign": outcome(False)})
    evidence.witness(1, "the coin follows", fails=outcome(False))
    evidence.witness(2, "b = 0", fails=outcome(False))
    return {"claims": assemble({"isd-unbiased": evidence.record})}


def told(show, *what):
    """What `show` prints."""
    console = Console(file=io.StringIO(), width=160)
    show(*what, console)
    return console.file.getvalue()


def test_a_claim_is_shown_with_all_it_has(ledger):
    words = told(show_claim, "isd-unbiased", ledger)
    for part in (
        "ISD is unbiased", "proved", "rests on: cl-gradient (open)", "exact [law]",
        "1/b off by 1 %: caught",
        "without it: the coin follows, as predicted", "mean: 1/3", "Theorem 3.1",
    ):  # fmt: skip
        assert part in words


def test_a_claim_without_evidence_says_so(ledger):
    assert "\nopen: run cl-theory accept" in told(show_claim, "isd-covariance", ledger)


def test_the_list_has_every_claim(ledger):
    words = told(list_claims, ledger)
    assert "proved" in words
    assert "centred-isd-neyman" in words


@pytest.mark.parametrize(
    ("margin", "verdict", "word"), [(2.0, "reproduced", "met"), (0.5, "not reproduced", "contradicted")]
)
def test_an_experiment_is_shown_with_its_criteria_and_effect(register, margin, verdict, word):
    register(Criterion("close", "loss of ISD [nats]", margin, "below", "nats"))
    evidence, noise = Evidence("exp-tiny"), np.linspace(-0.1, 0.1, 20)
    evidence.decide("close", 109 + noise, 108 + noise)
    ledger = {"claims": assemble({"exp-tiny": evidence.record})}
    words = told(show_claim, "exp-tiny", ledger) + told(list_claims, ledger)
    for part in (
        f"{verdict}: an experiment: the data",
        f"Stated before the data were looked at:\n    close: loss of ISD [nats]; must be below {margin:g} nats\n",
        f"experiment {word}: close: loss of ISD [nats]", f"20 + 20 seeds; criterion: below {margin:g} nats",
    ):  # fmt: skip
        assert part in words
    assert "smallest error seen" not in words
