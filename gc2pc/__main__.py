"""`gc2pc ...` and `python -m gc2pc ...`."""

from __future__ import annotations

import sys


def main() -> None:
    """Run the command line and exit with its code."""
    from gc2pc.cli.main import run

    sys.exit(run(sys.argv[1:]))


if __name__ == "__main__":
    main()
