"""`python -m demo run|score`."""

import argparse
import logging
import sys

import structlog

from demo import options


def main(arguments: list[str] | None = None) -> int:
    """Parse the command line and do it."""
    parser = argparse.ArgumentParser(prog="python -m demo", description="The simulated city.")
    commands = parser.add_subparsers(dest="command", required=True)
    options.parser(commands.add_parser("run", help="connect the simulated city to the gateways"))
    score = commands.add_parser("score", help="compare what the product published with the sealed truth log")
    score.add_argument("--data-dir", default="var/demo", help="folder that holds the truth log")
    score.add_argument("--api", default="", help="base URL of the product, like http://127.0.0.1:8050")
    score.add_argument("--token", default="", help="value of the session cookie or bearer token for the API")
    score.add_argument("--database", default="", help="SQLite file of the product, read-only, instead of the API")
    score.add_argument("--hours", type=float, default=24.0, help="how far back to look")
    score.add_argument("--json", action="store_true", help="for machines")
    given = parser.parse_args(arguments)
    structlog.configure(
        processors=[structlog.processors.add_log_level, structlog.processors.TimeStamper(fmt="%H:%M:%S", utc=False),
                    structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )
    if given.command == "score":
        from demo.score import score_command

        return score_command(given)
    from demo.run import main as run

    return run(given)


if __name__ == "__main__":
    sys.exit(main())
