"""The package's version, read by the build and by `gc2pc --version`."""

__version__ = "0.1.0"
