"""Settings that every test shares."""

from __future__ import annotations

import sys
from pathlib import Path

from hypothesis import settings

# Tests share code as `tests.reference`. The root goes last, so that `gc2pc` is the installed package.
sys.path.append(str(Path(__file__).resolve().parent.parent))

# Deterministic: the same examples on every machine and run. No deadline: a first call may compile a kernel.
settings.register_profile("gc2pc", derandomize=True, deadline=None, max_examples=50, database=None)
settings.load_profile("gc2pc")
