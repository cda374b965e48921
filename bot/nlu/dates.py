"""Finds the words that say when, and keeps them as they were said."""

from __future__ import annotations

import re

from bot.behaviours import Span

_DAY = (
    r"(?:mon|tues?|wed(?:nes)?|thur?s?|fri|sat(?:ur)?|sun)(?:day)?s?"
    r"|weekends?|weekdays?"
)
_MONTH = (
    r"(?:jan(?:uary)?|feb(?:ruary)?|march|april|may|june|july|aug(?:ust)?"
    r"|sept?(?:ember)?|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)"
)
_FEAST = (
    r"(?:christmas|xmas|easter|new year'?s?(?: eve| day)?|boxing day|halloween|bonfire"
    r" night|valentine'?s?(?: day)?|mother'?s day|father'?s day|eid|diwali|ramadan"
    r"|half term|whitsun)"
)
_SEASON = r"(?:spring|summer|autumn|winter)"
_UNIT = r"(?:seconds?|minutes?|mins?|hours?|hrs?|days?|nights?|weeks?|wks?|months?|years?|yrs?)"
_NUMBER = (
    r"(?:\d+|an?|one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve"
    r"|(?:a )?(?:couple|few)(?: of)?|several|many|half an?)"
)
_PART = r"(?:morning|afternoon|evening|night|nite|lunchtime|teatime)"
_CLOCK = r"(?:\d{1,2}(?:[:.]\d\d)? ?(?:am|pm|o'?clock)|\d{1,2}:\d\d)"
_WHEN = rf"(?:{_DAY}|{_MONTH}|{_FEAST}|{_SEASON}|{_PART}|week|month|year|{_UNIT})"
_DATE = (
    rf"(?:(?:the )?\d{{1,2}}(?:st|nd|rd|th)(?: (?:of )?{_MONTH})?(?: \d{{4}})?"
    rf"|\d{{1,2}} {_MONTH}(?: \d{{2,4}})?|{_MONTH} \d{{1,4}}(?:st|nd|rd|th)?"
    r"|\d{1,2}[/.]\d{1,2}[/.]\d{2,4})"
)
_FORMS = (
    rf"(?:since|from|until|till|by|around|about|before|after|in|back in|every|each|most"
    rf"|on|this|last|next|early|late) (?:the |last |early |late |this )?"
    rf"(?:{_DATE}|{_MONTH}|{_FEAST}|{_DAY}(?: {_PART})?|{_SEASON})(?: \d{{4}})?",
    rf"(?:last|this|every|each|most|the other|next|some|all) (?:single |other )?"
    rf"(?:{_DAY}|{_WHEN})(?: {_PART})?",
    r"(?:since|in|from|until|before|after) (?:19|20)\d\d",
    rf"(?:for )?(?:over |about |nearly |almost )?{_NUMBER} {_UNIT}(?: ago| now| running)?",
    rf"(?:yesterday|tonight|today|tomorrow)(?: {_PART})?",
    rf"(?:at |about |around )?{_CLOCK}",
    _DATE,
    r"(?:at )?(?:midnight|midday|dawn|nights)",
    rf"{_DAY}(?: {_PART})?",
)
# "may", "sat", "march" and "a minute" are more often other words than dates.
_EVERYDAY = re.compile(
    r"(?:may|sat|sun|march|mon|fri|wed|one|night|a (?:minute|min|second))$", re.I
)
_PATTERN = re.compile(
    r"(?<!\w)(?:" + "|".join(f"(?:{form})" for form in _FORMS) + r")(?!\w)", re.I
)


def dates_in(text: str) -> tuple[Span, ...]:
    """Return the words that say when, in order of appearance."""
    return tuple(
        Span(match.start(), match.end(), match[0])
        for match in _PATTERN.finditer(text)
        if not _EVERYDAY.match(match[0])
    )
