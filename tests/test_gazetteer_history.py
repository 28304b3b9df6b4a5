"""Divisions on two clocks: what they were, what they became, and what the books said at the time."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pandas as pd
import pytest
import shapely
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from planner.demand import Demand
from planner.errors import DataError, IdError, PeriodError, StoreError
from planner.gazetteer import Basis, Gazetteer, Unit, open_gazetteer
from planner.gazetteer.chain import bundle, replay, save_bundle
from planner.gazetteer.divisions import new_division
from planner.gazetteer.records import Record
from planner.gazetteer.schema import DIVISION, KINDS
from planner.layers import Period
from planner.store import GeoPackageStore, geopackage

BASIS = Basis("李明", document="国函〔2017〕107号", authority="国务院")
LONG_AGO = date(1990, 1, 1)


class Clock:
    """A clock that goes as told."""

    def __init__(self, year: int = 2020) -> None:
        self.now = datetime(year, 1, 1, tzinfo=UTC)

    def __call__(self) -> datetime:
        self.now += timedelta(seconds=1)
        return self.now


def box(x: float, y: float, width: float = 0.1, height: float = 0.1) -> shapely.Polygon:
    return shapely.box(120 + x, 36 + y, 120 + x + width, 36 + y + height)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def books(tmp_path: Path, clock: Clock) -> Iterator[Gazetteer]:
    with open_gazetteer(tmp_path / "register.gpkg", clock=clock) as gazetteer:
        for code, name in (("370000", "山东省"), ("370100", "济南市"), ("370200", "青岛市"), ("371200", "莱芜市")):
            above = "" if code == "370000" else "370000"
            gazetteer.create(Unit(code, name), on=LONG_AGO, basis=BASIS, parent=above)
        yield gazetteer


def stand(books: Gazetteer, code: str, name: str, parent: str, shape: shapely.Polygon | None = None) -> str:
    return books.create(Unit(code, name, geometry=shape), on=LONG_AGO, basis=BASIS, parent=parent)


def by_hand(books: Gazetteer) -> sqlite3.Connection:
    db = sqlite3.connect(books.ledger.store.path)
    geopackage.teach(db)
    return db


def codes(records: list) -> list[tuple[str, str]]:
    return [(record["code"], record["name"]) for record in records]


@pytest.mark.parametrize(
    ("city", "old", "new", "on"),
    [
        ("370200", ("370282", "即墨市"), ("370215", "即墨区"), date(2017, 10, 30)),
        ("370100", ("370181", "章丘市"), ("370114", "章丘区"), date(2016, 12, 26)),
        ("370100", ("370125", "济阳县"), ("370115", "济阳区"), date(2018, 6, 19)),
    ],
)
def test_a_county_that_became_a_district_is_found_by_either_code(
    books: Gazetteer, city: str, old: tuple[str, str], new: tuple[str, str], on: date
) -> None:
    place = stand(books, *old, city)
    stand(books, old[0] + "001", "某某街道", place)
    books.upgrade(place, name=new[1], code=new[0], type="市辖区", on=on, basis=BASIS)
    before, after = on - timedelta(days=1), on
    assert codes(books.was(new[0], on=before)) == [old]
    assert codes(books.became(old[0], on=after)) == [new]
    assert codes(books.became(old[0], on=before)) == [old]
    assert new[0] + "001" in {r["code"] for r in books.divisions(after, level="town")}
    assert old[0] + "001" in {r["code"] for r in books.divisions(before, level="town")}
    assert [r["name"] for r in books.find(old[1])] == [old[1]]


def test_who_was_370215_in_2016(books: Gazetteer) -> None:
    place = stand(books, "370282", "即墨市", "370200")
    books.upgrade(place, name="即墨区", code="370215", type="市辖区", on=date(2017, 10, 30), basis=BASIS)
    assert codes(books.was("370215", on=date(2016, 6, 1))) == [("370282", "即墨市")]


def test_laiwu_was_abolished_and_its_districts_went_to_jinan(books: Gazetteer) -> None:
    on = date(2018, 12, 26)
    for code, name in (("371202", "莱城区"), ("371203", "钢城区")):
        stand(books, code, name, "371200")
    books.transfer("371202", "370100", on=on, basis=BASIS, code="370116")
    books.rename("371202", "莱芜区", on=on, basis=BASIS)
    books.transfer("371203", "370100", on=on, basis=BASIS, code="370117")
    books.abolish("371200", on=on, basis=BASIS, heirs=["370100"])
    before = {r["code"] for r in books.divisions(date(2018, 6, 1), level="district")}
    after = {r["code"] for r in books.divisions(date(2019, 6, 1), level="district")}
    assert before == {"371202", "371203"}
    assert after == {"370116", "370117"}
    assert codes(books.became("371200", on=date(2019, 6, 1))) == [("370100", "济南市")]
    assert codes(books.became("371202", on=date(2019, 6, 1))) == [("370116", "莱芜区")]
    assert codes(books.was("370100", on=date(2010, 1, 1))) == [("370100", "济南市"), ("371200", "莱芜市")]
    assert "370116 莱芜区" in books.tree("370100", on=date(2019, 6, 1))


def test_sifang_was_merged_into_shibei_and_jiaonan_into_huangdao(books: Gazetteer) -> None:
    on = date(2012, 12, 1)
    for code, name, at in (
        ("370203", "市北区", 0),
        ("370205", "四方区", 0.1),
        ("370211", "黄岛区", 0.2),
        ("370284", "胶南市", 0.3),
    ):
        stand(books, code, name, "370200", box(at, 0))
    stand(books, "370205001", "阜新路街道", "370205")
    books.merge(["370203", "370205"], "370203", on=on, basis=BASIS)
    books.merge(["370211", "370284"], "370211", on=on, basis=BASIS)
    assert codes(books.became("370205", on=date(2013, 1, 1))) == [("370203", "市北区")]
    assert codes(books.became("370284", on=date(2013, 1, 1))) == [("370211", "黄岛区")]
    assert codes(books.was("370203", on=date(2012, 1, 1))) == [("370203", "市北区"), ("370205", "四方区")]
    units = books.units_on(date(2013, 1, 1), level="district")
    assert sorted(units["name"]) == ["市北区", "黄岛区"]
    (town,) = books.divisions(date(2013, 1, 1), level="town")
    assert town["parent"] == "place:370203"


def test_a_split_names_its_heirs_and_must_not_lose_land(books: Gazetteer) -> None:
    on = date(1994, 6, 1)
    stand(books, "370206", "沧口区", "370200", box(0, 0, 0.2))
    left, right = box(0, 0), box(0.1, 0)
    with pytest.raises(DataError, match="do not make up"):
        books.split(
            "370206",
            [Unit("370213", "李沧区", geometry=left), Unit("370214", "城阳区", geometry=box(0.15, 0))],
            on=on,
            basis=BASIS,
        )
    heirs = books.split(
        "370206",
        [Unit("370213", "李沧区", geometry=left), Unit("370214", "城阳区", geometry=right)],
        on=on,
        basis=BASIS,
    )
    assert heirs == ["place:370213", "place:370214"]
    assert codes(books.became("370206", on=date(2000, 1, 1))) == [("370213", "李沧区"), ("370214", "城阳区")]
    assert codes(books.was("370214", on=LONG_AGO)) == [("370206", "沧口区")]


def test_a_part_split_off_leaves_the_old_unit_as_one_heir(books: Gazetteer) -> None:
    place = stand(books, "370212", "崂山区", "370200")
    books.split(
        place, [Unit("370212", "崂山区", place=place), Unit("370214", "城阳区")], on=date(1994, 6, 1), basis=BASIS
    )
    assert len(books.became("370212", on=date(2000, 1, 1))) == 2
    assert codes(books.was("370214", on=date(1993, 1, 1))) == [("370212", "崂山区")]


def test_as_known_in_2024_after_a_correction_made_in_2026(books: Gazetteer, clock: Clock) -> None:
    clock.now = datetime(2024, 5, 1, tzinfo=UTC)
    place = stand(books, "370282", "即墨市", "370200")
    books.upgrade(place, name="即墨区", code="370215", type="市辖区", on=date(2017, 9, 20), basis=BASIS)
    clock.now = datetime(2026, 3, 1, tzinfo=UTC)
    for record in books.ledger.select(DIVISION, "thing = ?", (place,)):
        ends_then = record.valid.end == date(2017, 9, 20)
        if ends_then:
            old = record
        else:
            new = record
    from planner.layers import Period

    fixed = [old.but(valid=Period(LONG_AGO, date(2017, 10, 30))), new.but(valid=Period(date(2017, 10, 30), None))]
    books.ledger.act("correct", Basis("王芳", note="the approval took effect later"), begin=fixed, end=[old, new])
    day = date(2017, 10, 1)
    assert codes(books.became("370282", on=day)) == [("370282", "即墨市")]
    assert codes(books.became("370282", on=day, known_on=date(2024, 12, 31))) == [("370215", "即墨区")]
    assert books.became("370282", on=date(2024, 12, 31), known_on=date(2024, 12, 31))[0]["name"] == "即墨区"
    with pytest.raises(IdError):
        books.became("370282", on=day, known_on=date(2019, 1, 1))


def test_people_of_jimo_in_2016_on_todays_border(books: Gazetteer) -> None:
    place = stand(books, "370282", "即墨市", "370200", box(0, 0, 0.4))
    stand(books, "370214", "城阳区", "370200", box(0.4, 0, 0.2))
    on = date(2017, 10, 30)
    books.upgrade(place, name="即墨区", code="370215", type="市辖区", on=on, basis=BASIS)
    books.redraw("370215", box(0, 0, 0.3), on=date(2019, 1, 1), basis=BASIS)
    books.redraw("370214", box(0.3, 0, 0.3), on=date(2019, 1, 1), basis=BASIS)
    people = pd.Series({"370282": 1_200_000, "370214": 700_000}, name="people")
    today = books.rebase(people, from_on=date(2016, 6, 1), to_on=date(2024, 1, 1), level="district")
    assert today.sum() == pytest.approx(1_900_000)
    assert today["place:370282"] == pytest.approx(900_000, rel=1e-4)


def test_rebasing_by_people_puts_them_where_they_live(books: Gazetteer) -> None:
    import geopandas as gpd

    stand(books, "370202", "市南区", "370200", box(0, 0, 0.2))
    books.split(
        "370202",
        [Unit("370203", "甲区", geometry=box(0, 0)), Unit("370204", "乙区", geometry=box(0.1, 0))],
        on=date(2000, 1, 1),
        basis=BASIS,
    )
    points = gpd.GeoDataFrame(
        {"people": [9.0, 1.0]}, geometry=gpd.points_from_xy([120.05, 120.15], [36.05] * 2), crs=4490, index=["a", "b"]
    )
    live = Demand(points.to_crs(4549))
    dealt = books.rebase(
        pd.Series({"370202": 1000}), from_on=date(1999, 1, 1), to_on=date(2001, 1, 1), level="district", people=live
    )
    assert dealt.to_dict() == pytest.approx({"place:370203": 900, "place:370204": 100})


def test_units_of_a_day_carry_the_codes_of_that_day(books: Gazetteer) -> None:
    stand(books, "370282", "即墨市", "370200", box(0, 0))
    books.upgrade("370282", name="即墨区", code="370215", type="市辖区", on=date(2017, 10, 30), basis=BASIS)
    for day, code in ((date(2016, 1, 1), "370282"), (date(2018, 1, 1), "370215")):
        units = books.units_on(day, level="district", within="370200")
        assert list(units["code"]) == [code]
        assert list(units["parent"]) == ["370200"]
        assert list(units.ids) == ["place:370282"]


def test_fault_60_a_point_on_the_border_of_two_units_lies_in_the_one_with_the_smaller_code(books: Gazetteer) -> None:
    stand(books, "370203", "乙区", "370200", box(0.1, 0))
    stand(books, "370202", "甲区", "370200", box(0, 0))
    assert codes(books.divisions_at(120.1, 36.05, on=date(2020, 1, 1))) == [("370202", "甲区")]
    assert books.divisions_at(130, 36, on=date(2020, 1, 1)) == []


@pytest.mark.parametrize("code", ["37020", "3.7e11", "370202.0", "市南区", ""])
def test_fault_30_a_code_that_excel_damaged_is_refused_with_a_guess(books: Gazetteer, code: str) -> None:
    with pytest.raises(DataError, match="no division code"):
        books.create(Unit(code, "某区"), on=LONG_AGO, basis=BASIS, parent="370200")


def test_a_code_is_never_used_again_and_its_parent_must_stand_that_day(books: Gazetteer) -> None:
    stand(books, "370205", "四方区", "370200")
    books.abolish("370205", on=date(2012, 12, 1), basis=BASIS)
    with pytest.raises(IdError, match="never used again"):
        books.create(Unit("370205", "新区"), on=date(2020, 1, 1), basis=BASIS, parent="370200")
    with pytest.raises(PeriodError, match="has no record"):
        books.create(Unit("370205001", "某街道"), on=date(2020, 1, 1), basis=BASIS, parent="370205")
    with pytest.raises(DataError, match="does not begin with 3702"):
        books.create(Unit("370102", "历下区"), on=date(2020, 1, 1), basis=BASIS, parent="370200")


def test_fault_45_two_truths_on_one_day_are_refused_by_the_database_itself(books: Gazetteer) -> None:
    (record,) = books.divisions(date(2020, 1, 1), level="province")
    with pytest.raises(PeriodError, match="another truth"):
        books.load([record.but(name="山西省")], basis=BASIS)
    assert books.verify()


@pytest.mark.parametrize("until", [None, date(2030, 1, 1)])
def test_fault_45_a_streamed_load_with_two_truths_on_one_day_changes_nothing(
    books: Gazetteer, until: date | None
) -> None:
    (record,) = books.divisions(date(2020, 1, 1), level="province")
    head = books.verify().head
    twice = (record.but(name=name, valid=Period(LONG_AGO, until)) for name in ("河北省", "河南省"))
    with pytest.raises(PeriodError, match="another truth"):
        books.load(twice, basis=BASIS)
    assert books.verify(head=head)
    assert [r["name"] for r in books.divisions(date(2020, 1, 1), level="province")] == ["山东省"]


def test_a_streamed_load_of_truths_that_follow_one_another_is_kept_and_stays_guarded(books: Gazetteer) -> None:
    def eras() -> Iterator[Record]:
        for begin, end, name in ((1990, 2000, "旧县"), (2000, None, "新县")):
            valid = Period(date(begin, 1, 1), date(end, 1, 1) if end else None)
            yield new_division(Unit("370181", name), on=LONG_AGO, parent="").but(valid=valid)

    books.load(eras(), basis=BASIS)
    (now,) = books.divisions(date(2020, 1, 1), level="district")
    assert now["name"] == "新县"
    with pytest.raises(PeriodError, match="another truth"):
        books.load([now.but(name="又县")], basis=BASIS)


def test_fault_85_an_approved_change_is_undone_only_by_another_event(books: Gazetteer) -> None:
    place = stand(books, "370282", "即墨市", "370200")
    done = books.rename(place, "即墨新市", on=date(2000, 1, 1), basis=BASIS)
    books.undo(done, basis=Basis("王芳", note="entered by mistake"))
    assert codes(books.became(place, on=date(2001, 1, 1))) == [("370282", "即墨市")]
    assert [event.kind for event in books.ledger.events()][-2:] == ["rename", f"undo {done}"]
    assert books.verify()
    first = books.rename(place, "甲市", on=date(2000, 1, 1), basis=BASIS)
    books.rename(place, "乙市", on=date(2000, 1, 1), basis=BASIS)
    with pytest.raises(PeriodError, match="undo that one first"):
        books.undo(first, basis=BASIS)


@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE register_divisions SET name = '假' WHERE fid = 1",
        "UPDATE register_divisions SET ended = NULL",
        "DELETE FROM register_divisions",
        "UPDATE register_events SET actor = '无'",
        "DELETE FROM register_events",
    ],
)
def test_the_database_refuses_to_rewrite_history(books: Gazetteer, sql: str) -> None:
    db = by_hand(books)
    with pytest.raises(sqlite3.IntegrityError, match="never"):
        db.execute(sql)


@pytest.mark.parametrize(
    ("sql", "where"),
    [
        ("UPDATE register_divisions SET name = '假市' WHERE code = '370200'", "division record 3"),
        ("UPDATE register_events SET actor = '无' WHERE seq = 2", "event 2"),
        ("UPDATE register_events SET document = NULL WHERE seq = 4", "event 4"),
        ("DELETE FROM register_divisions WHERE code = '370100'", "event 2"),
        ("DELETE FROM register_events WHERE seq = 3", "event 4"),
        ("UPDATE register_divisions SET ended = 4 WHERE code = '370200'", "event 4"),
        ("UPDATE register_divisions SET seal = x'00' WHERE code = '370200'", "division record 3"),
        ("UPDATE register_divisions SET begun = 99 WHERE code = '370200'", "event 3"),
    ],
)
def test_fault_84_a_book_edited_by_hand_fails_at_the_first_bad_row(books: Gazetteer, sql: str, where: str) -> None:
    assert books.verify()
    head = books.verify().head
    db = by_hand(books)
    for (trigger,) in db.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
        db.execute(f'DROP TRIGGER "{trigger}"')
    db.execute(sql)
    db.commit()
    verdict = books.verify()
    assert not verdict
    assert verdict.where.startswith(where)
    assert head


def test_fault_84_events_cut_from_the_end_are_found_by_the_head_written_down(books: Gazetteer) -> None:
    head = books.verify().head
    db = by_hand(books)
    for (trigger,) in db.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
        db.execute(f'DROP TRIGGER "{trigger}"')
    db.execute("DELETE FROM register_events WHERE seq = 4")
    db.execute("DELETE FROM register_divisions WHERE begun = 4")
    db.commit()
    assert books.verify()
    assert "missing" in books.verify(head=head).reason


def test_known_time_goes_on_when_the_computers_clock_goes_back(books: Gazetteer, clock: Clock) -> None:
    clock.now = datetime(2001, 1, 1, tzinfo=UTC)
    stand(books, "370202", "市南区", "370200")
    stamps = [event.recorded for event in books.ledger.events()]
    assert stamps == sorted(set(stamps))


def test_fault_83_two_people_changing_one_record_do_not_lose_either_change(books: Gazetteer, tmp_path: Path) -> None:
    place = stand(books, "370202", "市南区", "370200")
    (seen,) = books.became(place, on=date(2020, 1, 1))
    with open_gazetteer(books.ledger.store.path) as other:
        other.rename(place, "甲区", on=date(2020, 1, 1), basis=BASIS)
    with pytest.raises(StoreError, match="someone else meanwhile"):
        books.correct(seen, basis=BASIS, name="乙区")
    assert codes(books.became(place, on=date(2021, 1, 1))) == [("370202", "甲区")]


def test_a_seat_moves_and_the_old_one_stays_known(books: Gazetteer) -> None:
    place = stand(books, "370282", "即墨市", "370200")
    books.move_seat(place, "环秀街道", on=date(2003, 5, 1), basis=BASIS)
    seats = [books.ledger.one(DIVISION, place, on=date(year, 6, 1))["seat"] for year in (2002, 2003)]
    assert seats == ["", "环秀街道"]


def test_functional_areas_are_kept_apart_from_divisions(books: Gazetteer) -> None:
    stand(books, "370211", "黄岛区", "370200", box(0, 0))
    zone = Unit("370271", "西海岸新区", geometry=box(0, 0, 0.2, 0.2), functional=True)
    books.create(zone, on=LONG_AGO, basis=BASIS, parent="370200")
    day = date(2020, 1, 1)
    assert list(books.units_on(day, level="district")["code"]) == ["370211"]
    at = books.divisions_at(120.05, 36.05, on=day)
    assert [(r["code"], bool(r["functional"])) for r in at] == [("370211", False), ("370271", True)]
    assert len(books.topology(day, level="district")) == 0


def test_every_event_needs_a_person_and_dates_in_order() -> None:
    with pytest.raises(DataError, match="name of the person"):
        Basis(" ")
    with pytest.raises(PeriodError, match="approved on 2020-01-01 comes before applied"):
        Basis("李", applied=date(2021, 1, 1), approved=date(2020, 1, 1))


def test_attachments_are_kept_by_the_digest_of_their_content(tmp_path: Path) -> None:
    paper = tmp_path / "批复.pdf"
    paper.write_bytes(b"abc")
    assert Basis("李").with_files(paper).attachments["批复.pdf"].startswith("ba7816bf")


def test_the_history_of_a_place_names_the_document_of_every_change(books: Gazetteer) -> None:
    place = stand(books, "370282", "即墨市", "370200")
    books.upgrade(place, name="即墨区", code="370215", type="市辖区", on=date(2017, 10, 30), basis=BASIS)
    story = books.history("370215")
    assert story["name"].tolist() == ["即墨市", "即墨区"]
    assert story["change"].tolist() == ["upgrade", "upgrade"]
    assert set(story["document"]) == {"国函〔2017〕107号"}


def test_gaps_overlaps_and_slivers_are_listed_with_their_area(books: Gazetteer) -> None:
    stand(books, "370202", "甲区", "370200", box(0, 0, 0.1, 0.1))
    stand(books, "370203", "乙区", "370200", box(0.09, 0, 0.11, 0.1))
    stand(books, "370204", "丙区", "370200", box(0.2, 0, 0.1, 0.1))
    stand(books, "370205", "丁区", "370200", box(0.3 + 2e-5, 0, 0.1, 0.1))
    found = books.topology(date(2020, 1, 1), level="district")
    overlap = found[found["finding"] == "overlap"].iloc[0]
    assert overlap["units"] == "甲区、乙区"
    assert overlap["square_metres"] == pytest.approx(0.01 * 0.1 * 111_000 * 90_000, rel=0.05)
    books.redraw("370200", box(0, 0, 0.4 + 2e-5, 0.1), on=date(1991, 1, 1), basis=BASIS)
    whole = books.topology(date(2020, 1, 1), level="district", within="370200")
    gap = whole[whole["finding"] == "sliver gap"].iloc[0]
    assert gap["units"] == "丙区、丁区"


def test_fault_64_a_unit_with_an_exclave_or_a_hole_is_kept(books: Gazetteer) -> None:
    holed = box(0, 0).difference(box(0.04, 0.04, 0.02, 0.02))
    shape = shapely.MultiPolygon([holed, box(0.3, 0.3)])
    stand(books, "370202", "甲区", "370200", shape)
    (kept,) = books.units_on(date(2020, 1, 1), level="district", crs=None).frame.to_crs(4490).geometry
    assert shapely.get_num_interior_rings(shapely.get_parts(kept)).sum() == 1
    assert len(kept.geoms) == 2


def test_replaying_the_log_rebuilds_the_same_state(books: Gazetteer, tmp_path: Path) -> None:
    stand(books, "370282", "即墨市", "370200", box(0, 0))
    books.upgrade("370282", name="即墨区", code="370215", type="市辖区", on=date(2017, 10, 30), basis=BASIS)
    store = replay(bundle(books.ledger), tmp_path / "again.gpkg")
    assert dump(store.path) == dump(books.ledger.store.path)
    lines = save_bundle(books.ledger, tmp_path / "audit.jsonl").read_text(encoding="utf-8").splitlines()
    assert len(lines) == books.ledger.last()


def dump(path: Path) -> list:
    db = sqlite3.connect(path)
    tables = ["register_events", *(kind.table for kind in KINDS.values())]
    return [db.execute(f"SELECT * FROM {table} ORDER BY 1").fetchall() for table in tables]


class AnySequence(RuleBasedStateMachine):
    """Whatever is done to a register, in whatever order, one truth a day remains and the log rebuilds it."""

    def __init__(self) -> None:
        super().__init__()
        import tempfile

        self.folder = tempfile.TemporaryDirectory()
        self.books = open_gazetteer(Path(self.folder.name) / "r.gpkg", clock=Clock())
        self.books.create(Unit("370200", "青岛市"), on=LONG_AGO, basis=BASIS)
        self.number = 200
        for _ in range(3):
            self._new(LONG_AGO)

    def teardown(self) -> None:
        self.books.close()
        self.folder.cleanup()

    def _new(self, on: date) -> None:
        self.number += 1
        self.books.create(Unit(f"370{self.number}", f"区{self.number}"), on=on, basis=BASIS, parent="370200")

    @staticmethod
    def attempt(act: object, *values: object, **options: object) -> None:
        with pytest.MonkeyPatch.context():
            try:
                act(*values, basis=BASIS, **options)  # type: ignore[operator]
            except (DataError, StoreError):
                return

    days = st.dates(date(1991, 1, 1), date(2030, 1, 1))
    picks = st.integers(201, 206)

    @rule(on=days)
    def create(self, on: date) -> None:
        if self.number < 206:
            self._new(on)

    @rule(one=picks, on=days, name=st.sampled_from(["甲区", "乙区", "丙区"]))
    def rename(self, one: int, on: date, name: str) -> None:
        self.attempt(self.books.rename, f"place:370{one}", name, on=on)

    @rule(one=picks, on=days, code=st.integers(280, 289))
    def recode(self, one: int, on: date, code: int) -> None:
        self.attempt(self.books.change_code, f"place:370{one}", f"370{code}", on=on)

    @rule(one=picks, other=picks, on=days)
    def merge(self, one: int, other: int, on: date) -> None:
        self.attempt(self.books.merge, [f"place:370{one}", f"place:370{other}"], f"place:370{one}", on=on)

    @rule(one=picks, on=days)
    def abolish(self, one: int, on: date) -> None:
        self.attempt(self.books.abolish, f"place:370{one}", on=on)

    @rule(event=st.integers(1, 30))
    def undo(self, event: int) -> None:
        if event > 4:
            self.attempt(self.books.undo, event)

    @invariant()
    def one_truth_a_day(self) -> None:
        found: dict[str, list] = {}
        for record in self.books.ledger.select(DIVISION):
            found.setdefault(record.thing, []).append(record.valid)
        for spans in found.values():
            assert not any(a.overlaps(b) for i, a in enumerate(spans) for b in spans[i + 1 :])

    @invariant()
    def the_chain_holds_and_the_past_stays(self) -> None:
        verdict = self.books.verify()
        assert verdict, verdict
        then = getattr(self, "then", None)
        if then is not None:
            assert [repr(r) for r in self.books.ledger.select(DIVISION, known_on=then[0])] == then[1]
        moment = list(self.books.ledger.events())[-1].recorded
        self.then = (moment, [repr(r) for r in self.books.ledger.select(DIVISION)])

    def test_replay(self) -> None:
        replay(bundle(self.books.ledger), Path(self.folder.name) / "again.gpkg")


class TestAnySequence(AnySequence.TestCase):  # type: ignore[misc, name-defined]
    settings = settings(max_examples=6, stateful_step_count=12, deadline=None, suppress_health_check=list(HealthCheck))


def test_a_register_can_live_beside_the_layers_of_a_project(books: Gazetteer) -> None:
    from planner.store import Act

    store = GeoPackageStore(books.ledger.store.path)
    store.write(Act("a layer", replace={"roads": pd.DataFrame({"a": [1]})}))
    assert "register_divisions" in store.tables()
    assert books.verify()
    assert len(books.find("青岛")) == 1
