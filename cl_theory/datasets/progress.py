"""Progress of a download, in the form that pooch asks for."""

from rich.progress import BarColumn, DownloadColumn, Progress, Task, TextColumn, TransferSpeedColumn


class DownloadBar:
    """A bar with `total`, `update`, `reset` and `close`; it stays silent where there is no terminal."""

    def __init__(self, name: str) -> None:
        columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TransferSpeedColumn())
        self._progress = Progress(*columns, transient=True)
        self._task = self._progress.add_task(name, total=None)
        self.total = 0

    @property
    def task(self) -> Task:
        """Bytes so far, and in all."""
        return self._progress.tasks[0]

    def update(self, n_bytes: int) -> None:
        """Count `n_bytes` more; the bar appears with the first of them."""
        self._progress.start()
        self._progress.update(self._task, advance=n_bytes, total=self.total or None)

    def reset(self) -> None:
        """Go back to nothing (pooch does so before it fills the bar up)."""
        self._progress.reset(self._task)

    def close(self) -> None:
        """Take the bar off the screen."""
        self._progress.stop()
