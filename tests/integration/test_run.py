"""`app.py run` on the tiny city: one link, children that come back, no orphans, memory over a restart."""

import re
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.integration.running import ROOT, Running, all_gone

TINY = ROOT / "tests/city/tiny"


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


def versions(city: Running, client: httpx.Client) -> dict[str, int]:
    answer = client.get(f"{city.base}/api/v1/domains")
    assert answer.status_code == 200, answer.text
    return {row["name"]: row["version"] for row in answer.json()["domains"]}


def signed_in(city: Running) -> httpx.Client:
    client = httpx.Client(timeout=10, follow_redirects=True, trust_env=False)
    answer = client.get(city.link())
    if answer.status_code == 200 and 'method="post"' in answer.text.lower():
        token = re.search(r"once=(\S+)", city.link())
        assert token is not None
        answer = client.post(f"{city.base}/sign-in/once", data={"once": token[1]}, headers={"Origin": city.base})
    assert answer.status_code == 200, answer.text[:500]
    return client


def test_link_signs_in_children_come_back_and_ctrl_c_leaves_nothing(city: Running) -> None:
    client = signed_in(city)
    assert client.get(f"{city.base}/").status_code == 200
    assert httpx.get(f"{city.base}/api/v1/domains", trust_env=False).status_code == 401, "nothing without signing in"
    city.wait(lambda: client.get(f"{city.base}/readyz").status_code == 200)
    for name in ("gateway", "runner", "web", "redis-server", "cameras"):
        old = city.child(name)
        old.kill()
        city.wait(lambda name=name, old=old: _other(city, name, old.pid))
    city.wait(lambda: _answers(client, f"{city.base}/readyz"))
    tree = city.tree()
    assert city.stop() == 0
    assert all_gone(tree) == []


def test_kill_of_the_parent_leaves_no_orphan_and_the_next_start_resumes(data_dir: Path) -> None:
    first = Running(data_dir, demo=False, config=TINY)
    client = signed_in(first)
    first.wait(lambda: min(versions(first, client).values(), default=0) >= 2)
    before = versions(first, client)
    tree = first.tree()
    first.kill()
    assert all_gone(tree) == [], "also Redis ends with its parent"
    second = Running(data_dir, demo=False, config=TINY, ports=first.ports)
    try:
        client = signed_in(second)
        second.wait(lambda: all(versions(second, client)[n] > v for n, v in before.items()))
    finally:
        tree = second.tree()
        second.stop()
    assert all_gone(tree) == []


def test_a_taken_port_and_a_taken_folder_are_said_at_once(city: Running, data_dir: Path, tmp_path: Path) -> None:
    city.link()
    other = Running(tmp_path / "x", demo=False, config=TINY, ports=city.ports)
    assert other.process.wait(30) == 2
    other.wait(lambda: sum("port" in line for line in other.lines) >= 4)
    same = Running(data_dir, demo=False, config=TINY)
    assert same.process.wait(30) == 2
    same.wait(lambda: any("another city is running" in line for line in same.lines))


def _other(city: Running, name: str, pid: int) -> bool:
    try:
        return city.child(name).pid != pid
    except LookupError:
        return False


def _answers(client: httpx.Client, url: str) -> bool:
    try:
        return client.get(url).status_code == 200
    except httpx.HTTPError:
        return False
