"""`app.py check`: settings, configuration, database, Redis and feeds; everything that is wrong, at once, with how to mend it."""

import sys

import msgspec
import redis
import sqlalchemy

from core import city as cities
from core import settings as setting
from core.clock import now
from core.errors import BadConfiguration
from core.history import History
from core.settings import Settings
from core.snapshot import state_of_age
from core.store import Store
from data_sources import registry


def check(environ: dict[str, str], as_json: bool = False) -> int:
    """Print findings; exit code 0 when the configuration is right, 2 when it is not. Feeds that are quiet are notes."""
    errors: list[str] = []
    notes: list[str] = []
    settings: Settings | None = None
    try:
        settings = setting.read(environ)
    except BadConfiguration as error:
        errors += _list(error)
    folder = settings.config_dir if settings else setting.read({}).config_dir
    try:
        city = cities.load(folder, registry.domains())
        notes.append(f"{city.name} ({city.name_en}): {sum(len(rows) for rows in city.tables.values())} rows in {len(city.tables)} tables")
    except BadConfiguration as error:
        errors += _list(error)
    if settings is not None:
        _services(settings, errors, notes)
    if as_json:
        print(msgspec.json.encode({"errors": errors, "notes": notes}).decode())
    else:
        print("\n".join([*(f"note:  {n}" for n in notes), *(f"error: {e}" for e in errors)]))
        print(f"{len(errors)} errors" if errors else "configuration is right", file=sys.stderr)
    return 2 if errors else 0


def _list(error: BadConfiguration) -> list[str]:
    found = error.details.get("errors")
    return [str(item) for item in found] if isinstance(found, list) else [error.message]


def _services(settings: Settings, errors: list[str], notes: list[str]) -> None:
    """Database and Redis. An embedded Redis that is not running is a note: `run` starts it."""
    embedded = settings.redis_url.startswith(f"unix://{settings.data_dir}")
    store = Store(settings.redis_url)
    try:
        store.redis.ping()
        notes.append("Redis answers")
        _feeds(store, notes)
    except (redis.RedisError, OSError) as error:
        if embedded:
            notes.append("the embedded Redis is not running: `app.py run` starts it")
        else:
            errors.append(f"CITY_REDIS_URL: no answer ({error}); is the server up and the password right?")
    finally:
        store.close()
    if settings.database_url.startswith("sqlite") and not settings.data_dir.exists():
        notes.append(f"{settings.data_dir} is not there yet: `app.py run` makes it")
        return
    history = History(settings.database_url)
    try:
        history.ping()
        notes.append("database answers")
    except sqlalchemy.exc.SQLAlchemyError as error:
        errors.append(f"CITY_DATABASE_URL: no answer ({error.__class__.__name__}); check address, name and password")
    finally:
        history.close()


def _feeds(store: Store, notes: list[str]) -> None:
    for domain in registry.domains():
        snapshot = store.snapshot(domain.name, domain.data_type)
        for spec in domain.sources:
            newest = snapshot.sources[spec.id].newest_observed_at if snapshot and spec.id in snapshot.sources else None
            age = None if newest is None else (now() - newest).total_seconds()
            said = "nothing heard yet" if age is None else f"newest {age:.0f} s old"
            notes.append(f"feed {spec.id} ({spec.protocol}): {state_of_age(age, spec.cadence_s)}, {said}")
