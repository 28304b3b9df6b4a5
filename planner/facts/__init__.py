"""Facts: what a plan says, in whole people and plain words, for every map, table and document alike."""

from planner.facts.facts import Facts, gather
from planner.facts.lists import count_text, less
from planner.facts.saving import replacing
from planner.facts.sentences import finding, headline, mode_words, percent, proof, time_classes, title
from planner.facts.words import LANGUAGES, words

__all__ = [
    "LANGUAGES",
    "Facts",
    "count_text",
    "finding",
    "gather",
    "headline",
    "less",
    "mode_words",
    "percent",
    "proof",
    "replacing",
    "time_classes",
    "title",
    "words",
]
