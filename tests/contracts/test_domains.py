"""Every domain has the same shape, so that who knows one knows them all."""

from datetime import UTC, datetime
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

import msgspec
import pytest

from components.icons import PATHS
from core.city import City, load
from core.domain import Domain
from core.observation import Message
from core.snapshot import Snapshot
from data_sources.contract import Built
from data_sources.registry import NAMES, domain, domains
from tests.contracts.tree import ROOT

NOW = datetime(2026, 11, 23, 4, 0, tzinfo=UTC)
FILES = ("__init__.py", "intake.py", "model.py", "strings.json", "wire")


@pytest.fixture(scope="module")
def city() -> City:
    return load(Path(__file__).resolve().parents[1] / "city/tiny", domains())


def faults(manifest: Domain) -> list[str]:
    """What is wrong with a manifest by itself."""
    own = {measure.key for measure in manifest.measures}
    wrong = [f"headline {key} is no measure" for key in manifest.headline if key not in own]
    wrong += [f"{source.id} blinds {key}, no measure" for source in manifest.sources for key in source.blinds if key not in own]
    wrong += [f"{source.id} has no cadence" for source in manifest.sources if source.cadence_s <= 0]
    if not 0 < manifest.cadence_s <= 60:
        wrong.append("cadence is not within a minute")
    if not any(source.required for source in manifest.sources):
        wrong.append("no required source: its snapshot could not say how old it is")
    for measure in manifest.measures:
        ends = [band.upto for band in measure.bands]
        numbers = [end for end in ends if end is not None]
        if ends and (ends[-1] is not None or None in ends[:-1] or numbers != sorted(numbers)):
            wrong.append(f"{measure.key}: bands do not rise to an open end")
        if measure.low is not None and measure.high is not None and measure.low >= measure.high:
            wrong.append(f"{measure.key}: low is not below high")
    return wrong


def test_the_check_can_fail() -> None:
    manifest = domain(NAMES[0])
    assert faults(msgspec.structs.replace(manifest, headline=("no.such",))) == ["headline no.such is no measure"]
    assert "cadence is not within a minute" in faults(msgspec.structs.replace(manifest, cadence_s=0))
    assert "no required source: its snapshot could not say how old it is" in faults(
        msgspec.structs.replace(manifest, sources=()))


@pytest.mark.parametrize("name", NAMES)
def test_a_domain_has_the_same_files(name: str) -> None:
    folder = ROOT / "data_sources" / name
    assert [file for file in FILES if not (folder / file).exists()] == []


@pytest.mark.parametrize("name", NAMES)
def test_a_manifest_is_consistent(name: str) -> None:
    assert domain(name).name == name
    assert faults(domain(name)) == []
    assert domain(name).icon in PATHS


def test_ids_and_routes_are_unique_in_the_city() -> None:
    for values in (
        [d.name for d in domains()], [d.route for d in domains()], [s.id for d in domains() for s in d.sources],
        [m.key for d in domains() for m in d.measures], [t for d in domains() for t in d.tables],
    ):
        assert len(values) == len(set(values)), values


@pytest.mark.parametrize("name", NAMES)
def test_nothing_heard_is_nothing_known(name: str, city: City) -> None:
    """Before the first message: no value, no zero, no finding; and the state survives its own encoding."""
    intake = import_module(f"data_sources.{name}.intake").INTAKE
    static = intake.static(city.of(domain(name)))
    built = intake.build(intake.empty(static, NOW), [], static, NOW)
    assert isinstance(built, Built)
    assert isinstance(built.data, domain(name).data_type)
    keys = {measure.key for measure in domain(name).measures}
    assert set(built.readings) <= keys
    assert set(domain(name).headline) <= set(built.readings)
    shown = {key: reading.value for key, reading in built.readings.items() if reading.value is not None}
    assert shown == {}, "a value without an observation"
    assert built.findings == []
    state = msgspec.msgpack.decode(msgspec.msgpack.encode(built.state), type=intake.state_type)
    again = intake.build(state, [], static, NOW)
    assert msgspec.msgpack.encode(again.data) == msgspec.msgpack.encode(built.data)


@pytest.mark.parametrize("name", NAMES)
def test_a_snapshot_survives_its_encoding(name: str, city: City) -> None:
    intake = import_module(f"data_sources.{name}.intake").INTAKE
    static = intake.static(city.of(domain(name)))
    built = intake.build(intake.empty(static, NOW), [], static, NOW)
    snapshot = Snapshot(domain=name, version=1, built_at=NOW, observed_at=None, sources={}, readings=built.readings,
                        findings=[], data=built.data)
    data = msgspec.msgpack.decode(msgspec.msgpack.encode(snapshot.data), type=domain(name).data_type)
    assert data == built.data


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("payload", [b"", b"\x01\x02", b"\xff" * 400, b"{}", b"[" * 3000, b"##0004abcd0000\r\n", b"~\x00~"])
def test_garbage_is_a_problem_not_an_exception(name: str, payload: bytes, city: City) -> None:
    intake = import_module(f"data_sources.{name}.intake").INTAKE
    static = intake.static(city.of(domain(name)))
    for source in domain(name).sources:
        parsed = intake.parse(Message(source=source.id, received_at=NOW, payload=payload), static)
        assert parsed.observations == []
        assert payload == b"" or parsed.problems


@pytest.mark.parametrize("name", NAMES)
def test_listeners_belong_to_declared_sources(name: str) -> None:
    if find_spec(f"data_sources.{name}.listen") is None:
        return
    ids = {source.id for d in domains() for source in d.sources}
    for listener in import_module(f"data_sources.{name}.listen").LISTENERS:
        assert 0 < listener.default_port < 65536
        assert listener.source in ids or listener.source == "ingest"
