"""What the tests of experiments share; those of the command line use it too."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

from tiny_fixtures import checkout, here_and_now, started, tiny, workers  # noqa: F401
