"""Docs that cannot lie: generated tables are what the code says, everything public is named, links lead somewhere."""

import asyncio
import contextlib
import json
import re
import shutil
import socket
from importlib.machinery import SourceFileLoader
from importlib.util import module_from_spec, spec_from_loader
from pathlib import Path
from types import ModuleType

import pytest

from core import settings
from core.city import load
from core.observation import Message
from core.secret import ingest_keys
from data_sources.contract import Listening
from data_sources.parking.intake import INTAKE
from data_sources.parking.listen import LISTENERS
from data_sources.registry import domains
from tests.contracts.tree import ROOT

LINK = re.compile(r"\[[^\]]*\]\(([^)#\s]+)[^)]*\)")
LATER = {"docs/images/overview-wall.png"}  # drawn from a running city
DOMAIN_HEADINGS = ("## In", "## Method", "## Out", "## Limits")


@pytest.fixture(scope="module")
def docs() -> ModuleType:
    """scripts/docs as a module."""
    loader = SourceFileLoader("docs_script", str(ROOT / "scripts/docs"))
    spec = spec_from_loader("docs_script", loader)
    assert spec is not None
    module = module_from_spec(spec)
    loader.exec_module(module)
    return module


def dead_links(text: str, folder: Path) -> list[str]:
    """Relative links of a document that lead nowhere."""
    return [target for target in LINK.findall(text)
            if "://" not in target and not target.startswith("mailto:") and not (folder / target).exists()
            and str((folder / target).resolve().relative_to(ROOT)) not in LATER]


def test_the_checks_can_fail(docs: ModuleType) -> None:
    stale = "<!-- table: settings -->\n| variable |\n<!-- end -->"
    assert docs.rewritten(stale) != stale and "CITY_PORT" in docs.rewritten(stale)
    assert dead_links("[a](no-such.md) [b](https://example.org/x) [c](README.md)", ROOT) == ["no-such.md"]


def test_generated_tables_are_what_the_code_says(docs: ModuleType) -> None:
    stale = [str(path.relative_to(ROOT)) for path in docs.documents()
             if docs.rewritten(path.read_text("utf-8")) != path.read_text("utf-8")]
    assert stale == [], "run scripts/docs"


def test_every_table_stands_somewhere(docs: ModuleType) -> None:
    stand = {name for path in docs.documents() for _, name, _, _ in docs.MARKED.findall(path.read_text("utf-8"))}
    wanted = set(docs.TABLES) | {f"measures-{domain.name}" for domain in domains()}
    assert wanted - stand == set()


def test_every_setting_is_read(docs: ModuleType) -> None:
    text = (ROOT / "docs/reference.md").read_text("utf-8")
    assert [s.name for s in settings.TABLE if s.name not in text] == []


@pytest.mark.parametrize("name", [domain.name for domain in domains()])
def test_every_domain_has_its_page(name: str) -> None:
    text = (ROOT / "docs/domains" / f"{name}.md").read_text("utf-8")
    assert [heading for heading in DOMAIN_HEADINGS if heading not in text] == []


def test_links_lead_somewhere(docs: ModuleType) -> None:
    dead = [f"{path.relative_to(ROOT)}: {target}" for path in docs.documents()
            for target in dead_links(path.read_text("utf-8"), path.parent)]
    assert dead == []


def test_every_requirement_says_why() -> None:
    text = (ROOT / "docs/dependencies.md").read_text("utf-8")
    missing = []
    for file in ("requirements.txt", "requirements-dev.txt"):
        for line in (ROOT / file).read_text("utf-8").splitlines():
            name = re.split(r"[\[<>=~!; ]", line)[0]
            if name and not name.startswith("#") and f"| {name} |" not in text:
                missing.append(name)
    assert missing == []


@pytest.mark.skipif(not (shutil.which("curl") and shutil.which("openssl")), reason="needs curl and openssl")
@pytest.mark.parametrize("document", ["README.md", "README.zh-CN.md", "docs/operations.md"])
def test_the_signed_request_in_the_docs_works_as_it_stands(document: str, tmp_path: Path) -> None:
    """The block is run by a shell against the real ingest; only port and data folder are the test's."""
    block = next(b for b in re.findall(r"```\n(.*?)```", (ROOT / document).read_text("utf-8"), re.DOTALL) if "SIGN=" in b)
    kept: list[Message] = []
    keys = ingest_keys(tmp_path, ["parking-gate"])

    async def play() -> str:
        async def append(message: Message) -> None:
            kept.append(message)

        async def unseen(source: str, nonce: str) -> bool:
            return False

        city = load(ROOT / "config/luan", domains())
        listening = Listening(
            static=INTAKE.static(city.tables), secret=b"s" * 32, count=lambda source, reason: None,
            quarantine=lambda problem: None, extra={"ingest_keys": keys, "seen_nonce": unseen})
        port = free_port()
        serving = asyncio.create_task(LISTENERS[0].serve("127.0.0.1", port, append, listening))
        try:
            for _ in range(200):
                await asyncio.sleep(0.02)
                with contextlib.suppress(OSError):
                    socket.create_connection(("127.0.0.1", port), 1).close()
                    break
            shell = await asyncio.create_subprocess_exec(
                "bash", "-euo", "pipefail", "-c", block.replace("8050", str(port)).replace("var/city", str(tmp_path)),
                stdout=asyncio.subprocess.PIPE)
            out, _ = await asyncio.wait_for(shell.communicate(), 20)
        finally:
            serving.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await serving
        return out.decode()

    answer = json.loads(asyncio.run(play()))
    assert (answer["accepted"], answer["rows"][0]["status"]) == (1, "accepted")
    assert len(kept) == 1


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port: int = one.getsockname()[1]
        return port


def test_the_changelog_has_an_entry_for_this_release() -> None:
    version = re.search(r'^version = "(.+)"$', (ROOT / "pyproject.toml").read_text("utf-8"), re.MULTILINE)
    assert version is not None
    assert f"## {version[1]}" in (ROOT / "CHANGELOG.md").read_text("utf-8")
