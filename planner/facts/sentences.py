"""Sentences: the title, the finding and the headline figures, from the whole numbers shown."""

from __future__ import annotations

from typing import Any

from planner.access import ALONGSIDE
from planner.facts.facts import Facts
from planner.facts.lists import count_text, less
from planner.facts.words import words


def time_classes(limit: float) -> list[float]:
    """Upper ends of the three classes of travel time: thirds of the limit, in whole minutes from 3 minutes up."""
    step = 1.0 if limit >= 3 else 0.1
    return [*(round(round(limit * third / 3 / step) * step, 6) for third in (1, 2)), limit]


def percent(part: Any, whole: Any) -> str:
    """A share as text to a tenth of a percent, from the whole counts shown beside it; a dash for no one.

    Where a count is hidden, so is the share.
    """
    if isinstance(part, str) or isinstance(whole, str):
        return ALONGSIDE
    return f"{_tenths(part, whole) / 10:.1f}%" if whole else "—"


def _tenths(part: float, whole: float) -> int:
    """Tenths of a percent, a half rounding up, in whole numbers: as a spreadsheet shows the same ratio."""
    return (2000 * int(part) + int(whole)) // (2 * int(whole)) if whole else 0


def title(facts: Facts, lang: str = "zh") -> str:
    """Title of the sheet: the given one, else area and service."""
    if facts.given_title:
        return facts.given_title
    pattern = words(lang)["title_plan" if facts.plan is not None else "title_coverage"]
    service = facts.service_name[lang] or {"zh": "服务设施", "en": "Service"}[lang]
    made = pattern.format(area=facts.area_name, service=service).strip(" ,")
    return made[:1].upper() + made[1:]


def finding(facts: Facts, lang: str = "zh") -> str:
    """What the plan brings, in one sentence."""
    whole = facts.overall
    count = {key: count_text(value) for key, value in whole.items() if key not in {"share", "share_before"}}
    people, covered, before = (whole[key] for key in ("people", "covered", "covered_before"))
    text = words(lang)
    said = {
        **count,
        "share": percent(covered, people),
        "share_before": percent(before, people),
        "minutes": f"{facts.coverage.limit:g}",
        "offline": text["offline_also"].format(**count) if whole["not_connected"] else "",
        "mode": mode_words(facts, lang),
        "before": count_text(before),
        "new": f"{facts.new_count:,}",
        "existing": f"{facts.existing_count:,}",
        "gain": count_text(less(covered, before)),
        "points": _points(before, covered, people),
    }
    return text["finding_plan" if facts.plan is not None else "finding_coverage"].format(**said)


def mode_words(facts: Facts, lang: str = "zh") -> str:
    """How people come, and that it is estimated where there were no roads to go by."""
    text, profile = words(lang), facts.coverage.profile
    mode = text[profile.mode] if profile is not None and profile.mode in text else text["travel"]
    straight = profile is not None and profile.detour is not None
    return text["by_straight_line"].format(mode=mode) if straight else mode


def _points(before: Any, after: Any, people: Any) -> str:
    """Percentage points gained, as the difference of the two shares that are shown."""
    if any(isinstance(value, str) for value in (before, after, people)):
        return ALONGSIDE
    return f"{(_tenths(after, people) - _tenths(before, people)) / 10:.1f}"


def proof(facts: Facts, lang: str = "zh") -> str:
    """How good the plan is known to be; '' for a coverage."""
    if facts.plan is None:
        return ""
    text = words(lang)
    return text["proof_best"] if facts.plan.proven else text["proof_gap"].format(gap=f"{facts.plan.gap:.2%}")


def headline(facts: Facts, lang: str = "zh") -> list[dict[str, Any]]:
    """Headline figures in the order shown: name, people before and after, and their shares of all people."""
    whole, text = facts.overall, words(lang)
    people = whole["people"]
    rows = [(text["minutes_within"].format(minutes=f"{facts.coverage.limit:g}"), "covered_before", "covered")]
    rows += [
        (reading.zh if lang == "zh" else reading.en, f"{reading.key}_before", reading.key)
        for reading in facts.summary.readings
        if reading.key in whole
    ]
    return [
        {
            "name": name,
            "before": whole[old],
            "after": whole[new],
            "share_before": percent(whole[old], people),
            "share": percent(whole[new], people),
        }
        for name, old, new in rows
    ]
