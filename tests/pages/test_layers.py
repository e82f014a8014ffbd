"""Map layer data: columns of plain values, unknown sent as unknown."""

import json
import math
import re
from typing import Any

import msgspec
import pytest

from components import map as city_map
from components.contract import Layer
from core.i18n import LANGS
from data_sources.air import aqi
from pages import air_figures, map_layers
from tests.pages import samples

ALL = ("transit", "parking", "air", "cameras")
LAYERS = (
    map_layers.VEHICLES,
    map_layers.ROADS,
    map_layers.PARKING,
    map_layers.STATIONS,
    map_layers.CAMERAS,
    map_layers.findings_of(*ALL),
    map_layers.TRAFFIC_DISTRICTS,
    map_layers.AIR_DISTRICTS,
    map_layers.PARKING_DISTRICTS,
)


def data(layer: Layer, **more: Any) -> Any:
    return layer.data({**samples.every(), **more}, samples.viewing())


@pytest.mark.parametrize("layer", LAYERS, ids=lambda layer: f"{layer.id}-{'-'.join(layer.domains)}")
@pytest.mark.parametrize("lang", LANGS)
def test_plain_json_of_equal_columns_with_known_words(layer: Layer, lang: Any) -> None:
    made = layer.data(samples.every(), samples.viewing("wall", lang))
    text = json.dumps(made, allow_nan=False, ensure_ascii=False)
    assert "⟦" not in text
    assert layer.id in city_map.DRAWN
    if layer.id != "districts":
        assert len({len(column) for column in made.values()}) == 1


def test_the_legend_explains_every_group_that_is_drawn() -> None:
    for layer in LAYERS:
        made = data(layer)
        if "group" in made:
            assert set(made["group"]) <= {key for key, _, _ in city_map.LEGEND[layer.id]}


def test_unobserved_link_is_unknown_and_never_free() -> None:
    snapshot = samples.transit()
    seg = data(map_layers.ROADS)["seg"]
    gone = seg[3]
    del snapshot.data.links[f"{gone}:f"]
    made = data(map_layers.ROADS, transit=snapshot)
    assert made["f"][3] == "u"
    assert len(made["f"]) == len(made["b"]) == len(seg)
    assert re.fullmatch("[fblmsu]+", made["f"] + made["b"])


def test_unknown_place_has_no_percentage_and_a_question_mark() -> None:
    made = data(map_layers.PARKING)
    blind = [i for i, pct in enumerate(made["pct"]) if pct is None]
    assert blind
    for i in blind:
        assert (made["text"][i], made["group"][i], made["shape"][i]) == ("P?", "unknown", "park-unknown")


def test_zero_free_is_zero_not_unknown() -> None:
    snapshot = samples.parking()
    full = snapshot.data.places[0]
    snapshot.data.places[0] = msgspec.structs.replace(full, free=0, occupied=full.known)
    made = data(map_layers.PARKING, parking=snapshot)
    assert (made["text"][0], made["group"][0], made["pct"][0]) == ("P0", "full", 100)


def test_stations_carry_the_colour_of_their_level() -> None:
    made = data(map_layers.STATIONS)
    for text, color in zip(made["text"], made["color"], strict=True):
        if text == "—":
            assert color == "road-unknown"
        else:
            assert (
                color
                == f"aqi-{next(n for n, top in enumerate((50, 100, 150, 200, 300, math.inf), 1) if int(text) <= top)}"
            )


def test_findings_are_numbered_worst_first_and_ended_ones_left_out() -> None:
    made = data(map_layers.findings_of(*ALL))
    assert made["text"] == [str(n) for n in range(1, len(made["text"]) + 1)]
    order = [map_layers.SEVERITY[s] for s in made["group"]]
    assert order == sorted(order, reverse=True)
    open_now = sum(f.ended_at is None for s in samples.every().values() for f in s.findings)
    assert len(made["text"]) == open_now


def test_a_layer_that_nobody_draws_is_refused() -> None:
    with pytest.raises(ValueError, match="nobody draws"):
        city_map.stage(samples.viewing(), ("roads", "rainbow"))


@pytest.mark.parametrize("edition", (2012, 2026))
def test_limits_are_the_concentrations_at_index_100(edition: Any) -> None:
    for name, limit in air_figures.LIMITS[edition].items():
        item = f"{name}_24h" if name in ("pm25", "pm10") else f"{name}_1h"
        assert aqi.iaqi(item, limit, edition) == 100


def test_wrong_snapshot_type_is_an_error_not_an_empty_map() -> None:
    snapshot = samples.air()
    snapshot.data = {}
    with pytest.raises(TypeError, match="air"):
        data(map_layers.STATIONS, air=snapshot)
