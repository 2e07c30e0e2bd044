"""View models of the report page."""

from typing import Any

from eval.metrics.significance import Estimate
from eval.report.views import MeasureRow, MeasureTable, set_views

ROW = {"mean": 0.5, "low": 0.25, "high": 0.75, "count": 4}


def record(name: str = "small", ranking: str = "full", **changes: Any) -> dict[str, Any]:
    made: dict[str, Any] = {
        "created": "2026-01-01",
        "set": {"name": name, "kind": "beir", "sha256": name},
        "system": {"model": {"name": "m", "digest": "d"}, "generation": "g-12345678", "manifest": "12345678"},
        "settings": {"ranking": ranking},
        "figures": {"nDCG@10": {"all": ROW, "de": ROW, "en": ROW}},
        "details": {},
        "queries": {name: {"language": name, "parallel": name} for name in ("de", "en")},
        "values": {"nDCG@10": dict.fromkeys(("de", "en"), 1.0 if ranking == "full" else 0.0)},
        "timings": {},
    }
    return made | changes


def test_records_are_grouped_by_set_in_their_order() -> None:
    views = set_views([record("b"), record("a"), record("b", "lexical")])

    assert [view.name for view in views] == ["b", "a"]
    assert [row.run for row in views[0].measures.rows] == ["full", "lexical"]


def test_a_run_without_a_group_has_an_empty_cell() -> None:
    (view,) = set_views([record(), record(figures={"nDCG@10": {"all": ROW}})])

    assert view.measures.groups == ("all", "de", "en")
    assert view.measures.rows[1].cells == (Estimate(0.5, 0.25, 0.75, 4), None, None)


def test_parity_has_a_table_of_its_own() -> None:
    (view,) = set_views([record(figures={"nDCG@10": {"all": ROW}, "parity": {"de-en": ROW}})])

    assert [row.measure for row in view.measures.rows] == ["nDCG@10"]
    assert view.parity.groups == ("de-en",)


def test_the_full_ranking_is_compared_with_its_best_part() -> None:
    (view,) = set_views([record(), record(ranking="lexical")])

    assert [(row["part"], row["language"]) for row in view.comparisons] == [
        ("lexical", "all"),
        ("lexical", "de"),
        ("lexical", "en"),
    ]


def test_equal_runs_are_numbered() -> None:
    (view,) = set_views([record(), record()])

    assert [row.run for row in view.measures.rows] == ["full", "full (2)"]


def test_worst_cases_are_those_of_the_full_ranking() -> None:
    worst = {"worst": [{"query_id": "q"}]}
    (view,) = set_views([record(ranking="lexical", details=worst), record(details=worst)])

    assert view.worst_cases == (("full", ({"query_id": "q"},)),)


def test_series_are_named_by_measure_and_run_where_both_differ() -> None:
    rows = tuple(MeasureRow(run, measure, ()) for measure in ("a", "b") for run in ("x", "y"))

    assert list(MeasureTable((), rows).series(["a"])) == ["x", "y"]
    assert list(MeasureTable((), rows).series(["a", "b"])) == ["a, x", "a, y", "b, x", "b, y"]
    assert list(MeasureTable((), rows[::2]).series(["a", "b"])) == ["a", "b"]
