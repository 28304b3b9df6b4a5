"""Sources: what an official reads at the command line is Chinese, and says which flag to give."""

from __future__ import annotations

from pathlib import Path

import pytest

from planner.imports import fact_words
from tests.commands import outcome
from tests.office_files import cells_csv, districts_file, lines_frame, parts, shapefile, workbook, zipped
from tests.tiny_project import make_project


def bare(folder: Path) -> Path:
    return shapefile(folder, lines_frame(), prj=False)


def lying(folder: Path) -> Path:
    return shapefile(folder, lines_frame(), cpg="UTF-8")


def without_table(folder: Path) -> Path:
    path = shapefile(folder, lines_frame())
    path.with_suffix(".dbf").unlink()
    return path


def cut(folder: Path) -> Path:
    path = shapefile(folder, lines_frame())
    path.write_bytes(path.read_bytes()[:-10])
    return path


def two_in_one(folder: Path) -> Path:
    both = [*parts(shapefile(folder, lines_frame(), "甲")), *parts(shapefile(folder, lines_frame(), "乙"))]
    return zipped(folder / "both.zip", *both)


def telephones(folder: Path) -> Path:
    return shapefile(folder, lines_frame(联系电话=["13800138000", "13900139000", "13700137000", "13600136000"]))


def headless(folder: Path) -> Path:
    return workbook(folder / "x.xlsx", [["甲", "乙"], [1, 2]])


@pytest.mark.parametrize(
    ("make", "kind", "words"),
    [
        (bare, "roads", ("没有说明坐标系", "--crs EPSG:4549")),
        (lying, "roads", ("实际是 GB18030", "--encoding gb18030")),
        (without_table, "roads", ("无属性表",)),
        (cut, "roads", ("不完整", "个完整图形")),
        (two_in_one, "roads", ("乙、甲", "--layer")),
        (telephones, "roads", ("手机号", "--ignore 联系电话")),
        (headless, "sites", ("缺少列", "--columns")),
    ],
)
def test_an_error_is_told_in_chinese_with_the_flag_to_give(
    tmp_path: Path, make: object, kind: str, words: tuple[str, ...]
) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "project").mkdir()
    make_project(tmp_path / "project")
    path = make(tmp_path / "in")  # type: ignore[operator]
    code, said = outcome("import", str(path), "--as", kind, "--project", str(tmp_path / "project"))
    assert code == 3, said
    assert said.startswith("错误：")
    assert all(word in said for word in words), said


def test_inspect_speaks_the_officials_words_and_says_how_to_import(tmp_path: Path) -> None:
    code, said = outcome("inspect", str(districts_file(tmp_path)))
    assert code == 0
    for words in (
        "面 3",
        "文字编码",
        "坐标系：EPSG:4490（文件声明）",
        "在中国范围内",
        "可能是：区划",
        "--as districts",
        "前 3 行",
    ):
        assert words in said, said
    code, said = outcome("inspect", str(cells_csv(tmp_path / "c.csv", [(1.0, 1.0, 3)])), "--lang", "en")
    assert "looks like: cells" in said
    assert "import it: planner import" in said
    assert "无法读取——" in outcome("inspect", str(lying(tmp_path)))[1]


def test_facts_are_told_in_both_languages() -> None:
    assert fact_words("EPSG:4326 (assumed: degrees)") == "EPSG:4326（未声明，按经纬度处理）"
    assert fact_words("EPSG:4326 (as asked)", lang="en") == "EPSG:4326 (as asked)"
