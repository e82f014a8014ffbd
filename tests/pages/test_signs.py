"""What is nearest to its limit: computed, bounded by kind, never a thing that is a finding already."""

import json
from collections import Counter

import pytest

from components import search, sign
from components.contract import PORTALS
from core.i18n import LANGS, table
from pages import air, governance, overview, parking, signs, traffic
from tests.components.tree import attribute, having, text
from tests.pages import samples

PAGES = (overview.PAGE, traffic.PAGE, parking.PAGE, air.PAGE, governance.PAGE)


@pytest.mark.parametrize("portal", PORTALS)
@pytest.mark.parametrize("lang", LANGS)
def test_signs_are_ordered_and_no_kind_fills_the_list(portal: str, lang: str) -> None:
    viewing = samples.viewing(portal, lang)  # type: ignore[arg-type]
    found = signs.nearest(samples.every(), viewing, 7)
    assert 5 <= len(found) <= 7
    assert [one.near for one in found] == sorted((one.near for one in found), reverse=True)
    assert max(Counter(one.kind for one in found).values()) <= signs.OF_A_KIND
    drawn = sign.listing(found, viewing)
    assert "⟦" not in text(drawn) and len(having(drawn, "sign")) == len(found)
    opens = [attribute(part, "data-entity") for part in having(drawn, "sign") if attribute(part, "data-entity")]
    assert bool(opens) == (portal != "wall")


def test_what_is_a_finding_is_no_sign() -> None:
    every = samples.every()
    told = {f.entity for s in every.values() for f in s.findings if f.ended_at is None} - {""}
    every_sign = signs.nearest(every, samples.viewing(), 99)
    assert told and not told & {one.key for one in every_sign}


def test_signs_need_no_domain() -> None:
    assert signs.nearest({}, samples.viewing(), 7) == []
    assert sign.listing([], samples.viewing()) is None
    one = {"air": samples.every()["air"]}
    assert {found.kind for found in signs.nearest(one, samples.viewing(), 7)} <= {"station", ""}


def test_without_findings_the_overview_says_none_and_shows_signs() -> None:
    every = samples.every()
    for snapshot in every.values():
        snapshot.findings = []
    shown = overview.findings(every, samples.viewing())
    assert "未发现异常" in text(shown) and "不是异常" in text(shown) and having(shown, "sign")


@pytest.mark.parametrize("lang", LANGS)
def test_search_knows_pages_and_things_of_allowed_pages_only(lang: str) -> None:
    viewing = samples.viewing("desk", lang)  # type: ignore[arg-type]
    found = search.entries(viewing, PAGES)
    kinds = Counter(entry[0] for entry in found)
    assert kinds["page"] == len(PAGES) and all(kinds[kind] for kind in ("corridor", "parking", "station", "camera"))
    assert {"ui.js.search.kind." + kind for kind in kinds} <= set(table())
    assert len({entry[3] for entry in found}) == len(found)
    assert {entry[3].partition("#")[0] for entry in search.entries(viewing, (parking.PAGE,))} == {"/parking"}
    held = attribute(search.overlay(viewing, PAGES), "data-entries")
    assert json.loads(held) == found and len(held.encode()) < 40_000
