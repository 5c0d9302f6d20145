"""What a run tells whoever is watching."""

from typing import Literal

State = Literal["waiting", "running", "executed", "kept", "failed"]


class Listener:
    """Told how a run goes, from several threads; this one does not care."""

    def prepared(self, names: list[str]) -> None:
        """The chapters that take part are known."""

    def told(self, name: str, state: State, seconds: float) -> None:
        """A chapter changed its state; `seconds` is what its execution took, 0 while it runs."""

    def reached(self, name: str, cell: str, number: int, of: int) -> None:
        """A running chapter began its cell `cell`, the `number`-th of `of`."""
