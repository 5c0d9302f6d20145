"""Papermill's own engine, which also says which cell it begins."""

from collections.abc import Callable
from typing import Any

from papermill.engines import NBClientEngine, papermill_engines

NAME = "cl-theory"


def telling_engine(tell: Callable[[dict[str, Any]], None]) -> str:
    """Register the engine and return its name; `tell` gets ``{"cell": id, "number": ..., "of": ...}`` at each cell."""

    class TellingEngine(NBClientEngine):
        @classmethod
        def execute_managed_notebook(cls, nb_man: Any, kernel_name: str, **settings: Any) -> Any:
            begin, count = nb_man.cell_start, len(nb_man.nb.cells)

            def cell_start(cell: Any, cell_index: int | None = None, **more: Any) -> Any:
                tell({"cell": cell.get("id", ""), "number": (cell_index or 0) + 1, "of": count})
                return begin(cell, cell_index, **more)

            nb_man.cell_start = cell_start
            return super().execute_managed_notebook(nb_man, kernel_name, **settings)

    papermill_engines.register(NAME, TellingEngine)
    return NAME
