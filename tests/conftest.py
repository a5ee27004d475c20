"""Settings that every test shares."""

from __future__ import annotations

from hypothesis import settings

# Deterministic: the same examples on every machine and run. No deadline: a first call may compile a kernel.
settings.register_profile("gc2pc", derandomize=True, deadline=None, max_examples=50, database=None)
settings.load_profile("gc2pc")
