"""Run all benchmarks, or those named: ``python -m benchmarks kernels growth``. Results go to data/benchmarks."""

import sys
from importlib import import_module

NAMES = ("minibatches", "kernels", "growth", "always_on")


def main(names: list[str]) -> None:
    """One after the other, in one process."""
    unknown = [name for name in names if name not in NAMES]
    if unknown:
        raise SystemExit(f"unknown benchmark {', '.join(unknown)}; there are {', '.join(NAMES)}")
    for name in names or NAMES:
        print(f"-- {name}", flush=True)
        import_module(f"benchmarks.{name}").main()


if __name__ == "__main__":
    main(sys.argv[1:])
