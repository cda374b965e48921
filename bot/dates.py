"""Days as people say them, read well enough to put incidents in order."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable

_MONTHS = "jan feb mar apr may jun jul aug sep oct nov dec".split()
_MAYBE = r"(?<!in )(?<!of )(?<!since )(?<!from )(?<!last )\bmay (?!\d)"  # the verb
_AGO = {"day": 1, "week": 7, "fortnight": 14, "month": 30, "year": 365}
_WORDS = {
    w: n
    for n, w in enumerate("a one two three four five six seven eight nine ten".split())
}


def when(dates: Iterable[str], today: dt.date) -> dt.date | None:
    """Return the first day the words name, roughly, for putting things in order.

    Args:
        dates: words that say when, as said.
        today: the day they were said.

    Returns:
        A day good enough to sort by, or None when the words do not tell.
    """
    for words in dates:
        day = _day(words.lower(), today)
        if day is not None:
            return day
    return None


def _day(words: str, today: dt.date) -> dt.date | None:
    fixed = {
        "today": 0,
        "tonight": 0,
        "this morning": 0,
        "yesterday": 1,
        "last night": 1,
    }
    for name, days in fixed.items():
        if name in words:
            return today - dt.timedelta(days=days)
    ago = re.search(
        r"(\d+|a|an|one|two|three|four|five|six|seven|eight|nine|ten) (day|week|"
        r"fortnight|month|year)s? ago",
        words,
    )
    if ago:
        count = int(ago[1]) if ago[1].isdigit() else max(1, _WORDS.get(ago[1], 1))
        return today - dt.timedelta(days=count * _AGO[ago[2]])
    last = re.search(r"\blast (day|week|fortnight|month|year)\b", words)
    if last:
        return today - dt.timedelta(days=_AGO[last[1]])
    month = re.search(
        r"\b(?:(\d{1,2})(?:st|nd|rd|th)? (?:of )?)?(" + "|".join(_MONTHS) + r")[a-z]*"
        r"(?: (\d{1,2})(?:st|nd|rd|th)?)?(?:,? (\d{4}))?\b",
        words,
    )
    if month and not (month[2] == "may" and re.search(_MAYBE, words)):
        return _dated(
            month[1] or month[3], _MONTHS.index(month[2]) + 1, month[4], today
        )
    year = re.search(r"\b(20\d\d)\b", words)
    return dt.date(int(year[1]), 1, 1) if year else None


def _dated(
    day: str | None, month: int, year: str | None, today: dt.date
) -> dt.date | None:
    try:
        found = dt.date(int(year or today.year), month, int(day or 1))
    except ValueError:
        return None
    return found if year or found <= today else found.replace(year=today.year - 1)
