"""Place names: their spelling, their rules, and their way from draft to use."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path

import pandas as pd
import pytest
import shapely

from planner.errors import ColumnError, DataError, IdError, PeriodError
from planner.gazetteer import Basis, Gazetteer, NewName, Unit, campaigns, forms, open_gazetteer, signs
from planner.gazetteer.naming import name_record
from planner.gazetteer.romanise import draft, faults, initials, toneless
from planner.gazetteer.rules import CLAUSES, RULES, Proposal, judge
from planner.gazetteer.schema import NAME
from planner.gazetteer.spelling import clean, is_placeholder, key, split
from planner.layers import Period

DAY = date(2026, 3, 2)
CLERK = Basis("李明")
APPROVAL = Basis("李明", document="青民〔2026〕3号", authority="青岛市人民政府", approved=DAY)


@pytest.fixture
def books(tmp_path: Path) -> Iterator[Gazetteer]:
    with open_gazetteer(tmp_path / "register.gpkg", clock=lambda: datetime(2026, 3, 1, tzinfo=UTC)) as gazetteer:
        old = date(1949, 10, 1)
        for code, name in (
            ("370000", "山东省"),
            ("370200", "青岛市"),
            ("370202", "市南区"),
            ("370203", "市北区"),
            ("370100", "济南市"),
            ("370102", "历下区"),
        ):
            above = {"000": "", "200": "370000", "100": "370000"}.get(code[3:], code[:4] + "00")
            shape = {
                "370202": shapely.box(120.3, 36, 120.4, 36.1),
                "370203": shapely.box(120.3, 36.1, 120.4, 36.2),
            }.get(code)
            gazetteer.create(Unit(code, name, geometry=shape), on=old, basis=CLERK, parent=above)
        yield gazetteer


def road(name: str, within: str = "370202", **more: object) -> NewName:
    return NewName(name, "street", within, location="东起山东路，西至福州路", **more)  # type: ignore[arg-type]


def name_it(books: Gazetteer, new: NewName, *, until: str = "in use", place: str = "") -> str:
    """Take a name from draft as far as asked."""
    place = books.propose(new, on=DAY, basis=CLERK, place=place)
    steps = {
        "applied": Basis("李明", applied=DAY), "assessed": CLERK, "approved": APPROVAL, "filed": Basis("李明", filed=DAY),
        "announced": Basis("李明", document="公告1号", announced=DAY), "in use": CLERK,
    }  # fmt: skip
    for step, basis in steps.items():
        if step == "announced":
            books.confirm_pinyin(place, draft(new.name).text, basis=CLERK)
        books.advance(place, step, on=DAY, basis=basis)
        if step == until:
            break
    return place


# roman letters


@pytest.mark.parametrize(
    ("name", "roman"),
    [
        ("太行山", "Tàiháng Shān"), ("解放路南小街", "Jiěfànglù Nánxiǎojiē"), ("解放路", "Jiěfàng Lù"), ("西安路", "Xī'ān Lù"),
        ("台东一路", "Táidōng 1 Lù"), ("无棣四路", "Wúdì 4 Lù"), ("江苏路二十三巷", "Jiāngsūlù 23 Xiàng"), ("香港中路", "Xiānggǎng Zhōnglù"),
        ("东阿路", "Dōng'ē Lù"), ("崂山", "Láo Shān"), ("五四广场", "Wǔsì Guǎngchǎng"), ("青岛市", "Qīngdǎo Shì"),
    ],
)  # fmt: skip
def test_the_official_examples_are_spelt_as_the_rules_say(name: str, roman: str) -> None:
    assert draft(name).text == roman
    assert faults(name, roman) == []


@pytest.mark.parametrize(
    ("name", "roman", "doubt"),
    [("朝阳路", "Cháoyáng Lù", "朝"), ("单县路", "Shànxiàn Lù", "单"), ("曾家埠", "Zēngjiā Bù", "曾")],
)
def test_polyphones_that_machines_misread_are_spelt_locally_and_flagged(name: str, roman: str, doubt: str) -> None:
    found = draft(name)
    assert found.text == roman
    assert doubt in found.doubts
    assert found.exception


def test_plain_names_raise_no_doubt() -> None:
    assert draft("解放路").doubts == ()


@pytest.mark.parametrize(
    ("name", "roman", "rule"),
    [
        ("西安路", "Xian Lu", "pinyin.apostrophe"), ("解放路", "Jiefang Road", "pinyin.english"), ("解放路", "JIEFANG LU", "pinyin.capitals"),
        ("解放路", "Jie3fang4 Lu4", "pinyin.tone-numbers"), ("解放路", "Jiefanglu", "pinyin.parts"), ("解放路", "Jiefan Lu", "pinyin.reading"),
    ],
)  # fmt: skip
def test_fault_42_roman_letters_against_the_rules_get_a_message_of_their_own(name: str, roman: str, rule: str) -> None:
    ((found, message),) = faults(name, roman)
    assert found == rule
    assert roman in message


def test_sounds_and_initials_ignore_tones() -> None:
    assert toneless("延安") == toneless("延庵") == "yanan"
    assert initials("解放路") == "jfl"
    assert initials("A区") == "aq"


# spelling


@pytest.mark.parametrize(
    ("given", "wanted"), [("青 岛", "青岛"), ("臺東路", "台东路"), ("Ａ座１号", "a座1号"), ("五·四广场", "五四广场")]
)
def test_fault_34_names_are_compared_in_simplified_narrow_letters(given: str, wanted: str) -> None:
    assert key(given) == wanted


def test_fault_34_the_converter_is_used_for_look_up_only(books: Gazetteer) -> None:
    place = name_it(books, road("著力路"), until="applied")
    assert books.names()[0]["name"] == "著力路"
    assert {r.thing for r in books.find("着力路")} | {r.thing for r in books.find("著力路")} == {place}


@pytest.mark.parametrize(
    ("given", "text"), [("山\u200b东路", "山东路"), ("山东路\u00a0", "山东路"), ("山\u00ad东路", "山东路")]
)
def test_fault_35_invisible_characters_are_stripped_and_said(given: str, text: str) -> None:
    cleaned = clean(given)
    assert cleaned.text == text
    assert cleaned.repairs
    assert not cleaned.faults


@pytest.mark.parametrize(
    ("name", "fault"),
    [
        ("山\u202e东路", "name.bidi"),
        ("山🙂路", "name.emoji"),
        ("山\x07路", "name.control"),
        ("", "name.empty"),
        (" ", "name.empty"),
        ("鎮(zhèn)", "name.bracket-pinyin"),
    ],
)
def test_fault_33_35_37_38_what_no_name_may_hold_is_refused(name: str, fault: str) -> None:
    assert fault in clean(name).faults
    with pytest.raises(DataError, match=fault):
        road(name)


@pytest.mark.parametrize("name", ["无名路", "规划一路", "待定", "规划12路", "无", "XX路", ""])
def test_fault_38_placeholders_are_known(name: str) -> None:
    assert is_placeholder(name)


@pytest.mark.parametrize("name", ["规划展览路", "无锡路", "无棣四路", "待月路"])
def test_fault_38_names_that_only_begin_like_placeholders_are_not(name: str) -> None:
    assert not is_placeholder(name)


def test_names_are_parted_into_specific_and_generic() -> None:
    assert split("香港中路") == ("香港中", "路")
    assert split("金门路街道") == ("金门路", "街道")
    assert split("五四广场") == ("五四", "广场")
    assert split("台东") == ("台东", "")


# rules

BAD = {
    "name.unclean": Proposal("山\u200b东路"), "name.placeholder": Proposal("规划一路"), "name.private-use": Proposal("山\ue000路"),
    "name.rare": Proposal("𬭚城路"), "name.traditional": Proposal("臺東路"), "name.duplicate": Proposal("山东路", same=["山东路（370202）"]),
    "name.homophone": Proposal("延庵路", homophones=["延安路（370202）"]), "name.leader": Proposal("毛泽东路"), "name.person": Proposal("王建国路"),
    "name.foreign": Proposal("欧洲城"), "name.company": Proposal("海尔集团路"), "name.exaggerated": Proposal("宇宙中心广场"),
    "name.odd": Proposal("A3+路"), "name.generic": Proposal("山东"), "name.local": Proposal("天津站", "facility", local_names=["市南区"]),
    "name.protected": Proposal("新路", replaces_protected="里院路"),
}  # fmt: skip


@pytest.mark.parametrize("rule", BAD)
def test_fault_36_38_to_41_every_rule_finds_its_case(rule: str) -> None:
    (finding,) = [finding for finding in judge(BAD[rule]) if finding.rule == rule]
    assert finding.reason
    assert finding.reason_zh
    assert finding.clause in CLAUSES.values()
    assert finding.severity == {
        "name.rare": "warning",
        "name.homophone": "warning",
        "name.generic": "warning",
        "name.local": "warning",
    }.get(
        rule,
        "suspect"
        if rule in {"name.person", "name.foreign", "name.company", "name.exaggerated", "name.odd"}
        else "error",
    )


def test_every_rule_has_a_case_and_a_plain_name_passes_all() -> None:
    assert len(BAD) == len(RULES)
    for name in ("香港中路", "解放路南小街", "云霄路", "台东一路"):
        assert judge(Proposal(name)) == []
    assert judge(Proposal("青岛站", "facility", local_names=["青岛市"])) == []
    assert judge(Proposal("新路", replaces_protected="里院路", override="道路改线", document="1号")) == []


def test_every_clause_names_the_regulation_and_none_invents_an_article_number() -> None:
    assert all(text.startswith("地名管理条例（国务院令第753号") for text in CLAUSES.values())
    assert not any(re.search(r"第[一二三四五六七八九十\d]+条", text) for text in CLAUSES.values())


def test_fault_36_rare_characters_are_kept_and_private_ones_shown_by_code_point(books: Gazetteer) -> None:
    place = books.propose(road("𬭚城路"), on=DAY, basis=CLERK)
    assert books.names()[0]["name"] == "𬭚城路"
    assert [f.severity for f in books.check(books.names()[0], place=place)] == ["warning"]
    (finding,) = judge(Proposal("山\ue000路"))
    assert "U+E000" in finding.reason


def test_fault_39_the_same_name_clashes_within_its_scope_only(books: Gazetteer) -> None:
    name_it(books, road("云霄路"))
    assert "name.duplicate" in {f.rule for f in books.check(road("云霄路", "370203"))}
    assert "name.duplicate" in {f.rule for f in books.check(NewName("云霄路", "building", "370203"))}
    assert "name.duplicate" not in {f.rule for f in books.check(road("云霄路", "370102"))}


def test_fault_40_a_homophone_in_scope_is_a_warning_with_both_names(books: Gazetteer) -> None:
    name_it(books, road("延安路"))
    (finding,) = [f for f in books.check(road("延庵路", "370203")) if f.rule == "name.homophone"]
    assert finding.severity == "warning"
    assert "延安路" in finding.reason
    assert "延庵路" in finding.reason
    assert not [f for f in books.check(road("延庵路", "370102")) if f.rule == "name.homophone"]


def test_a_divisions_name_may_stand_once_in_its_province_or_the_country(books: Gazetteer) -> None:
    assert "name.duplicate" in {f.rule for f in books.check(NewName("历下区", "division", "370203"))}


# the way from draft to use


def test_a_name_goes_its_whole_way_and_every_step_is_an_event(books: Gazetteer) -> None:
    place = name_it(books, road("云霄路", geometry=shapely.LineString([(120.31, 36.05), (120.39, 36.05)])))
    (standing,) = books.names(DAY, slot="standard")
    assert (standing["status"], standing["pinyin"], standing["pinyin_by"]) == ("in use", "Yúnxiāo Lù", "李明")
    assert standing["division"] == standing["division_found"] == "place:370202"
    kinds = [event.kind for event in books.ledger.events()][-8:]
    assert kinds == ["propose", "applied", "assessed", "approved", "filed", "confirm pinyin", "announced", "in use"]
    assert len(books.history(place)) == 1
    assert books.verify()


def test_declared_and_computed_divisions_that_differ_are_both_kept(books: Gazetteer) -> None:
    books.propose(road("云霄路", geometry=shapely.Point(120.35, 36.15)), on=DAY, basis=CLERK)
    (record,) = books.names()
    assert (record["division"], record["division_found"]) == ("place:370202", "place:370203")


@pytest.mark.parametrize("to", ["assessed", "approved", "filed", "announced", "in use", "retired"])
def test_no_step_can_be_skipped(books: Gazetteer, to: str) -> None:
    place = books.propose(road("云霄路"), on=DAY, basis=CLERK)
    with pytest.raises(DataError, match="next can come applied"):
        books.advance(place, to, on=DAY, basis=APPROVAL)


@pytest.mark.parametrize(("until", "to", "basis", "missing"), [
    ("assessed", "approved", CLERK, "approved, document, authority"), ("approved", "filed", CLERK, "filed"),
    ("filed", "announced", CLERK, "announced, document"),
])  # fmt: skip
def test_each_step_says_all_it_lacks(books: Gazetteer, until: str, to: str, basis: Basis, missing: str) -> None:
    place = name_it(books, road("云霄路"), until=until)
    with pytest.raises(DataError, match=missing):
        books.advance(place, to, on=DAY, basis=basis)


def test_fault_43_a_name_whose_roman_letters_no_person_confirmed_is_not_announced(books: Gazetteer) -> None:
    place = name_it(books, road("朝阳路"), until="filed")
    announce = Basis("李明", document="公告1号", announced=DAY)
    with pytest.raises(DataError, match="no named person has confirmed"):
        books.advance(place, "announced", on=DAY, basis=announce)
    with pytest.raises(DataError, match="English"):
        books.confirm_pinyin(place, "Chaoyang Road", basis=CLERK)
    books.confirm_pinyin(place, "Zhāoyáng Lù", basis=CLERK)
    books.advance(place, "announced", on=DAY, basis=announce)
    assert books.names(DAY)[0]["pinyin"] == "Zhāoyáng Lù"


def test_an_announcement_needs_all_six_fields(books: Gazetteer) -> None:
    place = name_it(books, NewName("云霄路", "street", "370202"), until="filed")
    books.confirm_pinyin(place, "Yúnxiāo Lù", basis=CLERK)
    with pytest.raises(DataError, match="cannot be announced without location"):
        books.advance(place, "announced", on=DAY, basis=Basis("李明", document="公告1号", announced=DAY))


@pytest.mark.parametrize("name", ["规划一路", "毛泽东路", "臺東路"])
def test_fault_38_41_a_name_against_the_rules_is_not_approved(books: Gazetteer, name: str) -> None:
    place = name_it(books, road(name), until="assessed")
    with pytest.raises(DataError, match="cannot be approved"):
        books.advance(place, "approved", on=DAY, basis=APPROVAL)


def test_fault_41_a_suspect_waits_for_a_persons_decision_which_is_logged(books: Gazetteer) -> None:
    place = name_it(books, road("国际路"), until="assessed")
    with pytest.raises(DataError, match=r"waits for a person's decision on name\.exaggerated"):
        books.advance(place, "approved", on=DAY, basis=APPROVAL)
    books.decide(place, "name.exaggerated", decision="accepted", reason="沿用历史地名", on=DAY, basis=CLERK)
    books.advance(place, "approved", on=DAY, basis=APPROVAL)
    assert books.names(DAY)[0]["status"] == "approved"


def test_fault_44_dates_out_of_order_are_refused(books: Gazetteer) -> None:
    place = name_it(books, road("云霄路"), until="assessed")
    with pytest.raises(PeriodError, match="after the approval"):
        books.advance(
            place, "approved", on=DAY, basis=Basis("李", document="1", authority="府", approved=date(2020, 1, 1))
        )
    with pytest.raises(PeriodError, match="before that"):
        books.advance(place, "rejected", on=date(2020, 1, 1), basis=Basis("李", note="x"))


def test_a_rename_keeps_the_old_name_as_a_former_name_of_the_same_place(books: Gazetteer) -> None:
    place = name_it(books, road("云霄路"))
    later = date(2027, 1, 1)
    books.propose(road("漳浦路"), on=later, basis=CLERK, place=place)
    for step, basis in (
        ("applied", Basis("李", applied=later)),
        ("assessed", CLERK),
        ("approved", Basis("李", document="2", authority="府", approved=later)),
    ):
        books.advance(place, step, on=later, basis=basis)
    assert [(r["name"], r["kind"]) for r in books.names(later)] == [("云霄路", "former"), ("漳浦路", "standard")]
    assert [r["name"] for r in books.names(DAY, slot="standard")] == ["云霄路"]
    assert {r.thing for r in books.find("云霄路")} == {place}
    assert books.find("云霄路", on=later)[0]["kind"] == "former"


def test_a_protected_name_yields_only_to_a_reason_with_a_document(books: Gazetteer) -> None:
    place = name_it(books, road("里院路", values={"protected": True}))
    books.propose(road("漳浦路"), on=DAY, basis=CLERK, place=place)
    for step, basis in (("applied", Basis("李", applied=DAY)), ("assessed", CLERK)):
        books.advance(place, step, on=DAY, basis=basis)
    later = date(2026, 4, 1)
    with pytest.raises(DataError, match="里院路 is protected"):
        books.advance(place, "approved", on=later, basis=Basis("李", document="2", authority="府", approved=later))
    books.advance(
        place,
        "approved",
        on=later,
        basis=Basis("李", document="2", authority="府", approved=later, override="道路改线"),
    )
    assert "override: 道路改线" in [event.note for event in books.ledger.events()]


def test_rejected_and_withdrawn_proposals_free_the_place_for_another(books: Gazetteer) -> None:
    place = books.propose(road("云霄路"), on=DAY, basis=CLERK)
    with pytest.raises(PeriodError, match="withdraw it first"):
        books.propose(road("漳浦路"), on=DAY, basis=CLERK, place=place)
    with pytest.raises(DataError, match="needs note"):
        books.advance(place, "withdrawn", on=DAY, basis=CLERK)
    books.advance(place, "withdrawn", on=DAY, basis=Basis("李", note="重新论证"))
    books.propose(road("漳浦路"), on=DAY, basis=CLERK, place=place)
    assert len(books.names()) == 2


def test_late_steps_are_listed(books: Gazetteer) -> None:
    place = name_it(books, road("云霄路"), until="applied")
    assert books.overdue(date(2026, 3, 17)).empty
    late = books.overdue(date(2026, 3, 20))
    assert late[["place", "status", "days_late"]].to_numpy().tolist() == [[place, "applied", 3]]


# search


def test_names_are_found_by_any_form_people_type(books: Gazetteer) -> None:
    place = name_it(books, road("解放路"))
    for text in ("解放路", "解放", "解 放", "jfl", "jf", "ＪＦＬ"):
        assert place in {r.thing for r in books.find(text)}, text
    assert books.find("") == []
    assert books.find("不存在") == []
    assert books.find("青島市")[0]["code"] == "370200"


# schemes, ledgers, signs


def test_a_naming_scheme_counts_229_proposed_78_approved_151_left(books: Gazetteer) -> None:
    records = [
        name_record(
            road(f"第{i}路", scheme="2026"),
            f"place:s{i}",
            Period(DAY, None),
            kind="planned",
            status="approved" if i < 78 else "draft",
            slot="proposed",
        )
        for i in range(229)
    ]
    books.load(records, basis=CLERK)
    count = books.scheme("2026")
    assert (count.proposed, count.approved, count.left) == (229, 78, 151)
    assert f"{count.share:.2%}" == "34.06%"
    with pytest.raises(IdError, match="no name of scheme"):
        books.scheme("1999")


def test_a_sign_goes_round_its_loop_and_is_overdue_until_mended(books: Gazetteer) -> None:
    place = name_it(books, road("云霄路"))
    ledger = books.ledger
    assert signs.roads_without_sign(ledger, DAY)["road"].tolist() == [place]
    sign = signs.order_sign(ledger, "001", place, on=DAY, due=date(2026, 4, 1), basis=CLERK)
    assert books.signs_due(date(2026, 4, 1)).empty
    assert books.signs_due(date(2026, 4, 11))["days_late"].tolist() == [10]
    with pytest.raises(DataError, match="give geometry"):
        signs.advance_sign(ledger, sign, "installed", on=DAY, basis=CLERK)
    signs.advance_sign(ledger, sign, "installed", on=DAY, basis=CLERK, geometry=shapely.Point(120.35, 36.05))
    with pytest.raises(DataError, match="give photo"):
        signs.advance_sign(ledger, sign, "accepted", on=DAY, basis=CLERK)
    signs.advance_sign(ledger, sign, "accepted", on=DAY, basis=CLERK, photo="sha256:ab")
    assert signs.roads_without_sign(ledger, DAY).empty
    assert books.signs_due(date(2027, 1, 1)).empty
    signs.advance_sign(ledger, sign, "fault", on=date(2026, 5, 1), basis=CLERK, due=date(2026, 5, 8), condition="倾斜")
    assert books.signs_due(date(2026, 5, 9))["status"].tolist() == ["fault"]
    signs.advance_sign(ledger, sign, "repaired", on=date(2026, 5, 9), basis=CLERK, photo="sha256:cd")
    signs.advance_sign(ledger, sign, "accepted", on=date(2026, 5, 10), basis=CLERK, photo="sha256:ce")
    with pytest.raises(DataError, match="next can come"):
        signs.advance_sign(ledger, sign, "installed", on=date(2026, 5, 11), basis=CLERK)
    assert ledger.one(signs.SIGN, sign, on=date(2026, 5, 2))["status"] == "fault"


def test_a_sign_shows_only_a_standard_name(books: Gazetteer) -> None:
    place = books.propose(road("云霄路"), on=DAY, basis=CLERK)
    with pytest.raises(IdError, match="no standard name"):
        signs.order_sign(books.ledger, "001", place, on=DAY, due=DAY, basis=CLERK)


def test_irregular_names_are_screened_and_cleaned_up_by_ledger(books: Gazetteer) -> None:
    place = name_it(books, road("云霄路"))
    record = name_record(road("曼哈顿街"), "place:x", Period(DAY, None), kind="standard", status="in use")
    books.load([record], basis=CLERK)
    assert books.screen(within="370200")[["place", "rule"]].to_numpy().tolist() == [["place:x", "name.foreign"]]
    entry = campaigns.enter_cleanup(
        books.ledger, "place:x", "name.foreign", on=DAY, due=date(2026, 6, 1), basis=CLERK, reason="外国地名"
    )
    campaigns.advance_cleanup(books.ledger, entry, "confirmed", on=DAY, basis=CLERK)
    assert campaigns.cleanup(books.ledger, on=date(2026, 7, 1))["overdue"].tolist() == [True]
    campaigns.advance_cleanup(books.ledger, entry, "rectified", on=date(2026, 7, 1), basis=CLERK)
    assert campaigns.cleanup(books.ledger, on=date(2026, 7, 1))["overdue"].tolist() == [False]
    assert place


def test_the_countryside_campaign_counts_roads_named_and_signed_by_village(books: Gazetteer) -> None:
    books.create(Unit("370202001", "某镇"), on=DAY, basis=CLERK, parent="370202")
    village = books.create(Unit("370202001200", "某村"), on=DAY, basis=CLERK, parent="370202001")
    first = name_it(books, road("东大街", "370202001200"))
    name_it(books, road("西大街", "370202001200"))
    sign = signs.order_sign(books.ledger, "1", first, on=DAY, due=DAY, basis=CLERK)
    signs.advance_sign(books.ledger, sign, "installed", on=DAY, basis=CLERK, geometry=shapely.Point(120, 36))
    campaigns.report_village(books.ledger, village, on=DAY, basis=CLERK, roads=5)
    row = campaigns.countryside(books.ledger, on=DAY).iloc[0]
    assert row[["roads", "named", "signed", "to_name", "to_sign"]].tolist() == [5, 2, 1, 3, 1]


# forms


def census(**changes: str | None) -> pd.DataFrame:
    row: dict[str, str | None] = {
        "代码": "370202001", "标准名称": "云霄路", "罗马字母拼写": "Yúnxiāo Lù", "别名": "云霄街、老街", "类别名称": "街路巷", "所在(跨)行政区": "370202",
        "密级": "公开", "东经": "120°22′58.8″", "北纬": "36°03′36″", "设立年份": "1984", "地名含义": "以福建云霄县命名", **changes,
    }  # fmt: skip
    return pd.DataFrame([row])


def test_a_census_form_is_read_with_its_aliases_and_degrees(books: Gazetteer) -> None:
    records, report = forms.census_names(census(), today=DAY)
    assert report.accepted == 1
    assert [(r["name"], r["kind"]) for r in records] == [("云霄路", "standard"), ("云霄街", "alias"), ("老街", "alias")]
    assert (records[0].geometry.x, records[0].geometry.y) == pytest.approx((120.383, 36.06), abs=1e-6)
    assert records[0].valid == Period(date(1984, 1, 1), None)
    assert records[0]["meaning"] == "以福建云霄县命名"
    books.load(records, basis=CLERK)
    assert {r.thing for r in books.find("老街")} == {"place:370202001"}


@pytest.mark.parametrize(
    ("changes", "rule"),
    [
        ({"标准名称": "鎮(zhèn)路"}, "name.bracket-pinyin"), ({"标准名称": "山🙂路"}, "name.emoji"), ({"标准名称": None}, "name.empty"),
        ({"设立年份": "2099"}, "form.future"), ({"设立年份": "2000", "废止年份": "1990"}, "form.period"), ({"设立年份": "很久"}, "form.date"),
        ({"申请日期": "2020-05-01", "批准日期": "2020-04-01"}, "form.approval"), ({"东经": "36.06", "北纬": "120.38"}, "form.swapped"),
        ({"东经": "250000", "北纬": "3990000"}, "form.outside"), ({"东经": "东边"}, "form.degrees"), ({"东经": "120°61′0″"}, "form.degrees"),
    ],
)  # fmt: skip
def test_fault_33_37_38_44_a_bad_row_is_quarantined_with_its_rule(changes: dict[str, str | None], rule: str) -> None:
    frame = pd.concat([census(), census(代码="2", **changes)], ignore_index=True)
    records, report = forms.census_names(frame, today=DAY)
    assert len(records) == 3
    assert (report.read, report.accepted, report.quarantine["rule"].tolist()) == (2, 1, [rule])


def test_fault_33_bracket_pinyin_comes_with_a_proposed_repair() -> None:
    _, report = forms.census_names(census(标准名称="龙泉鎮(zhèn)"), today=DAY)
    assert "龙泉鎮" in report.quarantine["suggestion"].iloc[0]


def test_repairs_and_duplicates_are_rows(books: Gazetteer) -> None:
    frame = pd.concat([census(标准名称="云\u200b霄路")] * 2, ignore_index=True)
    _, report = forms.census_names(frame, today=DAY)
    assert (report.accepted, len(report.duplicates), len(report.repairs)) == (1, 1, 1)
    assert report.repairs["after"].tolist() == ["云霄路"]


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("2023.5", (2023, 5, 1, "month")),
        ("2023年5月", (2023, 5, 1, "month")),
        ("民国三十年", (1941, 1, 1, "year")),
        ("1984", (1984, 1, 1, "year")),
        ("2023-05-31", (2023, 5, 31, "day")),
    ],
)
def test_fault_27_dates_as_people_write_them_keep_their_precision(text: str, wanted: tuple[int, int, int, str]) -> None:
    found, precision = forms.day(text)
    assert (found.year, found.month, found.day, precision) == wanted


def test_a_form_without_secrecy_asks() -> None:
    with pytest.raises(ColumnError, match="密级"):
        forms.census_names(census().drop(columns="密级"), today=DAY)
    records, _ = forms.census_names(census().drop(columns="密级"), today=DAY, secrecy="公开")
    assert records[0]["secrecy"] == "公开"


def test_forms_are_read_from_excel_and_csv(tmp_path: Path) -> None:
    census().to_csv(tmp_path / "form.csv", index=False)
    census().to_excel(tmp_path / "form.xlsx", index=False, engine="xlsxwriter")
    for name in ("form.csv", "form.xlsx"):
        records, report = forms.census_names(tmp_path / name, today=DAY)
        assert records[0].kind is NAME
        assert (report.file, report.accepted) == (name, 1)
        assert records[0].thing == "place:370202001"
