"""Files as they come: archives, missing parts, lying names and encodings (FAULTS 1-24)."""

from __future__ import annotations

import os
import stat
import zipfile
from pathlib import Path

import pytest

from planner.area import StudyArea
from planner.errors import CrsError, DataError, SourceError
from planner.sources import inspect, read_roads
from planner.sources.archives import Limits, unpacked
from planner.sources.encodings import canonical, decodes, find_encoding, han_share
from planner.sources.shapefiles import companions
from planner.sources.sniff import Format, digest, local, recognise, unchanged
from tests.office_files import gbk_named_zip, lines_frame, parts, shapefile, zipped


@pytest.mark.parametrize("name", ["../../evil.txt", "a/../../evil.txt", "..\\evil.txt"])
def test_fault_1_a_zip_entry_that_leads_outside_is_refused_and_nothing_is_extracted(tmp_path: Path, name: str) -> None:
    path = tmp_path / "bad.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("good.csv", "lon,lat\n")
        archive.writestr(name, "evil")
    with pytest.raises(SourceError, match="leads outside"):
        inspect(path)
    assert [one.name for one in tmp_path.iterdir()] == ["bad.zip"]


@pytest.mark.parametrize("name", ["/etc/passwd", "C:\\temp\\x.csv", "d:/x.csv"])
def test_fault_2_an_absolute_path_in_a_zip_is_refused(tmp_path: Path, name: str) -> None:
    path = tmp_path / "bad.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(name, "evil")
    with pytest.raises(SourceError, match="absolute path"):
        inspect(path)


def test_fault_3_a_link_in_a_zip_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "bad.zip"
    entry = zipfile.ZipInfo("roads.shp")
    entry.create_system, entry.external_attr = 3, (stat.S_IFLNK | 0o777) << 16
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(entry, "/etc/passwd")
    with pytest.raises(SourceError, match="holds a link"):
        inspect(path)


def test_fault_4_a_zip_bomb_is_refused_before_extraction(tmp_path: Path) -> None:
    path = tmp_path / "bomb.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("roads.csv", b"0" * (32 << 20))
    with pytest.raises(SourceError, match="zip bomb"):
        inspect(path)


def test_fault_4_declared_size_entries_and_nesting_have_limits_that_can_be_set(tmp_path: Path) -> None:
    path = tmp_path / "some.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("a.csv", "lon,lat\n" * 100)
        archive.writestr("b.csv", "lon,lat\n")
    with pytest.raises(SourceError, match="more than 500"), unpacked(path, limits=Limits(unpacked_bytes=500)):
        pass
    with pytest.raises(SourceError, match="more than 1;"), unpacked(path, limits=Limits(entries=1)):
        pass
    nested = tmp_path / "nested.zip"
    zipped(nested, path)
    with pytest.raises(SourceError, match="another archive"):
        inspect(nested)


def test_fault_4_an_archive_that_lies_about_its_size_is_stopped_while_unpacking(tmp_path: Path) -> None:
    path = tmp_path / "liar.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.csv", b"0" * 100_000)
    raw = path.read_bytes().replace((100_000).to_bytes(4, "little"), (10).to_bytes(4, "little"))
    path.write_bytes(raw)
    with pytest.raises(SourceError), unpacked(path):
        pass


def test_fault_5_a_zip_with_gbk_names_is_read(tmp_path: Path, area: StudyArea) -> None:
    shp = shapefile(tmp_path, lines_frame())
    entries = {f"青岛市道路数据{one.suffix}": one.read_bytes() for one in parts(shp)}
    path = gbk_named_zip(tmp_path / "数据.zip", entries)
    roads = read_roads(path, area=area)
    assert len(roads) == 4
    assert roads.report is not None
    assert roads.report.file == "数据.zip/青岛市道路数据.shp"


def test_fault_6_a_zip_of_two_shapefiles_lists_both_and_asks(tmp_path: Path, area: StudyArea) -> None:
    first, second = shapefile(tmp_path, lines_frame(), "a"), shapefile(tmp_path, lines_frame(2), "b")
    path = zipped(tmp_path / "two.zip", *parts(first), *parts(second))
    with pytest.raises(SourceError, match=r"2 data sets: a, b; say which with layer= \(--layer\)"):
        read_roads(path, area=area)
    assert len(read_roads(path, area=area, layer="b")) == 2


def test_fault_7_a_missing_shx_is_rebuilt_in_a_private_folder_and_noted(tmp_path: Path, area: StudyArea) -> None:
    path = shapefile(tmp_path, lines_frame())
    path.with_suffix(".shx").unlink()
    roads = read_roads(path, area=area)
    assert len(roads) == 4
    assert not path.with_suffix(".shx").exists()
    assert roads.report is not None
    assert any("shx" in str(note) for note in roads.report.notes)


def test_fault_8_a_missing_dbf_says_so(tmp_path: Path, area: StudyArea) -> None:
    path = shapefile(tmp_path, lines_frame())
    path.with_suffix(".dbf").unlink()
    with pytest.raises(SourceError, match="无属性表"):
        read_roads(path, area=area)


def test_fault_9_a_missing_prj_asks_and_suggests_from_the_coordinates(tmp_path: Path, area: StudyArea) -> None:
    path = shapefile(tmp_path, lines_frame(), prj=False)
    with pytest.raises(CrsError, match=r"no \.prj.*say crs='EPSG:4549'"):
        read_roads(path, area=area)
    assert len(read_roads(path, area=area, crs="EPSG:4549")) == 4


def test_fault_10_a_truncated_shp_tells_its_record_counts(tmp_path: Path, area: StudyArea) -> None:
    path = shapefile(tmp_path, lines_frame())
    path.write_bytes(path.read_bytes()[:-10])
    with pytest.raises(SourceError, match=r"cut short.*3 whole records"):
        read_roads(path, area=area)


def test_fault_11_parts_of_different_length_are_refused_with_their_counts(tmp_path: Path, area: StudyArea) -> None:
    path = shapefile(tmp_path, lines_frame(4))
    other = shapefile(tmp_path, lines_frame(3), "other")
    path.with_suffix(".dbf").write_bytes(other.with_suffix(".dbf").read_bytes())
    with pytest.raises(SourceError, match=r"records in \.shp 4, \.dbf 3, \.shx 4"):
        read_roads(path, area=area)


def test_fault_11_a_dbf_cut_short_is_refused(tmp_path: Path, area: StudyArea) -> None:
    path = shapefile(tmp_path, lines_frame(4))
    dbf = path.with_suffix(".dbf")
    dbf.write_bytes(dbf.read_bytes()[:-200])
    with pytest.raises(SourceError, match=r"says 4 rows but holds"):
        read_roads(path, area=area)


def test_fault_11_an_index_of_broken_length_is_no_crash(tmp_path: Path, area: StudyArea) -> None:
    path = shapefile(tmp_path, lines_frame(4))
    with path.with_suffix(".shx").open("ab") as index:
        index.write(b"xyz")
    assert len(read_roads(path, area=area)) == 4


def test_fault_12_a_cpg_that_lies_is_detected_and_asks(tmp_path: Path, area: StudyArea) -> None:
    path = shapefile(tmp_path, lines_frame(), cpg="UTF-8")
    with pytest.raises(SourceError, match=r"says its text is UTF-8, but.*encoding='gb18030'"):
        read_roads(path, area=area)
    assert read_roads(path, area=area, encoding="gbk")["name"].iloc[0] == "东西0路"


def test_fault_12_a_western_cpg_over_chinese_bytes_is_a_lie_too(tmp_path: Path, area: StudyArea) -> None:
    path = shapefile(tmp_path, lines_frame(), cpg="ISO-8859-1")
    with pytest.raises(SourceError, match="read well as GB18030"):
        read_roads(path, area=area)


def test_fault_13_gbk_without_cpg_is_found_by_trial_and_logged(tmp_path: Path, area: StudyArea) -> None:
    roads = read_roads(shapefile(tmp_path, lines_frame()), area=area)
    assert list(roads["name"]) == [f"东西{at}路" for at in range(4)]
    assert set(roads["road_class"]) == {"tertiary"}
    assert roads.report is not None
    assert roads.report.facts["encoding"] == "gb18030 (found by trial)"


def test_fault_13_utf8_without_cpg_is_found_by_trial(tmp_path: Path, area: StudyArea) -> None:
    roads = read_roads(shapefile(tmp_path, lines_frame(), encoding="UTF-8"), area=area)
    assert roads["name"].iloc[0] == "东西0路"


def test_fault_14_rows_in_another_encoding_are_quarantined_with_their_bytes(tmp_path: Path, area: StudyArea) -> None:
    path = shapefile(tmp_path, lines_frame(12, 路名=["解放东路"] * 11 + ["占位占位"]))
    dbf = path.with_suffix(".dbf")
    swap = "青岛".encode() + b"  "
    dbf.write_bytes(dbf.read_bytes().replace("占位占位".encode("gb18030"), swap))
    roads = read_roads(path, area=area)
    assert roads.report is not None
    assert list(roads.report.quarantine["rule"]) == ["text.undecodable"]
    assert "青岛".encode().hex(" ") in roads.report.quarantine["value"].iloc[0]
    assert len(roads) == 11


@pytest.mark.parametrize("name", ["roads.geojson", "roads.shp", "roads.kml", "roads.csv"])
def test_fault_15_a_virtual_dataset_under_any_name_is_refused(tmp_path: Path, area: StudyArea, name: str) -> None:
    secret = shapefile(tmp_path, lines_frame(), "secret")
    path = tmp_path / name
    path.write_text(
        f"<OGRVRTDataSource><OGRVRTLayer name='secret'><SrcDataSource>{secret}</SrcDataSource></OGRVRTLayer>"
        "</OGRVRTDataSource>",
        encoding="utf-8",
    )
    with pytest.raises(SourceError, match="virtual dataset"):
        read_roads(path, area=area)


def test_fault_15_another_format_under_a_shapefile_name_is_read_for_what_it_is(tmp_path: Path, area: StudyArea) -> None:
    lines_frame().to_file(tmp_path / "roads.gpkg")
    (tmp_path / "roads.gpkg").rename(tmp_path / "wrong.geojson")
    assert len(read_roads(tmp_path / "wrong.geojson", area=area)) == 4


@pytest.mark.parametrize("path", [
    "https://example.org/roads.shp", "/vsicurl/http://example.org/a.shp", "/vsizip//vsicurl/x.zip", "PG:dbname=x", "s3://a/b",
])  # fmt: skip
def test_fault_16_addresses_and_virtual_paths_are_refused(path: str, area: StudyArea) -> None:
    with pytest.raises(SourceError, match="is an address, not a file"):
        read_roads(path, area=area)


def test_fault_17_folders_pipes_empty_and_absent_files_are_told_apart(tmp_path: Path) -> None:
    (tmp_path / "empty.shp").touch()
    os.mkfifo(tmp_path / "pipe.csv")
    for name, words in (
        ("", "is a folder"),
        ("empty.shp", "0 bytes"),
        ("pipe.csv", "pipe or device"),
        ("no.shp", "no such file"),
    ):
        with pytest.raises(SourceError, match=words):
            local(tmp_path / name)


def test_fault_19_a_file_that_changes_while_it_is_read_stops_the_import(
    tmp_path: Path, area: StudyArea, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "roads.geojson"
    lines_frame().to_crs(4326).to_file(path)
    from planner.sources import vectors

    read = vectors._arrow

    def slow(*args: object, **options: object) -> object:
        told = read(*args, **options)  # type: ignore[arg-type]
        path.write_text(path.read_text(encoding="utf-8") + " ", encoding="utf-8")
        return told

    monkeypatch.setattr(vectors, "_arrow", slow)
    with pytest.raises(SourceError, match="changed while it was being read"):
        read_roads(path, area=area)


@pytest.mark.parametrize("suffix", [".shp", ".dbf", ".prj", ".cpg"])
def test_fault_19_a_part_of_a_shapefile_that_changes_while_it_is_read_stops_the_import(
    tmp_path: Path, suffix: str
) -> None:
    path = shapefile(tmp_path, lines_frame(), cpg="GB18030")
    files = list(companions(path).values())
    reading = unchanged(files)
    assert reading.__enter__() == digest(files)
    part = path.with_suffix(suffix)
    part.write_bytes(part.read_bytes() + b" ")
    with pytest.raises(SourceError, match=r"roads\.shp changed while"):
        reading.__exit__(None, None, None)


def test_fault_20_a_database_that_is_no_geopackage_is_refused_with_advice(tmp_path: Path) -> None:
    import sqlite3

    with sqlite3.connect(tmp_path / "x.gpkg") as db:
        db.execute("CREATE TABLE roads (id INTEGER)")
    with pytest.raises(SourceError, match="no GeoPackage"):
        inspect(tmp_path / "x.gpkg")


def test_fault_20_a_damaged_geopackage_is_one_clear_error(tmp_path: Path, area: StudyArea) -> None:
    path = tmp_path / "roads.gpkg"
    lines_frame(200).to_file(path)
    raw = bytearray(path.read_bytes())
    raw[8192:40960] = b"\xff" * (40960 - 8192)
    path.write_bytes(raw)
    with pytest.raises(DataError):
        read_roads(path, area=area)


def test_fault_22_a_pickle_is_never_read(tmp_path: Path) -> None:
    import pickle

    for name in ("data.pkl", "data.csv", "data.parquet"):
        (tmp_path / name).write_bytes(pickle.dumps({"a": 1}))
        with pytest.raises(SourceError, match="pickles can run code"):
            inspect(tmp_path / name)


@pytest.mark.parametrize("before", [b"", b"<?xml version='1.0'?>\n", b"<!--" + b"x" * 100_000 + b"-->"])
def test_fault_23_xml_that_declares_entities_is_refused_wherever_it_does(tmp_path: Path, before: bytes) -> None:
    path = tmp_path / "roads.kml"
    path.write_bytes(before + b"<!DOCTYPE kml [<!ENTITY a 'aaaa'>]><kml><Document/></kml>")
    with pytest.raises(SourceError, match="DOCTYPE"):
        inspect(path)


def test_a_drawing_is_refused_with_advice(tmp_path: Path) -> None:
    (tmp_path / "roads.dxf").write_text("  0\nSECTION\n  2\nHEADER\n", encoding="ascii")
    with pytest.raises(SourceError, match=r"DXF drawing.*save the layer"):
        inspect(tmp_path / "roads.dxf")


def test_topojson_is_named(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text('{"type": "Topology", "objects": {}}', encoding="ascii")
    with pytest.raises(SourceError, match="TopoJSON"):
        inspect(tmp_path / "a.json")


def test_a_sequence_of_features_loses_none(tmp_path: Path, area: StudyArea) -> None:
    frame = lines_frame(3).to_crs(4326)
    frame.to_file(tmp_path / "all.geojson")
    import json

    features = json.loads((tmp_path / "all.geojson").read_text(encoding="utf-8"))["features"]
    for mark, name in (("", "lines.geojson"), ("\x1e", "records.geojson")):
        text = "\n".join(mark + json.dumps(one, ensure_ascii=False) for one in features)
        (tmp_path / name).write_text(text, encoding="utf-8")
        assert len(read_roads(tmp_path / name, area=area)) == 3


def test_geojson_in_gbk_is_read_right(tmp_path: Path, area: StudyArea) -> None:
    lines_frame(3).to_crs(4326).to_file(tmp_path / "a.geojson")
    text = (tmp_path / "a.geojson").read_text(encoding="utf-8")
    (tmp_path / "gbk.geojson").write_bytes(text.encode("gb18030"))
    roads = read_roads(tmp_path / "gbk.geojson", area=area)
    assert roads["name"].iloc[0] == "东西0路"
    assert roads.report is not None
    assert roads.report.facts["encoding"] == "gb18030 (found by trial)"


def test_a_file_name_no_reader_would_take_is_no_obstacle(tmp_path: Path, area: StudyArea) -> None:
    path = tmp_path / "!道路?数据 2024!.geojson"
    lines_frame().to_crs(4326).to_file(tmp_path / "a.geojson")
    (tmp_path / "a.geojson").rename(path)
    assert len(read_roads(path, area=area)) == 4


def test_layers_of_a_geopackage_are_asked_for_by_name(tmp_path: Path, area: StudyArea) -> None:
    path = tmp_path / "two.gpkg"
    lines_frame(2).to_file(path, layer="大路")
    lines_frame(3).to_file(path, layer="小路")
    with pytest.raises(SourceError, match="2 layers: 大路, 小路; say which with layer="):
        read_roads(path, area=area)
    assert len(read_roads(path, area=area, layer="小路")) == 3
    with pytest.raises(SourceError, match="no layer 'x'"):
        read_roads(path, area=area, layer="x")


@pytest.mark.parametrize("suffix", ["gpkg", "geojson", "fgb", "parquet", "shp", "kml"])
def test_roads_come_the_same_from_every_format(tmp_path: Path, area: StudyArea, suffix: str) -> None:
    frame = lines_frame(3, 等级=["主干路", "台阶", "步行街"])
    path = tmp_path / f"roads.{suffix}"
    if suffix == "parquet":
        frame.to_parquet(path)
    elif suffix == "kml":
        frame.to_crs(4326).to_file(path, driver="KML")
    else:
        frame.to_file(path)
    roads = read_roads(path, area=area, columns={"road_class": "等级"} if suffix == "kml" else None)
    assert sorted(roads["road_class"]) == ["pedestrian", "primary", "steps"]
    assert roads.frame.length.round(2).tolist() == [1800.0] * 3


def test_inspect_tells_format_text_crs_and_first_rows(tmp_path: Path) -> None:
    facts = inspect(shapefile(tmp_path, lines_frame()))
    layer = facts.layers[0]
    assert (facts.format, layer.rows, layer.fields, layer.likely) == ("shapefile", 4, ("等级", "路名"), "roads")
    assert layer.encoding == "gb18030 (found by trial)"
    assert layer.crs.startswith("EPSG:4549")
    assert layer.in_china is True
    assert layer.first is not None
    assert layer.first["路名"].tolist() == ["东西0路", "东西1路", "东西2路"]
    assert "编码 gb18030" in facts.summary()
    assert "in China" in facts.summary(lang="en")
    assert "东西0路" in facts._repr_html_()


def test_inspect_says_why_a_layer_cannot_be_read(tmp_path: Path) -> None:
    facts = inspect(shapefile(tmp_path, lines_frame(), cpg="UTF-8"))
    assert "gb18030" in facts.layers[0].problem
    assert "无法读取" in facts.summary()


def test_recognition_goes_by_content(tmp_path: Path) -> None:
    path = shapefile(tmp_path, lines_frame())
    assert recognise(path) is Format.SHAPEFILE
    (tmp_path / "fake.gpkg").write_text("hello", encoding="ascii")
    with pytest.raises(SourceError, match=r"named \.gpkg but does not hold that"):
        recognise(tmp_path / "fake.gpkg")


def test_encodings_are_judged_by_bytes() -> None:
    assert canonical("GBK") == canonical("936") == canonical("LDID/77") == "gb18030"
    assert find_encoding(["路".encode("gb18030") * 3]).name == "gb18030"
    assert find_encoding(["Málaga".encode()]).name == "utf-8"
    assert find_encoding([b"abc"]).how == "plain ASCII"
    assert find_encoding(["é".encode("latin-1")], declared="ISO-8859-1").name == "iso8859-1"
    assert decodes("道路".encode()[:-1], "utf-8")
    assert han_share("䶮") < 1
    with pytest.raises(SourceError, match="neither UTF-8 nor GB18030"):
        find_encoding([b"\xff\xff\xff"])
    with pytest.raises(SourceError, match="unknown encoding"):
        canonical("martian")
