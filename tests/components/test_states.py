"""Readings, charts, findings and feeds under the confidence contract: missing is not zero, old is not fresh, why is said."""

from datetime import timedelta

import pytest

from components import chart, feed, finding, kpi, panel, ribbon, table
from components.contract import Viewing
from core.measure import Band, Measure
from core.snapshot import Finding, Reading, SourceHealth, State, Trend
from tests import samples
from tests.components.tree import attribute, having, parts, text

CITY = samples.city()
NOW = samples.NOW
MEASURE = Measure(key="air.aqi", unit="", better="low", bands=(Band(50, "aqi.1", "aqi-1"), Band(None, "aqi.2", "aqi-2")))


def viewing(lang: str = "zh", portal: str = "wall") -> Viewing:
    return Viewing(lang=lang, portal=portal, city=CITY, now=NOW)  # type: ignore[arg-type]


def reading(value: float | None, state: State = "live", **more: object) -> Reading:
    return Reading(measure="air.aqi", value=value, unit="", observed_at=NOW if value is not None else None, source="hj212", state=state, **more)  # type: ignore[arg-type]


def test_zero_is_a_value_and_missing_is_a_dash_with_a_reason() -> None:
    zero = kpi.kpi(reading(0), MEASURE, viewing())
    assert text(having(zero, "figure")) == "0" and not having(zero, "kpi-why")
    none = kpi.kpi(reading(None, "missing"), MEASURE, viewing())
    assert text(having(none, "figure")) == "—" and "没有可用的观测" in text(none)
    assert not having(none, "band")


@pytest.mark.parametrize(("state", "words"), [("late", "迟到"), ("stale", "中断"), ("estimated", "估算"), ("forecast", "预测")])
def test_states_that_are_not_live_are_said(state: State, words: str) -> None:
    assert words in text(kpi.kpi(reading(78, state), MEASURE, viewing()))
    assert "实时" not in text(kpi.kpi(reading(78), MEASURE, viewing()))


def test_withheld_says_why_in_the_readers_language() -> None:
    shown = kpi.kpi(reading(None, "withheld"), MEASURE, viewing("en"))
    assert "Too few observations" in text(shown) and "0" not in text(having(shown, "figure"))


def test_no_reading_at_all_is_not_an_empty_space() -> None:
    assert "此指标尚未计算" in text(kpi.kpi(None, MEASURE, viewing()))


def test_usual_is_shown_only_when_data_holds_it() -> None:
    assert "常态" not in text(kpi.kpi(reading(78), MEASURE, viewing()))
    shown = kpi.kpi(reading(78), MEASURE, viewing(), usual=63)
    assert "常态 63（+15）" in text(shown)
    assert [attribute(p, "data-better") for p in parts(shown) if attribute(p, "data-better")] == ["no"]


def test_low_coverage_and_range_are_printed() -> None:
    shown = text(kpi.kpi(reading(78, coverage=0.31, low=70, high=86), MEASURE, viewing()))
    assert "覆盖 31%" in shown and "70–86" in shown


def trend(values: list[float | None]) -> Trend:
    return Trend(start_at=NOW - timedelta(hours=len(values)), step_s=3600, values=values)


def path_of(shown: object) -> str:
    return next(attribute(p, "d") for p in having(shown, "chart-line"))


def test_a_gap_lifts_the_pen() -> None:
    assert path_of(chart.trend(trend([1, 2, None, 4, 5]), viewing())).count("M") == 2
    assert path_of(chart.trend(trend([1, 2, 3, 4, 5]), viewing())).count("M") == 1


def test_a_lone_value_between_gaps_is_drawn() -> None:
    assert "h" in path_of(chart.trend(trend([1, None, 3, None, 5]), viewing()))


def test_a_chart_without_values_says_so() -> None:
    assert "没有数据" in text(chart.trend(trend([None, None]), viewing()))
    assert chart.trend(trend([0, 0, 0]), viewing()) and "没有数据" not in text(chart.trend(trend([0, 0, 0]), viewing()))


def test_gaps_stay_gaps_in_the_exported_series() -> None:
    shown = chart.trend(trend([1, None, 0]), viewing())
    assert attribute(shown, "data-series").endswith(";3600;1,,0")


def test_unknown_bar_is_hatched_and_zero_is_an_empty_track() -> None:
    assert having(table.bar(None, 10), "bar-none") and not having(table.bar(0, 10), "bar-none")


def sample_finding(**more: object) -> Finding:
    values = {"id": "x", "domain": "air", "kind": "finding.air.dust", "severity": "warning", "at": NOW, **more}
    return Finding(**values)  # type: ignore[arg-type]


def test_findings_are_ranked_open_grave_new() -> None:
    old = NOW - timedelta(hours=2)
    rows = [sample_finding(id="a", severity="info"), sample_finding(id="b", severity="alarm", at=old), sample_finding(id="c", severity="alarm"),
            sample_finding(id="d", severity="alarm", ended_at=NOW)]
    assert [f.id for f in finding.ranked(rows)] == ["c", "b", "a", "d"]


def test_a_finding_without_owner_goes_to_its_domains_and_invents_no_usual() -> None:
    card = text(finding.card(sample_finding(value=186, unit="µg/m³"), viewing()))
    assert "市生态环境局" in card and "平时" not in card and "186" in card
    owned = text(finding.card(sample_finding(owner="ecology", value=186, usual=81, unit="µg/m³"), viewing("en")))
    assert "Ecology and environment bureau" in owned and "usually 81" in owned
    limited = text(finding.card(sample_finding(value=99, limit=95, unit="%"), viewing("en")))
    assert "limit 95" in limited and "usual" not in limited, "a limit is never called the usual"


def test_a_cut_list_counts_what_it_leaves_out() -> None:
    many = [sample_finding(id=str(i)) for i in range(12)]
    assert "另有 3 项" in text(finding.listing(many, viewing(), most=9))


def health(state: State, **more: object) -> SourceHealth:
    return SourceHealth(id="hj212", protocol="HJ 212", cadence_s=60, state=state, **more)  # type: ignore[arg-type]


def test_feeds_are_sorted_worst_first() -> None:
    snaps = samples.snapshots(CITY, NOW, troubled=True)
    order = [one.state for _, one in feed.gather(snaps)]
    assert order[0] == "stale" and order[-1] == "live"


def test_device_coverage_is_unknown_when_nobody_says_what_to_expect() -> None:
    snaps = samples.snapshots(CITY, NOW)
    for snapshot in snaps.values():
        for one in snapshot.sources.values():
            one.expected = None
    assert feed.coverage(snaps) is None


def test_a_feed_never_heard_shows_no_age() -> None:
    assert feed.age(health("missing")) == "—"
    assert attribute(feed.state(health("live", newest_observed_at=NOW), viewing()), "data-cadence") == "60"


def test_an_unknown_reason_is_shown_not_hidden() -> None:
    assert feed.reason("some_new_code", viewing()) == "some_new_code"


def test_a_reservation_is_named_but_is_no_refusal() -> None:
    one = health("live", accepted=8, refused={"bad_time": 2, "~bad_time": 90})
    assert feed.reason("~bad_time", viewing()) == feed.reason("bad_time", viewing()) != "bad_time"
    assert feed.refused(one) == 2 and feed.refused_share(one) == pytest.approx(0.2)
    assert [code for _, code, _ in feed.reasons([one])] == ["bad_time", "~bad_time"]


def test_one_kind_cannot_drown_the_others() -> None:
    many = [sample_finding(id=f"t{i}", domain="transit", severity="warning") for i in range(8)]
    alarms = [sample_finding(id=f"a{i}", severity="alarm") for i in range(5)]
    drawn = finding.listing([*many, *alarms, sample_finding(id="n", severity="info")], viewing(), most=20, fold=True)
    keys = [attribute(part, "data-key") for part in having(drawn, "finding")]
    assert keys == ["a0", "a1", "a2", "a3", "a4", "t0", "t1", "t2", "n"]
    assert [attribute(part, "data-fold") for part in having(drawn, "finding-fold")] == ["5"]
    assert [attribute(part, "data-left") for part in having(drawn, "more")] == ["0"]


@pytest.mark.parametrize(("speed", "level"), [(0.0, 0), (0.3, 1), (3.3, 2), (10.8, 6), (40, 12)])
def test_wind_force(speed: float, level: int) -> None:
    assert ribbon.force(speed) == level


def test_weather_without_aqi_shows_a_dash() -> None:
    snaps = samples.snapshots(CITY, NOW)
    snaps["air"].readings.pop("air.aqi")
    assert "—" in text(ribbon.weather(snaps, viewing()))


def test_faces_say_what_and_why() -> None:
    assert "智慧停车" in text(panel.unavailable(viewing(), ["parking"]))
    assert "e-7f3a" in text(panel.failed(viewing("en"), "e-7f3a"))
    body = panel.slot("overview.air", viewing()).children[1]
    assert body.children is None, "Dash must not own what the live link draws"
    assert getattr(body, "data-skeleton") == "chart 3"
