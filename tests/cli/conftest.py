"""The tiny experiment, as the tests of experiments have it."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "experiments"))

from tiny_fixtures import checkout, here_and_now, tiny  # noqa: F401
