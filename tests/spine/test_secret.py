"""Secrets: made once, private, the same for every process."""

import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from core.secret import ingest_keys, secret


def test_made_once_even_when_many_start_at_the_same_time(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        made = set(pool.map(lambda _: secret(tmp_path), range(32)))
    assert len(made) == 1 and len(made.pop()) == 32
    assert stat.S_IMODE((tmp_path / "keys" / "city.key").stat().st_mode) == 0o600
    assert [p.name for p in (tmp_path / "keys").iterdir()] == ["city.key"], "no leftovers"


def test_every_source_has_a_key_of_its_own(tmp_path: Path) -> None:
    first = ingest_keys(tmp_path, ["parking-berth", "parking-gate"])
    assert first["parking-berth"] != first["parking-gate"] != secret(tmp_path)
    assert ingest_keys(tmp_path, ["parking-gate"])["parking-gate"] == first["parking-gate"]
