"""What each experimental claim asks of the data, stated before the comparisons were run.

Losses on bars and stripes are sums over the 32 rows, in nats: a model that has learned nothing has 354.9 (16 log 2 a
row), none can be better than 108.1; "a tenth of the way" is a tenth of the 246.8 between. Errors are shares of test
rows. Curves are compared at equal phases unless a criterion says otherwise; each estimator has its own tuned rate.
"""

from collections.abc import Mapping
from types import MappingProxyType

from cl_theory.checks.criteria import Criterion

WAY = 246.8
"""Nats from a model that has learned nothing to the best there can be, 32 rows of bars and stripes."""

TENTH, TWENTIETH = round(WAY / 10, 1), round(WAY / 20, 1)


def _nats(name: str, statement: str, margin: float, direction: str) -> Criterion:
    return Criterion(name, statement, margin, direction, unit="nats")  # type: ignore[arg-type]


def _error(name: str, statement: str, margin: float, direction: str) -> Criterion:
    return Criterion(name, statement, margin, direction, unit="of test rows")  # type: ignore[arg-type]


def _factor(name: str, statement: str, margin: float, direction: str) -> Criterion:
    """An effect in natural logarithms, so that 0 is a factor of 1."""
    return Criterion(name, statement, margin, direction, unit="log units")  # type: ignore[arg-type]


_STATED: dict[str, tuple[Criterion, ...]] = {
    "exp-bars-comparable": (
        _nats("ISD - two-term", "final loss of ISD less that of two-term learning", TWENTIETH, "below"),
    ),
    "exp-bars-noisier": (
        _factor("roughness", "log roughness of ISD's curves less that of two-term learning", 0.0, "above"),
    ),
    "exp-bars-rate": (
        _factor("lower", "log of the best rate of ISD less that of two-term learning, by seed", 0.0, "below"),
        _factor("slightly", "the same: ISD's best rate is less than four times lower", -1.386, "above"),
    ),
    "exp-bars-slower": (
        _factor("time", "log phases to three quarters of the way, ISD less two-term learning", 0.0, "above"),
        _factor("slightly", "the same: ISD takes less than twice as long", 0.693, "below"),
    ),
    "exp-bars-centred": (
        _nats("centred - two-term", "final loss of centred ISD less that of two-term learning", TWENTIETH, "within"),
        _factor("roughness", "log roughness, centred ISD less ISD at the same rate", 0.0, "below"),
    ),
    "exp-bars-samplers": (
        _nats("two-term, cd", "final loss of two-term learning, CD-200 less persistent chain", TWENTIETH, "within"),
        _nats("isd, cd", "final loss of ISD, CD-200 less persistent chain", TWENTIETH, "within"),
        _nats("isd, carried-over", "final loss of ISD, carried-over less persistent chain", TWENTIETH, "within"),
        _nats("b = 0.2", "final loss of ISD at b = 0.2, carried-over less persistent chain", TWENTIETH, "within"),
    ),
    "exp-mnist-comparable": (
        _error("ISD - two-term", "final test error of ISD less that of two-term learning", 0.05, "below"),
    ),
    "exp-mnist-noisier": (
        _factor("roughness", "log roughness of ISD's error curves less that of two-term learning", 0.0, "above"),
    ),
    "exp-mnist-slower": (
        _factor("time", "log phases to a test error of one half, ISD less two-term learning", 0.0, "above"),
        _factor("slightly", "the same: ISD takes less than twice as long", 0.693, "below"),
    ),
    "exp-mnist-centred": (
        _error("centred - ISD", "final test error of centred ISD less that of ISD", 0.0, "below"),
        _error("centred - two-term", "final test error, centred ISD less two-term learning", 0.02, "below"),
    ),
    "exp-ff-comparable": (
        _error("SGD", "SGD: final test error of ISD less that of two-term learning", 0.02, "below"),
        _error("Adam", "Adam: final test error of ISD less that of two-term learning", 0.02, "below"),
    ),
    "exp-ff-noisier": (
        _factor("SGD", "SGD: log roughness of ISD's error curves less that of two-term learning", 0.0, "above"),
        _factor("Adam", "Adam: log roughness of ISD's error curves less that of two-term learning", 0.0, "above"),
    ),
    "exp-ff-slower": (
        _factor("SGD", "SGD: log phases to a test error of one tenth, ISD less two-term learning", 0.0, "above"),
        _factor("Adam", "Adam: log phases to a test error of one tenth, ISD less two-term learning", 0.0, "above"),
    ),
    "exp-b-robust": (
        *(_nats(f"bars, b = {b:g}", f"final loss at b = {b:g} less that at the best b of the grid", TENTH, "below")
          for b in (0.2, 0.35, 0.5, 0.65, 0.8)),
        *(_error(f"MNIST, b = {b:g}", f"final test error at b = {b:g} less that at the best b of the grid", 0.1, "below")
          for b in (0.2, 0.35, 0.5, 0.65, 0.8)),
    ),
    "exp-b-best": (
        _nats("bars", "final loss at b = 0.2 and 0.35 less that at b = 0.65 and 0.8", 0.0, "below"),
        _error("MNIST", "final test error at b = 0.65 and 0.8 less that at b = 0.2 and 0.35", 0.0, "below"),
        _nats("bars, not one half", "final loss at the best other b less that at b = 1/2, chosen on other seeds", 0.0, "below"),
        _error("MNIST, not one half", "test error at the best other b less that at 1/2, chosen on other seeds", 0.0, "below"),
    ),
    "exp-variance-picks-b": (
        Criterion("bars", "rank correlation over b of variance and final loss, by seed", 0.5, "above", measure="mean"),
        Criterion("MNIST", "rank correlation over b of variance and test error, by seed", 0.5, "above", measure="mean"),
        _nats("bars, the b of least variance", "final loss at the grid's b of least variance less that at the best b", TWENTIETH, "below"),
    ),
    "exp-always-on": (
        _nats("fixed", "final loss, always-on with fixed T less learning at the end of phases", TENTH, "below"),
        _nats("geometric", "final loss, always-on with geometric T less learning at the end of phases", TENTH, "below"),
    ),
    "exp-always-on-random": (
        _nats("geometric - fixed", "final loss of always-on learning, geometric less fixed T", 0.0, "above"),
        _nats("uniform - fixed", "final loss of always-on learning, uniform on T/2 to 3T/2 less fixed T", TWENTIETH, "within"),
    ),
    "exp-always-on-centred": (
        _nats("fixed", "final loss of always-on learning with fixed T, centred less without a baseline", 0.0, "below"),
        _nats("geometric", "final loss of always-on learning with geometric T, centred less without", 0.0, "below"),
    ),
    "exp-data-for-compute": (
        _factor("data", "log rows of data to three quarters of the way, b = 0.2 less b = 0.5", 0.0, "below"),
        _factor("compute", "log phases to three quarters of the way, b = 0.2 less b = 0.5", 0.0, "above"),
    ),
    "exp-boltzmann-comparable": (
        _nats("ISD - two-term", "classic Boltzmann machine: final loss of ISD less two-term learning", TWENTIETH, "below"),
    ),
    "exp-scripts": (
        _error("weights by outcome, b = 0.2", "forward-forward: test error with weights 1 less stated weights", 0.0, "above"),
        _error("weights by outcome, b = 0.8", "forward-forward: test error with weights 1 less stated weights", 0.0, "above"),
        _error("true labels among negatives", "forward-forward: test error with 10 % true negatives less without", 0.0, "above"),
        _nats("warm start", "ISD from the weights that two-term learning left less ISD from a fresh start", 0.0, "below"),
        _nats("offline, b = 0.2", "ISD that stops after n positive phases less ISD at the same nominal rate", 0.0, "above"),
    ),
}  # fmt: skip

STATED: Mapping[str, tuple[Criterion, ...]] = MappingProxyType(_STATED)


def stated(claim: str) -> tuple[Criterion, ...]:
    """The criteria of an experimental claim, in the order in which a chapter decides them; KeyError without any."""
    try:
        return STATED[claim]
    except KeyError:
        raise KeyError(f"no criteria are stated for {claim!r}; there are some for: {', '.join(STATED)}") from None
