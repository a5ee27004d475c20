"""`gc2pc ...` and `python -m gc2pc ...`."""

from __future__ import annotations

import gc
import sys


def main() -> None:
    """Run the command line and exit with its code."""
    from gc2pc.cli.main import run

    code = run(sys.argv[1:])
    # Everything that needs an end has had it. Python would search all that is left for cycles, twice.
    gc.freeze()
    sys.exit(code)


if __name__ == "__main__":
    main()
