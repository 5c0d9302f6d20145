"""A client of Dask that cleans up after itself where it cannot be made."""

from typing import Any

from distributed import Client


class ClosingClient(Client):
    """Closed at once where its scheduler is not reached.

    Dask leaves that to the garbage collector. It may come to it in the thread that the next client starts, and close
    the old one there, which needs a lock that the next client's maker holds while it waits for that thread: Dask gives
    up after ten seconds, with an AssertionError.
    """

    def __init__(self, address: Any, **options: Any) -> None:
        try:
            super().__init__(address, **options)
        except BaseException:
            self.close()
            raise
