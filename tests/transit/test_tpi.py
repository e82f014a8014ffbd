"""GB/T 33171 against the derived cases."""

import pytest

from data_sources.transit import tpi

from .vectors import load

VECTORS = load("traffic_tpi.json")
WORDS = {"畅通": "free", "基本畅通": "basic", "轻度拥堵": "light", "中度拥堵": "moderate", "严重拥堵": "severe"}


@pytest.mark.parametrize("case", VECTORS["cases"], ids=lambda c: f"{c['v_kmh']}/{c['vf_kmh']}")
def test_cases(case) -> None:
    assert tpi.link_state(case["v_kmh"], case["vf_kmh"]) == WORDS[case["state"]]
    dtp = tpi.delay_ratio(case["v_kmh"], case["vf_kmh"])
    assert dtp == pytest.approx(case["dtp"], abs=1e-6)
    assert tpi.index_of(dtp) == pytest.approx(case["tpi_annexC"], abs=1e-4)


@pytest.mark.parametrize("row", VECTORS["dtp_to_tpi"], ids=lambda r: str(r["dtp"]))
def test_annex_c_is_continuous_and_linear(row) -> None:
    (low, high), (bottom, top) = row["dtp"], row["tpi"]
    assert tpi.index_of(low) == pytest.approx(bottom)
    assert tpi.index_of((low + high) / 2) == pytest.approx((bottom + top) / 2)
    assert tpi.index_of(high) == pytest.approx(top)


def test_faster_than_free_flow_is_no_negative_delay() -> None:
    assert tpi.delay_ratio(80, 60) == 0
    assert tpi.link_state(80, 60) == "free"


def test_network_is_weighted_and_says_what_it_covers() -> None:
    free = tpi.Sample(60, 60, 1000, 1000)
    jam = tpi.Sample(6, 60, 1000, 3000)
    mean = tpi.network([free, jam], 4000)
    assert mean.tpi == pytest.approx((0 + 3 * 9.3333) / 4, abs=1e-3)
    assert mean.speed_kmh == pytest.approx(4000 / (1000 / 60 + 3000 / 6))
    assert mean.coverage == 0.5
    assert tpi.network([], 4000) == (None, None, None, 0.0)
