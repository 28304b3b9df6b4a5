"""Wording: what the register's columns, states and events are called where officials read them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from types import MappingProxyType
from typing import Any

import pandas as pd

from planner.gazetteer.ledger import OFFICE_TIME
from planner.layers import Period

HEADINGS: Mapping[str, str] = MappingProxyType({
    "thing": "标识", "valid_from": "生效", "valid_to": "失效", "code": "代码", "name": "名称", "level": "层级", "type": "类型", "parent": "上级",
    "functional": "功能区", "seat": "驻地", "kind": "名称性质", "status": "状态", "status_since": "状态起始", "category": "类别", "specific": "专名",
    "generic": "通名", "pinyin": "罗马字母拼写", "pinyin_by": "拼写确认人", "division": "所在政区", "division_found": "计算所在政区",
    "within": "所在政区代码", "location": "位置描述", "meaning": "含义", "origin": "来历", "history": "历史沿革", "secrecy": "密级",
    "protected": "保护名录", "authority": "批准机关", "applied": "申请日期", "approved": "批准日期", "scheme": "命名方案", "before": "原",
    "after": "后", "how": "方式", "number": "编号", "left": "甲方", "right": "乙方", "agreement": "协议书", "metres": "长度（米）",
    "inspected": "上次联检", "round": "轮次", "line": "所属界线", "units": "相关政区", "responsible": "责任单位", "condition": "状况",
    "device": "设备编号", "observed_x": "实测经度", "observed_y": "实测纬度", "subject": "对象", "day": "日期", "result": "结果",
    "scope": "内容", "by_whom": "人员", "road": "道路", "text": "标志内容", "due": "期限", "photo": "照片", "ledger": "台账", "place": "地名标识",
    "title": "名称", "rule": "规则", "decision": "决定", "reason": "理由", "sign": "标志", "days_late": "逾期天数", "days_overdue": "逾期天数",
    "severity": "程度", "clause": "依据", "from": "起", "to": "止", "event": "事件", "change": "变更", "document": "文号",
    "recorded": "登记时间", "actor": "登记人", "square_metres": "面积（平方米）", "finding": "问题", "unit": "单元", "other": "另一单元",
    "record": "记录",
})  # fmt: skip
KINDS: Mapping[str, str] = MappingProxyType({
    "division": "行政区划", "name": "地名", "link": "沿革", "line": "界线", "marker": "界桩", "inspection": "检查", "sign": "地名标志",
    "task": "台账",
})  # fmt: skip
_STATES = {
    "draft": "草案", "applied": "已申请", "assessed": "已论证", "approved": "已批准", "filed": "已备案", "announced": "已公告",
    "in use": "使用中", "rejected": "不予批准", "withdrawn": "已撤回", "retired": "已停用", "task": "待设置", "installed": "已设置",
    "accepted": "已验收", "fault": "故障", "repaired": "已修复", "closed": "已撤除", "cancelled": "已取消",
}  # fmt: skip
_VALUES = {
    **_STATES, "province": "省", "city": "市", "district": "区（市、县）", "town": "镇（街道）", "village": "村（居）",
    "standard": "标准名", "former": "曾用名", "alias": "别名", "short": "简称", "on-map": "图上名", "folk": "俗名", "planned": "拟用名",
    "division": "行政区划", "natural": "自然地理实体", "park": "公园、保护区", "street": "街路巷", "building": "住宅区、楼宇",
    "facility": "交通水利等设施", "other": "其他", "good": "完好", "tilted": "倾斜", "damaged": "损坏", "lost": "丢失", "moved": "移位",
    "single": "单面", "double": "双面", "triple": "三面", "joint": "联合检查", "special": "专项检查", "patrol": "巡查",
    "error": "不合规", "warning": "提示", "suspect": "疑似", "merge": "合并", "split": "拆分", "abolish": "撤销", "refused": "不采纳",
    "cleanup": "清理整治", "decision": "人工决定", "countryside": "乡村著名行动", "found": "已发现", "confirmed": "已确认",
    "rectified": "已整改", "kept": "保留", "open": "进行中", "gap": "空隙", "overlap": "重叠", "sliver gap": "细碎空隙", "sliver overlap": "细碎重叠", "sliver outside parent": "细碎超出上级政区",
    "outside parent": "超出上级政区", "line without unit": "界线一侧政区无边界", "no shared edge": "两侧政区无公共边界",
    "line off edge": "界线偏离边界", "marker without point": "界桩无坐标", "marker without line": "界桩无所属界线",
    "marker off line": "界桩偏离界线", "marker touches too few": "界桩相邻政区不足", "no sign": "无地名标志",
    "sign shows another name": "标志内容与地名不符",
}  # fmt: skip
_EVENTS = {
    "create": "设立", "rename": "更名", "upgrade": "升格", "change code": "代码变更", "move seat": "驻地迁移", "redraw": "界线变更",
    "transfer": "划转", "correct": "更正", "load": "批量登记", "propose": "提出命名", "decide": "人工决定", "confirm pinyin": "确认拼写",
    "agree line": "界线勘定", "redraw line": "界线重勘", "set marker": "设立界桩", "move marker": "移动界桩", "order sign": "下达设标任务",
    "sign patrol": "标志巡查", "joint inspection": "联合检查", "special inspection": "专项检查", "patrol inspection": "巡查",
    "countryside report": "乡村路名填报",
}  # fmt: skip
_IMPORTED = {"names": "地名", "divisions": "区划", "lines": "界线", "markers": "界桩", "signs": "地名标志"}
CODED = frozenset(
    {
        "level",
        "kind",
        "status",
        "category",
        "type",
        "condition",
        "how",
        "ledger",
        "decision",
        "severity",
        "result",
        "finding",
    }
)
"""Columns whose values are words of the register, not of the people who fill it."""


def heading(column: str, lang: str = "zh") -> str:
    """What a column is called."""
    return HEADINGS.get(column, column) if lang == "zh" else column


def said(column: str, value: Any, lang: str = "zh") -> str:
    """A value as people read it: words of the register in their language, moments by the office's clock, nothing for none.

    >>> said("status", "in use"), said("name", "draft"), said("change", "undo 3")
    ('使用中', 'draft', '撤回事件 3')
    """
    if value is None or value is pd.NaT or value != value:  # noqa: PLR0124
        return ""
    if isinstance(value, bool):
        return ("是" if value else "否") if lang == "zh" else ("yes" if value else "no")
    if isinstance(value, datetime):
        return f"{value.astimezone(OFFICE_TIME):%Y-%m-%d %H:%M}"
    if isinstance(value, float):
        return f"{value:.10g}"
    if lang != "zh" or isinstance(value, date):
        return str(value)
    return _event(str(value)) if column == "change" else _word(column, str(value))


def _word(column: str, value: str) -> str:
    if column == "record":
        return KINDS.get(value, value)
    return _VALUES.get(value, value) if column in CODED else value


def _event(kind: str) -> str:
    act, _, about = kind.partition(" ")
    if act == "undo":
        return f"撤回事件 {about}"
    if act == "import":
        return f"导入{_IMPORTED.get(about, about)}"
    if act in {"sign", "clean-up"} and kind not in _EVENTS:
        return f"{'标志' if act == 'sign' else '清理整治'}：{_VALUES.get(about, about)}"
    return _EVENTS.get(kind, _VALUES.get(kind, kind))


def span(period: Period, lang: str = "zh") -> str:
    """A period as people read it; its end is the first day it no longer holds."""
    if lang != "zh":
        return str(period)
    start = f"{period.start} 起" if period.start else ""
    return start + (f"，{period.end} 止（不含当日）" if period.end else "") or "起止不详"


def in_words(table: pd.DataFrame, lang: str = "zh") -> pd.DataFrame:
    """A table as people read it, every cell text under a heading in their language."""
    plain = table.drop(columns="geometry", errors="ignore")
    cells = {column: [said(str(column), value, lang) for value in plain[column]] for column in plain}
    return pd.DataFrame(cells, dtype=object).rename(columns=lambda column: heading(str(column), lang))
