"""Which phase comes next: orders of n phases, drawn or listed with their exact law."""

from dataclasses import dataclass
from fractions import Fraction
from itertools import combinations, pairwise, product
from math import comb, floor
from typing import Any, Literal

import numpy as np

from cl_theory.arguments import positive_integer, probability_inside

Support = list[tuple[Any, np.ndarray]]
CountLaw = list[tuple[int, Any]]
MAX_ORDERS = 2**16
"""Longest list of orders that `enumerate` will make."""


@dataclass(frozen=True)
class Bernoulli:
    """Each phase is positive with probability b, independently: plain ISD."""

    p_positive: Any

    def __post_init__(self) -> None:
        probability_inside(self.p_positive)

    def indicators(self, rng: np.random.Generator, n_phases: int, n_repeats: int) -> np.ndarray:
        """B_k for `n_repeats` independent orders, bool (n_repeats, n_phases)."""
        return rng.random((n_repeats, n_phases)) < float(self.p_positive)

    def count_variance(self, n_phases: int) -> Any:
        """Var N = n b (1-b), N the number of positive phases."""
        return positive_integer(n_phases, "n_phases") * self.p_positive * (1 - self.p_positive)

    def count_law(self, n_phases: int) -> CountLaw:
        """Binomial law of N as pairs (N, probability)."""
        n, b = positive_integer(n_phases, "n_phases"), self.p_positive
        return [(count, comb(n, count) * b**count * (1 - b) ** (n - count)) for count in range(n + 1)]

    def enumerate(self, n_phases: int) -> Support:
        """All orders with their probabilities."""
        _few_enough(2 ** positive_integer(n_phases, "n_phases"))
        orders = [np.array(bits, dtype=bool) for bits in product((True, False), repeat=n_phases)]
        return [(_coin_probability(order, self.p_positive), order) for order in orders]


@dataclass(frozen=True)
class Alternating:
    """Positive and negative phases in turn, as in classical contrastive learning; b = 1/2.

    `first` says which comes first: "random" (a fair coin, so that every single phase has b = 1/2), "positive" or
    "negative". With an odd number of phases only "random" has E N = nb.
    """

    first: Literal["random", "positive", "negative"] = "random"

    def __post_init__(self) -> None:
        if self.first not in ("random", "positive", "negative"):
            raise ValueError(f'first must be "random", "positive" or "negative", got {self.first!r}')

    @property
    def p_positive(self) -> Fraction:
        """b = 1/2."""
        return Fraction(1, 2)

    def indicators(self, rng: np.random.Generator, n_phases: int, n_repeats: int) -> np.ndarray:
        """B_k for `n_repeats` independent orders, bool (n_repeats, n_phases)."""
        coin = rng.random(n_repeats) < 0.5 if self.first == "random" else np.full(n_repeats, self.first == "positive")
        return coin[:, None] ^ (np.arange(n_phases) % 2 == 1)

    def count_variance(self, n_phases: int) -> Fraction:
        """Var N: 0 for an even number of phases or a fixed first phase, else 1/4."""
        odd = positive_integer(n_phases, "n_phases") % 2
        return Fraction(odd if self.first == "random" else 0, 4)

    def count_law(self, n_phases: int) -> CountLaw:
        """Law of N as pairs (N, probability)."""
        half, odd = divmod(positive_integer(n_phases, "n_phases"), 2)
        if odd and self.first == "random":
            return [(half, Fraction(1, 2)), (half + 1, Fraction(1, 2))]
        return [(half + (odd if self.first == "positive" else 0), Fraction(1))]

    def enumerate(self, n_phases: int) -> Support:
        """The one or two orders with their probabilities."""
        start = np.arange(positive_integer(n_phases, "n_phases")) % 2 == 0
        if self.first == "random":
            return [(Fraction(1, 2), start), (Fraction(1, 2), ~start)]
        return [(Fraction(1), start if self.first == "positive" else ~start)]


class _NearestCounts:
    """Orders whose count of positive phases is always one of the two whole numbers next to nb."""

    p_positive: Any

    def count_variance(self, n_phases: int) -> Any:
        """Var N = {nb}(1-{nb}): 0 when nb is an integer, and at most 1/4 however many phases."""
        _, fraction = _whole_and_fraction(self.p_positive, n_phases)
        return fraction * (1 - fraction)

    def count_law(self, n_phases: int) -> CountLaw:
        """Law of N as pairs (N, probability): the floor of nb or the next integer."""
        return _floor_or_next(self.p_positive, n_phases)


@dataclass(frozen=True)
class Stratified(_NearestCounts):
    """A fixed number nb of positive phases in random places; where nb is no integer, its floor or the next.

    The larger count is taken with probability {nb}, the fractional part, so that every phase has probability b.
    """

    p_positive: Any

    def __post_init__(self) -> None:
        probability_inside(self.p_positive)

    def indicators(self, rng: np.random.Generator, n_phases: int, n_repeats: int) -> np.ndarray:
        """B_k for `n_repeats` independent orders, bool (n_repeats, n_phases)."""
        low, fraction = _whole_and_fraction(self.p_positive, n_phases)
        count = low + (rng.random(n_repeats) < float(fraction))
        places = np.tile(np.arange(n_phases), (n_repeats, 1))
        return rng.permuted(places, axis=1) < count[:, None]

    def enumerate(self, n_phases: int) -> Support:
        """All orders with their probabilities."""
        possible = self.count_law(n_phases)
        _few_enough(sum(comb(n_phases, count) for count, _ in possible))
        return [
            (probability / comb(n_phases, count), np.isin(np.arange(n_phases), places))
            for count, probability in possible
            for places in combinations(range(n_phases), count)
        ]


@dataclass(frozen=True)
class Systematic(_NearestCounts):
    r"""Evenly spread positive phases: :math:`B_k = \lfloor U + bk \rfloor - \lfloor U + b(k-1) \rfloor`, U uniform."""

    p_positive: Any

    def __post_init__(self) -> None:
        probability_inside(self.p_positive)

    def indicators(self, rng: np.random.Generator, n_phases: int, n_repeats: int) -> np.ndarray:
        """B_k for `n_repeats` independent orders, bool (n_repeats, n_phases)."""
        steps = rng.random(n_repeats)[:, None] + float(self.p_positive) * np.arange(n_phases + 1)
        return np.diff(np.floor(steps), axis=1) > 0

    def enumerate(self, n_phases: int) -> Support:
        """All orders with their probabilities: one for each interval of U on which no floor changes."""
        steps = [self.p_positive * k for k in range(positive_integer(n_phases, "n_phases") + 1)]
        cuts = sorted({0, 1, *((-step) % 1 for step in steps)})
        return [(high - low, _systematic_order((low + high) / 2, steps)) for low, high in pairwise(cuts)]


def _coin_probability(order: np.ndarray, p_positive: Any) -> Any:
    count = int(order.sum())
    return p_positive**count * (1 - p_positive) ** (len(order) - count)


def _systematic_order(offset: Any, steps: list[Any]) -> np.ndarray:
    return np.diff([floor(offset + step) for step in steps]) > 0


def _whole_and_fraction(p_positive: Any, n_phases: int) -> tuple[int, Any]:
    """(floor, fractional part) of nb; a float nb within rounding of an integer counts as that integer."""
    expected = positive_integer(n_phases, "n_phases") * p_positive
    nearest = round(expected)
    if isinstance(expected, float) and abs(expected - nearest) < 1e-9:
        return nearest, 0.0
    return floor(expected), expected - floor(expected)


def _floor_or_next(p_positive: Any, n_phases: int) -> CountLaw:
    low, fraction = _whole_and_fraction(p_positive, n_phases)
    return [(low, 1 - fraction)] + ([(low + 1, fraction)] if fraction > 0 else [])


def _few_enough(n_orders: int) -> None:
    if n_orders > MAX_ORDERS:
        raise ValueError(f"at most {MAX_ORDERS} orders can be listed, got {n_orders}; use fewer phases")
