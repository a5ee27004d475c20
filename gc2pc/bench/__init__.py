"""Measurements of two pinned processes over loopback TCP: the rows of the project's targets."""
