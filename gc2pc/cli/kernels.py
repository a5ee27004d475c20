"""Kernels are compiled on first use; commands do it before anything waits for them."""

from __future__ import annotations

from gc2pc.cli.output import kernel_progress


def warm_up(*, quiet: bool) -> None:
    """Compile or load all kernels, with a progress bar unless `quiet`."""
    from gc2pc import kernels

    with kernel_progress(quiet=quiet) as progress:
        kernels.compile_all(progress)
