"""Composition root and command line. `python app.py run` starts everything; each process also starts alone."""

import argparse
import sys
from collections.abc import Callable

from core.errors import CityError


def main(argv: list[str] | None = None) -> int:
    """Parse, run, and turn our own errors into one clear sentence each and exit code 2."""
    from service.commands import COMMANDS

    parser = argparse.ArgumentParser(prog="app.py", description="Lu'an City Brain 六安城市大脑")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for command in COMMANDS:
        command.arguments(commands.add_parser(command.name, help=command.help, description=command.help))
    options = parser.parse_args(argv)
    action: Callable[[argparse.Namespace], int] = next(c.run for c in COMMANDS if c.name == options.command)
    try:
        return action(options)
    except CityError as error:
        errors = error.details.get("errors")
        lines = errors if isinstance(errors, list) else [error.message]
        print("\n".join(f"error: {line}" for line in lines), file=sys.stderr)
        return 2


if __name__ == "__main__":
    sys.exit(main())
