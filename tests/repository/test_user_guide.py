"""The examples of the user guide are run as they stand; printed numbers may differ by a quarter between machines."""

import doctest
import re
from pathlib import Path

import pytest

GUIDE = Path(__file__).parents[2] / "chapters" / "user_guide.md"
NUMBER = re.compile(r"\d+(?:\.\d+)?")


class Near(doctest.OutputChecker):
    """Outputs agree when their words do and their numbers are within a quarter of each other."""

    def check_output(self, want: str, got: str, optionflags: int) -> bool:
        if super().check_output(want, got, optionflags):
            return True
        if NUMBER.sub("#", want) != NUMBER.sub("#", got):
            return False
        pairs = zip(map(float, NUMBER.findall(want)), map(float, NUMBER.findall(got)), strict=True)
        return all(abs(a - b) <= 0.25 * max(a, b) for a, b in pairs)


def examples() -> str:
    return "\n".join(re.findall(r"^```pycon\n(.*?)^```$", GUIDE.read_text("utf-8"), flags=re.MULTILINE | re.DOTALL))


def test_the_examples_of_the_user_guide_do_what_they_say() -> None:
    test = doctest.DocTestParser().get_doctest(examples(), {}, "user_guide", str(GUIDE), 0)
    assert len(test.examples) > 40
    report: list[str] = []
    flags = doctest.ELLIPSIS | doctest.IGNORE_EXCEPTION_DETAIL
    doctest.DocTestRunner(checker=Near(), optionflags=flags).run(test, out=report.append)
    if report:
        pytest.fail("".join(report))


@pytest.mark.parametrize(("want", "got", "same"), [("NLL 140", "NLL 150", True), ("NLL 140", "NLL 200", False)])
def test_numbers_far_apart_are_told_apart(want: str, got: str, same: bool) -> None:
    assert Near().check_output(want, got, 0) is same
