"""Entry point and exit codes: 0, 2 for the user's mistakes, 3 for the peer's or the network's."""

from __future__ import annotations

import os
import sys
import traceback
from dataclasses import dataclass
from typing import Final

import click

from gc2pc.errors import ChannelError, Gc2pcError, PeerError

USER_MISTAKE: Final = 2
PEER_OR_NETWORK: Final = 3
INTERRUPTED: Final = 130


@dataclass(slots=True)
class Settings:
    """What every command shares."""

    debug: bool = False


def run(arguments: list[str]) -> int:
    """Run one command line and give its exit code; errors become a message on stderr."""
    from gc2pc.cli.budget import budget
    from gc2pc.cli.commands import gc2pc
    from gc2pc.cli.privacy import dp

    gc2pc.add_command(dp)
    gc2pc.add_command(budget)
    settings = Settings()
    try:
        gc2pc.main(args=arguments, prog_name="gc2pc", obj=settings, standalone_mode=False)
    except click.exceptions.Exit as request:
        return request.exit_code
    except (click.Abort, KeyboardInterrupt):
        _complain("interrupted")
        return INTERRUPTED
    except click.exceptions.NoArgsIsHelpError as request:
        sys.stderr.write(f"{request.format_message()}\n")
        return USER_MISTAKE
    except click.ClickException as error:
        _complain(_usage_line(error))
        return USER_MISTAKE
    except Gc2pcError as error:
        if settings.debug:
            traceback.print_exc()
        _complain(str(error))
        return PEER_OR_NETWORK if isinstance(error, (ChannelError, PeerError)) else USER_MISTAKE
    except BrokenPipeError:
        # The reader of our output left, as `head` does. Python would complain again on closing stdout.
        sys.stdout = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115 - lives until the exit
        return 1
    except Exception as error:
        from gc2pc.lang.loader import program_error

        mistake = program_error(error)
        if mistake is None:
            raise
        if settings.debug:
            traceback.print_exc()
        _complain(str(mistake))
        return USER_MISTAKE
    return 0


def _usage_line(error: click.ClickException) -> str:
    message = error.format_message()
    context = error.ctx if isinstance(error, click.UsageError) else None
    return f"{message} Try '{context.command_path} --help'." if context else message


def _complain(message: str) -> None:
    sys.stderr.write(f"gc2pc: {message}\n")
