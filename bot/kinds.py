"""Kinds of person, place, nation and circumstance, and the words that name them.

These choose support and wording, never a type or a danger: a slip here shows a less
fitting helpline, and the person can put it right in a word.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

RELATIONS: Mapping[str, str] = {
    "ex_partner": r"\bex\b|\bex[- ](?!colleague|boss|neighbour|friend|army)\w+|"
    r"former (?:partner|husband|wife)|used to (?:go out|be with|date)|"
    r"split up|broke up|dumped|finished with (?:him|her|them)",
    "partner": r"\b(?:my|her|his) (?:husband|wife|partner|boyfriend|girlfriend|"
    r"fianc[eé]e?|bf|gf|missus|fella|hubby)\b|^(?:husband|wife|partner)$",
    "family": r"\b(?:my|her|his|their) (?:\w+ )?(?:mum|mother|dad|father|brother|sister|"
    r"uncle|aunt(?:ie|y)?|cousin|son|daughter|step\w+|in[- ]laws?|\w+-in-law)\b|"
    r"\bfamily\b|\brelative\b",
    "neighbour": r"neighbou?r|next door|next flat|flat (?:next|above|below|upstairs)|"
    r"(?:man|bloke|guy|woman|lad|couple|people|one|family) (?:upstairs|downstairs|above|"
    r"below|opposite)|liv(?:es?|ing) (?:\w+ )?(?:across|over|opposite)|"
    r"^\W*(?:from )?(?:across|over) the (?:road|street|way|landing)\W*$|"
    r"upstairs flat|downstairs flat|same street",
    "colleague": r"colleague|co-?worker|work mate|workmate|(?:my|her|his|old|a) (?:boss|"
    r"manager|supervisor)|from (?:my |her |his |our )?(?:old |last )?(?:work|job|office)|"
    r"(?:i|we) (?:used to )?work(?:ed)? with|\bcustomer|\bclient|"
    r"\bpatient\b|my tutor|"
    r"my teacher|lecturer|classmate|\bpupil\b",
    "date_or_online": r"\b(?:tinder|hinge|bumble|grindr|dating app|one date|"
    r"first date|went on a date|met online|online friend|from the app|"
    r"discord|gaming)\b",
    "friend_or_acquaintance": r"\b(?:boy|girl|lad|lass|kid|guy|someone|somebody|"
    r"person|man|woman) (?:in|at|from) (?:my |our |the )?(?:year|class|form|school|"
    r"college|uni)\b|\bfriend\b|\bmate\b|acquaintance|from (?:church|the gym|"
    r"school|uni|college|football|the pub)|flatmate|housemate",
    "stranger": r"stranger|(?:don'?t|do not|dont|doesn'?t|doesnt|never) (?:know|met|seen) "
    r"(?:him|her|them|who)|no idea who|some (?:bloke|man|guy|woman|lad)|never met",
    "unknown": r"unknown|anonymous|withheld|can'?t tell who|not sure who",
    "officer": r"police ?officer|\bcopper\b|he'?s (?:a )?police|works for the police",
}
PLACES: Mapping[str, str] = {
    "online": r"online|internet|insta|whatsapp|facebook|\bfb\b|snap|tiktok|twitter|"
    r"e-?mail|\btext|\bdm|account|messag|phone|\bcalls?\b|linkedin|discord|"
    r"on (?:my|an) app",
    "home": r"\bhome\b|\bhouse\b|\bflat\b|my (?:street|road|door|drive|garden|gate)|"
    r"front door|doorstep|indoors",
    "work": r"\bwork\b|office|\bjob\b|\bshift|the shop|colleague|\bboss\b",
    "school": r"school|college|\buni\b|university|campus|lecture|nursery",
    "outside": r"street|\bbus\b|train|station|\bgym\b|\bpark\b|supermarket|tesco|aldi|"
    r"\btown\b|\bcar\b|walk|outside|everywhere|\bpub\b",
}
NATIONS: Mapping[str, str] = {
    "scotland": r"scotland|scottish|glasgow|edinburgh|aberdeen|dundee|inverness",
    "northern_ireland": r"northern ireland|\bn\.?i\b|belfast|derry|lisburn",
    "wales": r"\bwales\b|cardiff|swansea|wrexham|newport|\bcymru\b",
    "england": r"england|english|cheshire|chester|crewe|warrington|macclesfield|"
    r"runcorn|widnes|northwich|london|manchester|liverpool",
    "elsewhere": r"abroad|jersey|guernsey|isle of man|ireland|dublin|spain|france|"
    r"germany|poland|america|usa|australia|another country|outside the uk",
}
CIRCUMSTANCES: Mapping[str, str] = {
    "under_18": r"\b(?:i'?m|i am|im|am|aged?) (?:only )?(?:8|9|1[0-7])\b"
    r"(?! (?:weeks|months|years|stone|minutes|mins|miles))|\b(?:8|9|1[0-7]) ?(?:yr|year)s? old|"
    r"\b(?:my|our) (?:mum|teacher|form tutor|head of year)\b.*"
    r"\b(?:school|year (?:7|8|9|10|11))|"
    r"\bi'?m in year (?:7|8|9|10|11)\b",
    "man": r"\b(?:i'?m|i am|im|as) a (?:man|bloke|fella|lad|guy|dad|husband)\b|"
    r"\bme being a (?:man|bloke)|\bgay (?:man|bloke|lad|guy)\b|"
    r"\b(?:for|helps?|supports?) (?:gay )?men\b|"
    r"\bmen'?s (?:line|advice|helpline|group|service|charity)\b",
    "lgbt": r"\b(?:gay|lesbian|bisexual|\bbi\b|trans|transgender|non-?binary|"
    r"queer|lgbt\w*)\b",
    "honour": r"honou?r|\bizzat\b|forced marriage|arranged marriage|shame on (?:the|our) "
    r"family|community elders",
    "images": r"\b(?:wants?|ask(?:s|ed|ing)?|demand\w*|begg\w*) (?:\w+ ){0,3}"
    r"(?:pics?|pictures|photos|nudes?)\b|\bnudes?\b|"
    r"intimate (?:pic|photo|image|video)|naked|sex (?:tape|video)|"
    r"sent (?:him|her|them) (?:a|some|my) (?:pic|photo|picture|video)|"
    r"(?:send|share|post|leak|put)\w* (?:it|them|(?:the|my) (?:pic|photo|picture|video)s?) "
    r"(?:to|on|in) (?:everyone|every ?body|(?:a|the) group|my (?:dad|mum|family|work|school))|"
    r"explicit (?:pic|photo|image|video)|deep ?fake|private (?:pics|photos|videos)",
    "sexual_assault": r"\brap(?:e|ed|ing)\b|sexual(?:ly)? assault|touched me|groped|"
    r"forced (?:himself|herself) on",
    "older": r"\b(?:i'?m|i am|im|am|aged?) (?:6[5-9]|[789]\d)\b|pension(?:er)?\b",
    "officer": RELATIONS["officer"],
    # Told already: "police have not been told" would be wrong.
    "police_told": r"\bpolice (?:came|have (?:come|been)|(?:have )?got him|took (?:him|her)|"
    r"said)\b|\b(?:i|we|she|he|they)(?:'?ve| have)? (?:already )?(?:told|rang|called|phoned) "
    r"(?:the )?police\b|\breported (?:it|him|her|them)\b(?! me)|\bcrime (?:number|ref\w*)\b|"
    r"\bpolice (?:is|are) (?:here|on (?:the|their) way)\b|"
    r"\bi(?:'?ve| have| just)? (?:call(?:ed)?|rang|rung|phoned|dialled) (?:the )?999\b",
    "tracked": r"airtag|air tag|\btracker|\btile\b.*\b(?:bag|car)|gps",
    "deaf": r"\bi'?m deaf|\bdeaf\b|hard of hearing|can'?t hear on the phone|\bbsl\b",
}
NOT_HERE = (
    r"\b(?:not here|isn'?t here|is not here|gone (?:now|home|away|to work)|at work|"
    r"went (?:away|home)|in prison|miles away|far away)\b"
)
# Where people are when nobody is near, and how they say that they have shut the door.
SOMEWHERE_SAFE = (
    r"\bdoors? (?:is |are )?(?:all )?locked\b|\b(?:in bed|asleep)\b|"
    r"\bnot (?:alone|on my own)\b|"
    r"\b(?:i'?m|im|i am|we'?re|staying) (?:at|with|round) (?:my )?(?:mum|mam|dad|parent|"
    r"sister|brother|friend|mate|nan|auntie|work)|\bwith my (?:mum|mam|dad|parents|"
    r"husband|wife|partner|family|sister|brother|friends?|mates?)\b|"
    r"\b(?:he|she|they)(?:'?s| is|'?re| are) (?:away|abroad|"
    r"at (?:his|her|their)|on nights|on holiday)\b|"
    r"\bdoes ?n[o']?t know where i\b|\bin (?:my|the|our) (?:kitchen|bath|room|living room)\b|"
    r"\b(?:she|he|they)(?:'?s| is|'?re| are) (?:up )?in (?:her|his|their) (?:own )?"
    r"(?:room|bed|house|flat|office)\b"
)
NOT_SAFE = r"\b(?:not|isn'?t|ain'?t|never|un)[ -]?(?:really |very |that )?safe\b"
SAFE = r"\b(?:safe|fine|ok(?:ay)?|alright)\b"
NO_LONGER = (
    r"\b(?:stopp?ed|it'?s over|not (?:any ?more|now|since)|no longer|finished|ended)\b"
)
STILL = (
    r"\b(?:still|on ?going|every (?:day|night|week)|today|this (?:morning|week)|yesterday|"
    r"last night|(?<!i )keeps?|now)\b"
)
# How long it has been going on says that it goes on: "since March", "for two years now".
SINCE = (
    r"\b(?:been (?:going on|happening|like this)|(?:it'?s|it has|has) been|started)\b|"
    r"\bsince\b|\bfor (?:about |over |nearly |almost )?(?:a |\d+ |two |three |four |five |six |"
    r"few |couple of )+(?:days|weeks?|months?|years?)\b|\b(?:days|weeks|months|years) now\b"
)
ONCE = r"\b(?:once|one time|just the one|first time|only the one|one off|one-off)\b"
MORE = (
    r"\b(?:twice|two|three|four|five|six|more than once|many|loads|lots|several|"
    r"always|every|all the time|dozens|hundreds|countless|few times|again|"
    r"keeps?)\b|\d{1,3} times"
)


# "Would happen if I reported it": not done.
_ONLY_SUPPOSED = re.compile(
    r"\b(?:if|would|should|could|can|may|might|will|what happens|when|before|after|"
    r"n[o']?t|never|shall|cant|dont|wont)\b(?:\W+\w+){0,4}\W*$",
    re.I,
)
_FEW = 12


def circumstances(words: str) -> tuple[str, ...]:
    """Return which circumstances somebody's words tell of, keys of CIRCUMSTANCES."""
    found = []
    for name, pattern in CIRCUMSTANCES.items():
        matches = re.finditer(pattern, words, re.I)
        if name == "police_told":
            done = (m for m in matches if not _ONLY_SUPPOSED.search(words[: m.start()]))
            matches = done
        if any(matches):
            found.append(name)
    return tuple(found)


_KIN = (
    r"(?:mum|mom|mother|dad|father|brother|sister|parents?|family|husband|wife|partner|"
    r"boyfriend|girlfriend|son|daughter|friend|mate)"
)
# Those who are told, ask, know or help are not the one who does it.
_BYSTANDERS = re.compile(
    rf"\b(?:tell|told|telling|ask|asked|with|and|to|by|will|does|did|do|can|should|would|"
    rf"if|but) my {_KIN}\b|\bmy {_KIN} (?:be told|get told|find out|finds? out|know|knows|"
    r"said|says|thinks?|told|saw|was with|came with|helped|is helping|worries|is worried)\b|"
    r"\b(?:my |the |a )?neighbou?rs? "
    r"(?:came|comes?|helped|heard|saw|(?:is|are) (?:here|with me))\b",
    re.I,
)


def says_somewhere_safe(text: str) -> bool:
    """Whether a few words say that the person is with somebody, or nobody is near."""
    few = len(text.split()) <= _FEW
    return few and bool(re.search(rf"{SOMEWHERE_SAFE}|{NOT_HERE}", text, re.I))


def all_codes(said: str, patterns: Mapping[str, str]) -> tuple[str, ...]:
    """Return every kind that is named; a kind's own name is itself alone."""
    if said in patterns:
        return (said,)
    return tuple(n for n, p in patterns.items() if re.search(p, said, re.I))


def first_code(words: str, patterns: Mapping[str, str]) -> str | None:
    """Return the pattern that matches first in the words, leaving out "not my …"."""
    words = _BYSTANDERS.sub(" ", words)
    words = re.sub(
        r"\b(?:not|isn'?t|never) (?:my |the |an? )?[\w'-]+", " ", words, flags=re.I
    )
    found = (
        (match.start(), name)
        for name, pattern in patterns.items()
        if (match := re.search(pattern, words, re.I))
    )
    return min(found, default=(0, None))[1]


# Kinds that, when they alone are named, name the person doing it. Partners, family,
# friends and colleagues are as often bystanders ("I told my husband"): those are asked.
_TELLING = ("ex_partner", "neighbour", "date_or_online", "stranger", "officer")


# Whoever stands at the beginning of an act does it: "my boss keeps ringing me".
_DOER = re.compile(
    r"^\W*(?:(?:and|but|so|then|now|also|because|cos) )?(?:my|our|her|his|this|that|a|an|"
    r"the|some) (?:\w+ ){0,3}",
    re.I,
)
_FROM_WORK = re.compile(
    r"\b(?:guy|man|bloke|fella|lad|woman|girl|lady|someone|somebody|person|one|colleague) "
    r"(?:who )?(?:i know |i met )?(?:from|at|in) (?:my |the )?(?:old |last |previous )?"
    r"(?:work|job|office|team|shift|firm|company)\b",
    re.I,
)


def told_relation(words: str, acts: Sequence[str] = ()) -> str | None:
    """Return the kind of relation an account names beyond doubt, or None.

    Args:
        words: the account.
        acts: the words in it that tell of an act.
    """
    plain = _BYSTANDERS.sub(" ", words)
    named = [n for n in all_codes(plain, RELATIONS) if n in _TELLING]
    if len(named) == 1:
        return named[0]
    if not named and _FROM_WORK.search(words):
        return "colleague"
    doers = [first_code(m[0], RELATIONS) for act in acts if (m := _DOER.match(act))]
    found = {doer for doer in doers if doer is not None}
    return found.pop() if not named and len(found) == 1 else None
