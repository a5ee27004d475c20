"""Every error that gc2pc raises on purpose.

    Gc2pcError
    |-- CompileError             the program cannot become a circuit: fix the program
    |-- InputError               a value does not fit its declared type: fix the value
    |-- ChannelError             the bytes did not arrive: network, timeout, dead peer
    |-- PeerError                the peer broke the protocol
    |   |-- HandshakeMismatch    the two sides do not run the same thing
    |   `-- ConsistencyCheckFailed  an active-security check failed; the context is destroyed
    `-- PrivacyBudgetExceeded    the run would spend more than the ledger allows

No message of these errors contains a secret: labels, delta, inputs and shares never enter a text.
"""

from __future__ import annotations


class Gc2pcError(Exception):
    """Base class of all errors that gc2pc raises on purpose."""


class CompileError(Gc2pcError):
    """A program cannot become a circuit.

    Args:
        message: What is wrong, in one sentence.
        location: ``file:line`` of the offending source, if known.
        source: The offending source line, if known.
        columns: First column and end of the offending part of that line, in characters, if known.
        suggestion: What to write instead, if known.
    """

    def __init__(
        self,
        message: str,
        *,
        location: str | None = None,
        source: str | None = None,
        columns: tuple[int, int] | None = None,
        suggestion: str | None = None,
    ) -> None:
        self.message = message
        self.location = location
        self.source = source
        self.columns = columns
        self.suggestion = suggestion
        lines = [f"{location}: {message}" if location else message]
        if source:
            text = source.strip()
            lines.append(f"    {text}")
            if columns is not None:
                indent = len(source) - len(source.lstrip())
                start = max(0, columns[0] - indent)
                end = min(columns[1] - indent, len(text))
                lines.append(f"    {' ' * start}{'^' * max(1, end - start)}")
        if suggestion:
            lines.append(f"  try: {suggestion}")
        super().__init__("\n".join(lines))


class InputError(Gc2pcError):
    """An input value is missing, unknown, or does not fit its declared type."""


class ChannelError(Gc2pcError):
    """The channel to the peer failed: it closed, stalled past its timeout, or could not be opened."""


class PeerError(Gc2pcError):
    """The peer sent something that the protocol does not allow."""


class HandshakeMismatch(PeerError):
    """The two sides disagree about what to run; the message names the first difference."""


class ConsistencyCheckFailed(PeerError):
    """An active-security check failed. The garbling context may have leaked and is destroyed."""


class PrivacyBudgetExceeded(Gc2pcError):
    """The run would spend more privacy budget than the dataset's ledger allows."""
