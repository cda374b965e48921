"""Finds numbers, addresses and accounts in a message that tell who or where somebody is.

Patterns for what people in Britain type: a way off the mark hides a word too many, which
the person gets back; a miss is kept for as long as the chat. So patterns lean to hiding,
but what the assistant itself needs (dates, 999, £450, room 101) stays.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from bot.masking import Found

PHONE, EMAIL, ADDRESS, POSTCODE = "phone-number", "email", "address", "postcode"
PLATE, HANDLE, LINK, ACCOUNT = "number-plate", "user-name", "link", "number"

_DOT = r"\s*(?:\.|\(?\bdot\b\)?)\s*"
_EMAIL = re.compile(
    r"[\w.+-]+@[\w-]+(?:\.[\w-]+)*"
    rf"|\b[\w+-]+(?:(?:\.|{_DOT})[\w+-]+)?\s*\(?\bat\b\)?\s*"
    r"(?:gmail|googlemail|hotmail|outlook|yahoo|icloud|live|aol|btinternet|sky|"
    rf"proton\w*|msn|me){_DOT}(?:co{_DOT}uk|com|uk|net|org|me)\b",
    re.I,
)
_LINK = re.compile(
    r"\b(?:https?://|www\.)[^\s<>\"]+[^\s<>\".,;:!?)]"
    r"|(?<![\w.-])[a-z0-9-]+(?:\.[a-z0-9-]+){0,4}\.[a-z]{2,10}/[^\s<>\"]*[^\s<>\".,;:!?)]"
    r"|(?<![\w.-])[a-z0-9-]{2,}(?:\.[a-z0-9-]+){0,4}\.(?:com|co\.uk|org\.uk|org|net|uk|io|info|app|gg)\b",
    re.I,
)
# Where people are, not who: the same as saying "on Facebook".
_WELL_KNOWN = re.compile(
    r"(?:www\.)?(?:facebook|instagram|tiktok|twitter|x|whatsapp|snapchat|google|gmail|"
    r"youtube|reddit|linkedin|amazon|ebay|hinge|tinder|police|gov|nhs)\.(?:com|co\.uk|uk)",
    re.I,
)
_PLACES = r"(?:insta(?:gram)?|snap(?:chat)?|tik ?tok|twitter|reddit|discord|steam|roblox|xbox)"
_HANDLE = re.compile(
    r"(?<![\w@.])@(?!(?:home|work|gym|school|uni|college|night|the|my|his|her|me|"
    r"this|that|least|all|first)\b)[a-z][\w.]*\w"
    r"|\b[a-z]\w{1,}#\d{3,5}\b"
    r"|\b(?=\w*[a-z])\w*[a-z0-9]_[a-z0-9]\w*\b",
    re.I,
)
_HANDLE_SAID = re.compile(
    rf"\b(?:{_PLACES}|user ?names?|handle|gamer ?tag|acc(?:oun)?t|profile|name|snap)"
    r"(?:\s+(?:user|name|acct|account|handle|is|was|called|as|new|:|-))*\s*[:=]?\s+"
    r"(?P<said>(?=[\w.]*[a-z])(?:[\w.]*[a-z][\w.]*\d[\w.]*|[a-z]\w+\.\w[\w.]+|"
    r"\w+_\w+|\d+[a-z]{3,}\w*)\w)",
    re.I,
)
_PHONE = re.compile(
    r"(?<![\w£$€/])(?:(?:\+|00)\s?\d{1,3}|\(?[0o])(?:[\s().-]{0,2}[\do]){7,13}(?!\w)"
    r"|(?<![\w£$€/.])(?:44|7)(?:[\s.-]?\d){9,10}(?!\w)"
    r"|(?<![\w£$€/.])7\d{9}(?!\w)",
    re.I,
)
_POSTCODE = re.compile(
    r"(?<![\w£-])[a-z]{1,2}\d[a-z\d]?[ -]{0,2}\d[abd-hjlnp-uw-z]{2}(?!\w)", re.I
)
_ORDINAL = re.compile(r"(?:1st|2nd|3rd|\dth)$")
_PLATE = re.compile(
    r"(?<![\w-])(?:[a-z]{2}\d{2}\s?[a-z]{3}|[a-z]\d{1,3}\s?[a-z]{3}|"
    r"[a-z]{3}\s?\d{1,3}[a-z])(?!\w)",
    re.I,
)
_PLATE_SAID = re.compile(
    r"\b(?:reg|registration|plates?|number plate|index)\b(?:\W+(?:is|was|number|starts?|"
    r"starting|begins?|ends?|of|the|with|it|in|like|says?|said|part|has|on|private))*\W+"
    r"(?P<said>(?=[a-z]*\d)(?=\d*[a-z])[a-z0-9]{2,4}(?: ?(?=\w*\d|[a-z]{3}\b)[a-z0-9]{1,4})?)"
    r"(?!\w)",
    re.I,
)
_LITTLE_WORDS = frozenset(
    """and the was for but his her you not she him our who why how had has are all any can
    did got get now off out one two too way yet its ive hes she ago day min hrs min sec
    mph kmh pls plz from with that this when then they""".split()
)
_SORT_CODE = r"\d{2}[ -]\d{2}[ -]\d{2}"
_ACCOUNT = re.compile(
    r"(?<![\w£$€.])(?:"
    r"\d{4}[ -]?\d{4}[ -]?\d{4}[ -]?\d{3,4}"  # a card
    r"|[a-z]{2} ?\d{2} ?\d{2} ?\d{2} ?[a-d]"  # National Insurance
    r"|gb\d{2}(?: ?[a-z0-9]{4}){4,5}(?: ?[a-z0-9]{1,3})?"  # IBAN
    r"|[a-z]{5}\d{6}[a-z]{2}\d?[a-z]{2}|[a-z9]{5}\d{6}\w{5}"  # driving licence
    r"|\d{3} \d{3} \d{4}"  # NHS
    r"|(?:[a-z]{2,4}|\d{2}[a-z]{0,3})/\d{3,8}/\d{2}"  # crime reference
    r"|\d{6,}"
    r")(?!\w)",
    re.I,
)
_SORT_CODE_SAID = re.compile(
    rf"\bsort ?code\W+(?:is\W+|was\W+)?(?P<said>{_SORT_CODE})", re.I
)
_DATE = re.compile(r"(?:0?[1-9]|[12]\d|3[01])(?:0[1-9]|1[0-2])(?:19|20)?\d{2}")
_COUNTED = re.compile(
    r"\s?(?:times|messages?|texts?|calls?|people|pounds|quid|followers|views|miles|steps|"
    r"likes|emails?|photos|pics|%)",
    re.I,
)
_ROAD = (
    r"street|st|road|rd|avenue|ave|lane|ln|crescent|cres|terrace|grove|gardens?|gdns|mews|"
    r"boulevard"
)
# These are also words: a number and one word more have to stand before them.
_ROAD_OR_WORD = (
    r"close|drive|dr|way|court|ct|place|square|walk|hill|row|rise|view|park|green|parade|"
    r"mount|croft|fold|wharf|quay|cottages?"
)
# Words that stand between a number and "road" when no road is named.
_NO_ROAD = (
    r"(?:a|about|across|all|and|another|at|back|bed|bedroom|big|bus|busy|by|car|cars|cross|"
    r"dark|days?|different|dirt|doors?|down|each|end|entire|every|far|few|first|for|from|full|"
    r"guys|her|high|his|hours?|houses?|i|in|is|it|its|kids|lads|last|local|long|main|men|"
    r"metres|miles?|min|mins|minutes?|month|months|my|narrow|near|new|next|nights?|of|off|on|"
    r"one|opposite|other|our|out|over|own|parallel|past|people|private|quiet|residential|"
    r"same|second|separate|side|single|some|that|the|their|then|there|they|this|through|"
    r"times?|to|top|two|up|walk|was|way|weeks?|whole|with|women|wrong|yards?|years?|your|"
    r"o'?clock|am|pm|st|nd|rd|th|ring|slip|dual|country|busy|front|crown|county|family|"
    r"magistrates'?|supreme|youth|wor|nee|(?:mums?|dads?|mams?|nans?|grans?)(?:['’]s)?|drive|close|street|road|lane|avenue|minute|hour|day|foot|"
    r"metre|mile|shopping|retail|tower)\b"
)
_STREET_WORD = rf"(?!{_NO_ROAD})[a-z][\w'’.-]*"
_FLAT = r"(?:flat|apartment|apt|unit)\s+\d{1,4}[a-z]?\b(?!\s+(?:years?|months?|weeks?|days?))"
_NUMBERED = (
    r"(?<![\w£.:/-])\d{1,4}[a-z]?,?\s+(?:(?:upper|lower|st|great|the|little)\s+)?"
)
_ADDRESS = re.compile(
    rf"(?:{_FLAT}(?:,?\s+))?{_NUMBERED}(?:"
    rf"(?:{_STREET_WORD}\s+){{1,3}}(?:{_ROAD}|{_ROAD_OR_WORD})\b"
    rf"|(?<=the )(?:{_ROAD}|{_ROAD_OR_WORD})\b)"
    r"(?:\s+(?:north|south|east|west)\b)?"
    rf"|\b{_FLAT}",
    re.I,
)
_NAMED_ROAD = re.compile(
    rf"\b(?:(?!(?i:{_NO_ROAD}))[A-Z][\w'’]+\s+){{1,3}}"
    r"(?:Street|St|Road|Rd|Avenue|Ave|Lane|Crescent|Terrace|Grove|Gardens|Close|Drive|Way|"
    r"Mews)\b"
    rf"|(?<=\b(?:on|in|at|of|to|up)\s)(?:{_STREET_WORD})\s+"
    r"(?:street|road|avenue|crescent|lane|terrace|grove)\b",
)


def identifiers_in(text: str, public: frozenset[str] = frozenset()) -> Iterator[Found]:
    """Return what is to be hidden in a text, apart from names.

    Args:
        text: as typed.
        public: digits of numbers that anybody may know, such as helplines.
    """
    taken = [False] * len(text)
    for kind, find in _FINDERS:
        for start, end in find(text):
            digits = re.sub(r"\D", "", text[start:end])
            if digits in public or all(taken[start:end]):
                continue
            taken[start:end] = [True] * (end - start)
            yield Found(start, end, kind)


Place = tuple[int, int]


def _plain(*patterns: re.Pattern[str]) -> Callable[[str], Iterator[Place]]:
    def find(text: str) -> Iterator[Place]:
        for pattern in patterns:
            said = "said" in pattern.groupindex
            for match in pattern.finditer(text):
                yield match.span("said") if said else match.span()

    return find


def _links(text: str) -> Iterator[Place]:
    for match in _LINK.finditer(text):
        if not _WELL_KNOWN.fullmatch(match[0]):
            yield match.span()


def _phones(text: str) -> Iterator[Place]:
    for match in _PHONE.finditer(text):
        digits = re.sub(r"\D", "", match[0].lower().replace("o", "0"))
        if 9 <= len(digits) <= 15 and not _is_times(match[0]):
            yield match.span()


def _is_times(words: str) -> bool:
    """Whether digits are times or dates one after the other: "07.30 - 09.45"."""
    return bool(re.fullmatch(r"(?:\d{1,2}\.\d{2}\D+)+\d{1,2}\.\d{2}", words))


def _postcodes(text: str) -> Iterator[Place]:
    for match in _POSTCODE.finditer(text):
        if not _ORDINAL.search(match[0]):
            yield match.span()


def _plates(text: str) -> Iterator[Place]:
    for match in _PLATE.finditer(text):
        letters = set(re.findall(r"[a-z]+", match[0].lower()))
        looks = (
            match[0].isupper() or not re.search(r"\s", match[0]) or _is_current(match)
        )
        if looks and not letters & _LITTLE_WORDS:
            yield match.span()
    yield from _plain(_PLATE_SAID)(text)


def _is_current(match: re.Match[str]) -> bool:
    """Whether it has the form of the plates since 2001, which looks like no words."""
    return bool(re.fullmatch(r"[a-z]{2}\d{2}\s?[a-z]{3}", match[0], re.I))


def _accounts(text: str) -> Iterator[Place]:
    yield from _plain(_SORT_CODE_SAID)(text)
    for match in _ACCOUNT.finditer(text):
        counted = match[0].isdigit() and _COUNTED.match(text, match.end())
        if not counted and not _DATE.fullmatch(match[0]):
            yield match.span()


# In this order: what was taken whole by one is not looked at by the next.
_FINDERS: tuple[tuple[str, Callable[[str], Iterator[Place]]], ...] = (
    (EMAIL, _plain(_EMAIL)),
    (LINK, _links),
    (ADDRESS, _plain(_ADDRESS, _NAMED_ROAD)),
    (PHONE, _phones),
    (ACCOUNT, _accounts),
    (POSTCODE, _postcodes),
    (PLATE, _plates),
    (HANDLE, _plain(_HANDLE, _HANDLE_SAID)),
)
