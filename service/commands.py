"""The commands of `app.py`: what each takes and what it does."""

import argparse
import sys
from collections.abc import Callable
from pathlib import Path

import msgspec

from core import city as cities
from core import settings as setting
from core.city import City
from core.settings import Settings
from data_sources import registry
from service import logs

Arguments = Callable[[argparse.ArgumentParser], None]


class Command(msgspec.Struct, frozen=True, kw_only=True):
    """One row of the command line."""

    name: str
    help: str
    run: Callable[[argparse.Namespace], int]
    arguments: Arguments = lambda parser: None


def _prepared() -> tuple[Settings, City]:
    """Settings and city of a single process, logging set up."""
    settings = setting.read()
    logs.configure(settings)
    return settings, cities.load(settings.config_dir, registry.domains())


# --- run -------------------------------------------------------------------------------------------------------------
def _run_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--host", default="", help="address the web server listens on (default 127.0.0.1)")
    parser.add_argument("--port", default="", help="port of the web server (default 8050)")
    parser.add_argument("--data-dir", default="", help="where data live (default var/demo, or var/city with --no-demo)")
    parser.add_argument("--config", default="", help="folder that describes the city (default config/luan)")
    parser.add_argument("--workers", default="", help="web worker processes (default 1)")
    parser.add_argument("--no-demo", action="store_true", help="do not start the demo city")


def _run(options: argparse.Namespace) -> int:
    from service.start import run

    given = {
        "CITY_HOST": options.host, "CITY_PORT": options.port, "CITY_CONFIG": options.config, "CITY_WORKERS": options.workers,
    }
    environ = setting.environment(**{name: value for name, value in given.items() if value})
    demo = not options.no_demo
    # Simulated and real data never share a folder: a city that goes live starts with an empty memory.
    environ["CITY_DATA_DIR"] = options.data_dir or environ.get("CITY_DATA_DIR") or ("var/demo" if demo else "var/city")
    if demo:
        environ["CITY_SIMULATED"] = "*"
    environ["CITY_DATA_DIR"] = str(Path(environ["CITY_DATA_DIR"]).expanduser().resolve())
    return run(environ, demo)


# --- single processes --------------------------------------------------------------------------------------------------
def _web(options: argparse.Namespace) -> int:
    from web import run

    run.run(*_prepared())
    return 0


def _runner(options: argparse.Namespace) -> int:
    from data_sources import runner

    runner.run(*_prepared())
    return 0


def _gateway(options: argparse.Namespace) -> int:
    from data_sources import gateway

    gateway.run(*_prepared())
    return 0


def _cameras(options: argparse.Namespace) -> int:
    from service import camera_process

    camera_process.run(*_prepared())
    return 0


def _demo(options: argparse.Namespace) -> int:
    from demo.__main__ import main

    settings = setting.read()
    logs.configure(settings)
    host = settings.listen_host
    arguments = [
        "run", "--config", str(settings.config_dir), "--data-dir", str(settings.data_dir), "--host", host,
        "--jt808-port", str(settings.jt808_port), "--hj212-port", str(settings.hj212_port),
        "--ingest-url", f"http://{host}:{settings.ingest_port}",
    ]
    return int(main(arguments) or 0)


# --- administration ------------------------------------------------------------------------------------------------------
def _check_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--config", default="", help="folder that describes the city")
    parser.add_argument("--json", action="store_true", help="for machines")


def _check(options: argparse.Namespace) -> int:
    from service.check import check

    environ = setting.environment(**({"CITY_CONFIG": options.config} if options.config else {}))
    return check(environ, as_json=options.json)


def _migrate(options: argparse.Namespace) -> int:
    from core import history

    settings = setting.read()
    logs.configure(settings)
    history.migrate(settings.database_url)
    return 0


def _user_arguments(parser: argparse.ArgumentParser) -> None:
    from service.users import arguments

    arguments(parser)


def _user(options: argparse.Namespace) -> int:
    from service.users import run

    return run(setting.read(), options)


def _backup_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", help="archive to write (.tar.gz); it holds keys: keep it safe")


def _backup(options: argparse.Namespace) -> int:
    from service.backup import backup

    backup(setting.read(), Path(options.file))
    print(f"written {options.file}", file=sys.stderr)
    return 0


COMMANDS: tuple[Command, ...] = (
    Command(name="run", help="start everything under one supervisor", run=_run, arguments=_run_arguments),
    Command(name="web", help="pages, live link, API", run=_web),
    Command(name="gateway", help="listeners for devices and webhooks", run=_gateway),
    Command(name="runner", help="pipelines: streams to snapshots", run=_runner),
    Command(name="cameras", help="video intake and analysis", run=_cameras),
    Command(name="demo", help="the simulated city, as a vendor outside", run=_demo),
    Command(name="check", help="say what is wrong with the configuration, all at once", run=_check, arguments=_check_arguments),
    Command(name="migrate", help="bring the database to this release", run=_migrate),
    Command(name="user", help="accounts, wall devices, API tokens, sign-in links", run=_user, arguments=_user_arguments),
    Command(name="backup", help="write database, keys and evidence into one archive", run=_backup, arguments=_backup_arguments),
)

__all__ = ["COMMANDS", "Command"]
