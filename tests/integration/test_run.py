"""`app.py run` on the tiny city: one link, children that come back, no orphans, memory over a restart."""

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.integration.running import ROOT, Running, all_gone

TINY = ROOT / "tests/city/tiny"
PROCESSES = ("gateway", "runner", "web", "cameras")


@pytest.fixture
def data_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("d")  # short: socket paths have a limit


@pytest.fixture
def city(data_dir: Path) -> Iterator[Running]:
    running = Running(data_dir, demo=False, config=TINY)
    try:
        yield running
    finally:
        if running.process.poll() is None:
            running.stop()


def versions(client: httpx.Client) -> dict[str, int]:
    answer = client.get("/api/v1/domains")
    assert answer.status_code == 200, answer.text
    return {row["name"]: row["version"] or 0 for row in answer.json()["domains"]}


def answers(client: httpx.Client, path: str) -> bool:
    try:
        return client.get(path).status_code == 200
    except httpx.HTTPError:
        return False


def test_link_signs_in_children_come_back_and_ctrl_c_leaves_nothing(city: Running) -> None:
    client = city.sign_in()
    assert client.get("/").status_code == 200
    assert client.get(city.link()).status_code == 410, "the link works once"
    assert httpx.get(f"{city.base}/api/v1/domains", trust_env=False).status_code == 401, "nothing without signing in"
    city.wait(lambda: city.ready() == 200)
    watching = city.wait(lambda: city.child("data_sources.cameras.child"))
    old = {name: city.child(name) for name in PROCESSES}
    for process in old.values():
        process.kill()
    city.wait(lambda: all(city.replaced(name, process.pid) for name, process in old.items()))
    assert all_gone([watching, *old.values()]) == [], "the child of a killed process does not stay either"  # type: ignore[list-item]
    redis = city.child("redis-server")
    redis.kill()
    city.wait(lambda: city.replaced("redis-server", redis.pid))
    city.wait(lambda: city.ready() == 200)
    city.wait(lambda: answers(client, "/session"))  # the session was in Redis: it survived
    city.wait(lambda: city.child("data_sources.cameras.child"))
    tree = city.tree()
    assert len(tree) >= 6, "Redis, four processes and a child of the cameras"
    assert city.stop() == 0
    assert all_gone(tree) == []


def test_a_killed_parent_leaves_no_orphan_and_the_next_start_resumes(data_dir: Path) -> None:
    first = Running(data_dir, demo=False, config=TINY)
    client = first.sign_in()
    first.wait(lambda: min(versions(client).values()) >= 1)
    first.wait(lambda: first.child("data_sources.cameras.child"))
    before = versions(client)
    tree = first.tree()
    first.kill()
    assert all_gone(tree) == [], "Redis and the cameras' children end with their parent as well"
    second = Running(data_dir, demo=False, config=TINY, ports=first.ports)
    try:
        second.wait(lambda: answers(client, "/session"))  # signed in before, signed in now
        second.wait(lambda: all(versions(client)[n] > v for n, v in before.items()))
    finally:
        tree = second.tree()
        second.stop()
    assert all_gone(tree) == []


def test_a_taken_port_and_a_taken_folder_are_said_at_once(city: Running, data_dir: Path, tmp_path: Path) -> None:
    city.wait(lambda: "city.sqlite" in {path.name for path in data_dir.iterdir()})  # it holds the folder
    city.link()  # all four ports are listened on
    other = Running(tmp_path / "x", demo=False, config=TINY, ports=city.ports)
    same = Running(data_dir, demo=False, config=TINY)
    assert other.process.wait(60) == 2 and same.process.wait(60) == 2
    other.wait(lambda: sum(line.startswith("error: port") for line in other.lines) == 4)
    assert all(str(port) in "\n".join(other.lines) for port in city.ports)
    same.wait(lambda: any("another city is running" in line for line in same.lines))
