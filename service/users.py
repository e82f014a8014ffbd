"""`app.py user ...`: accounts, wall devices, machine tokens, sign-in links. Every change is in the audit log."""

import argparse
import asyncio
import getpass
import sys

import redis.asyncio

from core.accounts import Accounts
from core.audit import Audit
from core.auth import ROLES, Sessions, issue_one_time_link
from core.database import engine
from core.errors import BadConfiguration
from core.settings import Settings


def arguments(parser: argparse.ArgumentParser) -> None:
    """Sub-commands of `user`."""
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    add = actions.add_parser("add", help="a new account; asks for a password (empty: sign-in links only)")
    add.add_argument("name")
    add.add_argument("--role", required=True, choices=[r for r in ROLES if r != "wall"])
    add.add_argument("--display-name", default="")
    actions.add_parser("list", help="all accounts")
    for name, text in (
        ("password", "set a password and end the account's sessions"),
        ("disable", "close an account and end its sessions"),
        ("enable", "open a closed account again"),
        ("link", "a link that signs this account in once, valid 15 min"),
    ):
        actions.add_parser(name, help=text).add_argument("name")
    for name, text in (
        ("wall", "register a wall device and print the link that binds its browser"),
        ("wall-disable", "take a wall's access away"),
        ("token", "a bearer token for a machine, shown once"),
        ("token-disable", "take a machine's access away"),
    ):
        actions.add_parser(name, help=text).add_argument("name")


def run(settings: Settings, options: argparse.Namespace) -> int:
    """Do one action as the operator of this machine."""
    made = engine(settings.database_url)
    accounts, audit = Accounts(made), Audit(made)
    try:
        _act(settings, options, accounts)
        if options.action != "list":
            audit.record("operator", f"user_{options.action}", role="operator", target=options.name, address="local")
    finally:
        made.dispose()
    return 0


def _act(settings: Settings, options: argparse.Namespace, accounts: Accounts) -> None:
    action, base = options.action, f"http://{settings.host}:{settings.port}"
    if action == "list":
        for row in accounts.list():
            state = "closed" if row.disabled else "open"
            print(f"{row.name:<20} {row.role:<12} {state:<7} {'password' if row.has_password else 'links only'}  {row.display_name}")
    elif action == "add":
        accounts.add(options.name, options.role, _password(), options.display_name)
    elif action == "password":
        accounts.set_password(options.name, _password())
        _end_sessions(settings, options.name)
    elif action in ("disable", "enable"):
        accounts.disable(options.name, action == "disable")
        _end_sessions(settings, options.name)
    elif action == "link":
        if accounts.find(options.name) is None:
            raise BadConfiguration(f"there is no account {options.name}")
        print(issue_one_time_link(settings, base, options.name))
    elif action == "wall":
        accounts.add_wall(options.name)
        print(issue_one_time_link(settings, base, options.name, purpose="wall"))
    elif action == "wall-disable":
        accounts.disable_wall(options.name)
    elif action == "token":
        print(accounts.add_token(options.name))
    elif action == "token-disable":
        print(f"{accounts.disable_tokens(options.name)} tokens disabled", file=sys.stderr)


def _password() -> str:
    """Asked for twice on a terminal; one line from a pipe (for scripts)."""
    if not sys.stdin.isatty():
        return sys.stdin.readline().rstrip("\n")
    first = getpass.getpass("password (empty: sign-in links only): ")
    if first and getpass.getpass("again: ") != first:
        raise BadConfiguration("the two passwords differ")
    return first


def _end_sessions(settings: Settings, name: str) -> None:
    async def revoke() -> int:
        client = redis.asyncio.Redis.from_url(settings.redis_url)
        try:
            return await Sessions(client).revoke(name)
        finally:
            await client.aclose()

    print(f"{asyncio.run(revoke())} sessions ended", file=sys.stderr)
