"""Qingdao's divisions from four open sources in one register, with the conflicts among them listed."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import geopandas as gpd
import pandas as pd
import pytest
import shapely

from planner.gazetteer import Basis, Gazetteer, Unit, editions, forms, open_gazetteer

DAY = date(2023, 6, 30)
SINCE = date(2020, 1, 1)
CLERK = Basis("test", document="open data")


@pytest.fixture(scope="module")
def books(real_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gazetteer]:
    """Province, city, districts with borders, towns by the 2023 code list with OpenStreetMap's borders, communities."""
    folder = real_data / "qingdao"
    with open_gazetteer(tmp_path_factory.mktemp("qingdao") / "project.gpkg") as gazetteer:
        gazetteer.create(Unit("370000", "山东省"), on=SINCE, basis=CLERK)
        gazetteer.create(Unit("370200", "青岛市"), on=SINCE, basis=CLERK, parent="370000")
        for table in (districts(folder), towns(real_data), communities(folder)):
            known = {str(record["code"]): record.thing for record in gazetteer.divisions(DAY)}
            records, report = forms.divisions(table, on=SINCE, parents=known)
            assert report.read == report.accepted + len(report.quarantine) + len(report.duplicates)
            gazetteer.load(records, basis=CLERK)
        yield gazetteer


def districts(folder: Path) -> pd.DataFrame:
    return pd.DataFrame(gpd.read_file(folder / "districts.gpkg"))


def towns(real_data: Path) -> pd.DataFrame:
    listed = pd.read_csv(real_data / "codes" / "nbs_townships_shandong_2015_2023.csv", dtype=str).rename(
        columns={"code9": "code"}
    )
    listed = listed[(listed["as_of"] == listed["as_of"].max()) & listed["code"].str.startswith("3702")]
    drawn = gpd.read_file(real_data / "qingdao" / "townships.geojson").to_crs(4490).set_index("code9").geometry
    shapes = listed["code"].map(drawn[~drawn.index.duplicated()])
    return listed.assign(geometry=[shape if isinstance(shape, shapely.Geometry) else None for shape in shapes])


def communities(folder: Path) -> pd.DataFrame:
    return pd.read_csv(folder / "communities_2023.csv", dtype=str).rename(
        columns={"code12": "code", "community": "name"}
    )[["code", "name"]]


def test_every_source_is_in_with_its_rows_accounted_for(books: Gazetteer, real_data: Path) -> None:
    assert len(books.divisions(DAY, level="district")) == 10
    assert len(books.divisions(DAY, level="town")) == len(towns(real_data))
    assert len(books.divisions(DAY, level="village")) > 2000
    assert books.verify()
    assert "370215 即墨区" in books.tree("370200", on=DAY, depth=1)


def test_the_districts_are_units_to_plan_on(books: Gazetteer) -> None:
    units = books.units_on(DAY, level="district", within="370200")
    assert len(units) == 10
    assert units.crs.to_epsg() == 4549
    assert 10_500 < units.frame.geometry.area.sum() / 1e6 < 11_900


def test_a_point_in_the_old_town_lies_in_shinan(books: Gazetteer) -> None:
    names = [unit["name"] for unit in books.divisions_at(120.38, 36.063, on=DAY)]
    assert names[0] == "市南区"
    assert len(names) == 2


def test_openstreetmaps_stale_code_of_jimo_is_found(books: Gazetteer, real_data: Path) -> None:
    place = books.place("370215")
    (record,) = books.became("370215", on=DAY)
    from planner.layers import Period

    history = [
        record.but(valid=Period(SINCE, date(2020, 1, 2)), code="370282", name="即墨市"),
        record.but(valid=Period(date(2020, 1, 2), None)),
    ]
    books.ledger.act("correct", Basis("test", note="give Jimo its former code"), begin=history, end=[record])
    layer = editions.clean_layer(gpd.read_file(real_data / "qingdao" / "osm_districts.geojson")).rename(
        columns={"division_code": "code"}
    )
    found = editions.conflicts(books.ledger, pd.DataFrame(layer[["code", "name", "geometry"]]), on=DAY)
    stale = found[found["finding"] == "stale code"].iloc[0]
    assert (stale["code"], stale["register_code"], stale["register_name"]) == ("370282", "370215", "即墨区")
    other = found[found["finding"] == "other name"]
    assert other[["code", "name", "register_name"]].to_numpy().tolist() == [
        ["370211", "青岛西海岸新区（黄岛区）", "黄岛区"]
    ]
    assert place == record.thing


def test_codes_outside_the_usual_classes_are_doubts_not_errors(books: Gazetteer, real_data: Path) -> None:
    found = editions.conflicts(books.ledger, towns(real_data).drop(columns="geometry"), on=DAY)
    assert set(found["finding"]) <= {"doubtful class"}
    assert len(found) > 0


def test_the_towns_leave_the_known_gaps_and_no_overlap(books: Gazetteer) -> None:
    found = books.topology(DAY, level="town")
    assert found[found["finding"] == "overlap"].empty
    assert found.loc[found["finding"] == "gap", "square_metres"].sum() / 1e6 < 200


def test_yearly_editions_become_candidates_for_a_person(real_data: Path) -> None:
    listed = pd.read_csv(real_data / "codes" / "nbs_townships_shandong_2015_2023.csv", dtype=str).rename(
        columns={"code9": "code"}
    )
    found = editions.candidates(listed[listed["code"].str.startswith("3702")])
    assert set(found["change"]) <= {"rename", "code change", "create", "end", "contradiction"}
    jimo = found[(found["change"] == "code change") & found["code"].str.startswith("370282")]
    assert len(jimo) >= 10
    assert set(jimo["to_code"].str[:6]) == {"370215"}


def test_editions_that_disagree_on_sifang_and_jiaonan_are_reported_not_believed(real_data: Path) -> None:
    changes = pd.read_csv(real_data / "codes" / "gb2260_changes_curated.csv", dtype=str)
    found = editions.spells(changes[changes["code"].str.startswith("3702")])
    contradictions = found[found["change"] == "contradiction"].set_index("code")
    assert {"370205", "370284"} <= set(contradictions.index)
    assert (
        "gone between 201110 and 201112; back between 201112 and 201210; gone between 201210 and 201308"
        in contradictions.loc["370205", "reason"]
    )
    jimo = found[found["code"].isin(["370282", "370215"])]
    assert set(jimo["change"]) == {"create", "end"}
