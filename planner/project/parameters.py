"""Parameters: every number an answer stands on, with its unit and source, as one table to print."""

from __future__ import annotations

import pandas as pd

from planner.project.run import Answer
from planner.project.settings import Settings

COLUMNS = ["parameter", "value", "unit", "source"]
ASKED = {"zh": "本次规划设定（planner.toml）", "en": "Asked in planner.toml"}


def parameter_table(answer: Answer, settings: Settings) -> pd.DataFrame:
    """One row a parameter: ``parameter``, ``value``, ``unit``, ``source``, in the project's language."""
    zh = settings.project.lang == "zh"
    asked = ASKED[settings.project.lang]
    block, preset, profile = answer.block, answer.service, answer.network.profile
    plan = answer.plan

    def word(in_chinese: str, in_english: str) -> str:
        return in_chinese if zh else in_english

    def source(name: str, given: object) -> str:
        if given is not None:
            return asked
        return preset.parameters[name].source if name in preset.parameters else profile.sources.get(name, "")

    mode = {"walk": word("步行", "on foot"), "drive": word("驾车", "by car")}[profile.mode]
    speed = profile.metres_per_second
    rows = [
        (word("服务", "service"), preset.name(settings.project.lang), "", word("服务预设", "service preset")),
        (word("服务对象", "for"), settings.population.age or preset.audience, word("岁", "years"), asked),
        (word("出行方式", "mode"), mode, "", source("mode", block.mode) or word("服务预设", "service preset")),
        (
            word("时限", "limit"),
            plan.scenario.coverage.limit,
            word("分钟", "minutes"),
            source("minutes", block.minutes),
        ),
        (word("速度", "speed"), speed, "m/s", source("metres_per_second", block.metres_per_second)),
        (
            word("接入道路最大距离", "farthest from a road"),
            profile.snap_metres,
            word("米", "m"),
            source("snap_metres", block.snap_metres),
        ),
        *[
            (word("耗时倍数：", "slower on ") + name, factor, word("倍", "times"), profile.sources.get("slower", ""))
            for name, factor in profile.slower.items()
        ],
        (word("不通行道路", "never used"), "、".join(sorted(profile.barred)), "", profile.sources.get("barred", "")),
        (word("规划范围外缓冲", "buffer around the area"), settings.area.buffer_metres, word("米", "m"), asked),
        (word("坐标系", "CRS"), answer.network.crs.to_string(), "", word("按规划范围选定", "chosen by the area")),
        (word("区划日期", "units as of"), settings.project.on.isoformat(), "", asked),
        (
            word("新增站点", "new sites"),
            block.new if block.new is not None else word("不限", "any"),
            word("个", ""),
            asked,
        ),
        (word("求解器", "solver"), plan.solver, "", ""),
        (word("求解状态", "status"), str(plan.status), "", ""),
        (word("随机种子", "seed"), plan.seed, "", asked),
        (
            word("目标值", "value"),
            round(plan.value, 3),
            word("人", "people"),
            word("由可达关系重新计算", "measured afresh"),
        ),
        (word("上界", "bound"), round(plan.bound, 3), word("人", "people"), word("求解器给出并核验", "certified")),
        (word("最优差距", "gap"), plan.gap, "", ""),
    ]
    return pd.DataFrame(rows, columns=COLUMNS)
