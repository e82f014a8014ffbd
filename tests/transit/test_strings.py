"""Every word the domain refers to exists in both languages."""

import json
import re
from pathlib import Path

import data_sources.transit as transit

FOLDER = Path(transit.__file__).parent
WORDS = json.loads((FOLDER / "strings.json").read_text("utf-8"))


def test_both_languages() -> None:
    assert all(set(words) == {"zh", "en"} and all(words.values()) for words in WORDS.values())


def test_measures_bands_sources_and_findings_are_named() -> None:
    wanted = {f"domain.{transit.DOMAIN.name}"} | {f"source.{s.id}" for s in transit.DOMAIN.sources}
    for measure in transit.DOMAIN.measures:
        wanted |= {f"measure.{measure.key}", f"measure.{measure.key}.definition"} | {b.key for b in measure.bands}
    source = "".join(path.read_text("utf-8") for path in FOLDER.rglob("*.py"))
    wanted |= set(re.findall(r'"((?:finding\.transit|reason)\.[a-z_]+)"', source))
    wanted |= {f"reason.{code}" for code in re.findall(r'reason="([a-z_]+)"|Bad(?:Frame|Body)\("([a-z_]+)"', source) for code in code if code}
    assert len(wanted) > 30
    assert wanted <= set(WORDS)
