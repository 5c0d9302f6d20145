"""Random numbers of a training run, addressed by iteration: nothing but the seed has to be remembered."""

import numpy as np

from cl_theory.seeds import stream


class Randomness:
    """Generators of one run, by subject and number; the same whether or not the run was stopped in between.

    Each subject has its own Philox key, drawn from the root seed, and each number its own block of 2**192 counters:
    iteration k never sees a random number of iteration k - 1, however many that one used.
    """

    def __init__(self, seed: int, *path: int) -> None:
        self._seed, self._path = seed, path
        self._parts: dict[int, Randomness] = {}
        self._philox: dict[str, np.random.Philox] = {}
        self._kept: dict[str, tuple[int, np.ndarray]] = {}

    def at(self, subject: str, number: int) -> np.random.Generator:
        """Generator of `subject` at `number`; valid until the subject is asked for again."""
        if subject not in self._philox:
            key = stream(self._seed, "training", subject, *self._path).integers(0, 2**64, size=2, dtype=np.uint64)
            self._philox[subject] = np.random.Philox(key=key)
        philox = self._philox[subject]
        # Setting the counter costs 2 us, a new Philox 20.
        state = philox.state
        state["state"]["counter"] = np.array([0, 0, 0, number], dtype=np.uint64)
        state["buffer_pos"], state["has_uint32"] = len(state["buffer"]), 0
        philox.state = state
        return np.random.Generator(philox)

    def of(self, replica: int) -> "Randomness":
        """Random numbers of one replica of the run, its own whatever the others are."""
        return self._parts.setdefault(replica, Randomness(self._seed, *self._path, replica))

    def keep(self, subject: str, number: int, drawn: np.ndarray) -> None:
        """Hold on to what was drawn, to save drawing it again; only the last number of a subject is held."""
        self._kept[subject] = (number, drawn)

    def kept(self, subject: str, number: int) -> np.ndarray | None:
        """What was kept at this number, None if it has to be drawn."""
        held, drawn = self._kept.get(subject, (None, None))
        return drawn if held == number else None
