"""What one person has told us, and how what they say next is understood.

An Account is a value: every change makes a new one. It is kept between turns in the
slots named in QUESTIONS and OTHER_SLOTS, as plain JSON, and built again from them.
The person's own view of a type always wins over what was read.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from bot.behaviours import (
    Behaviour,
    BehaviourType,
    Danger,
    Impact,
    Occasions,
    Reading,
    Span,
)

QUESTIONS = (
    "what_happened",
    "safe_now",
    "occasions",
    "ongoing",
    "impact",
    "relation",
    "place",
    "nation",
    "anything_else",
)
OTHER_SLOTS = ("incidents", "views", "circumstances", "about", "signs")
SKIPPED = "skipped"
UNSURE = "unsure"

# What a person says or presses that is never an answer to a question of the form.
# Everything else may be one: the form takes words as they come.
NOT_ANSWERS = frozenset(
    """emergency crisis_self_harm abusive perpetrator stop restart goodbye greet thanks
    correct_previous ask_bot human_handoff show_summary show_four ask_why give_view
    remove_incident ask_offence ask_report ask_support ask_evidence ask_after_report
    ask_anonymous ask_for_other ask_safety_advice ask_online_safety
    ask_what_is_stalking ask_privacy other_language ask_penalty ask_offence_detail
    hand_off safe_now not_safe restart_confirmed no_words go_on""".split()
)
SURE_ENOUGH = 0.5  # below this, a question read into an open answer is an answer

RELATIONS: Mapping[str, str] = {
    "ex_partner": r"\bex\b|\bex[- ](?!colleague|boss|neighbour|friend|army)\w+|"
    r"former (?:partner|husband|wife)|used to (?:go out|be with|date)|"
    r"split up|broke up|dumped|finished with (?:him|her|them)",
    "partner": r"\b(?:my|her|his) (?:husband|wife|partner|boyfriend|girlfriend|"
    r"fianc[eé]e?|bf|gf|missus|fella|hubby)\b|^(?:husband|wife|partner)$",
    "family": r"\b(?:my|her|his|their) (?:\w+ )?(?:mum|mother|dad|father|brother|sister|"
    r"uncle|aunt(?:ie|y)?|cousin|son|daughter|step\w+|in[- ]laws?|\w+-in-law)\b|"
    r"\bfamily\b|\brelative\b",
    "neighbour": r"neighbou?r|next door|across the (?:road|street|landing)|"
    r"upstairs flat|downstairs flat|same street",
    "colleague": r"colleague|co-?worker|work mate|workmate|my (?:boss|manager|"
    r"supervisor)|at work|from work|\bcustomer|\bclient|\bpatient\b|my tutor|"
    r"my teacher|lecturer|classmate|\bpupil\b",
    "date_or_online": r"\b(?:tinder|hinge|bumble|grindr|dating app|one date|"
    r"first date|went on a date|met online|online friend|from the app|"
    r"discord|gaming)\b",
    "friend_or_acquaintance": r"\bfriend\b|\bmate\b|acquaintance|from (?:church|the gym|"
    r"school|uni|college|football|the pub)|flatmate|housemate",
    "stranger": r"stranger|(?:don'?t|do not|dont|never) (?:know|met|seen) (?:him|her|"
    r"them|who)|no idea who|some (?:bloke|man|guy|woman|lad)|never met",
    "unknown": r"unknown|anonymous|withheld|can'?t tell who|not sure who",
    "officer": r"police ?officer|\bcopper\b|he'?s (?:a )?police|works for the police",
}
PLACES: Mapping[str, str] = {
    "online": r"online|internet|insta|whatsapp|facebook|\bfb\b|snap|tiktok|twitter|"
    r"e-?mail|\btext|\bdm|account|messag|phone|\bcalls?\b|linkedin|discord|on (?:my|an) app",
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
    "under_18": r"\b(?:i'?m|i am|im|am|aged?) (?:only )?(?:8|9|1[0-7])\b(?! (?:weeks|months|"
    r"years|stone|minutes|mins|miles))|\b(?:8|9|1[0-7]) ?(?:yr|year)s? old|"
    r"\b(?:my|our) (?:mum|teacher|form tutor|head of year)\b.*\b(?:school|year (?:7|8|9|10|11))|"
    r"\bi'?m in year (?:7|8|9|10|11)\b",
    "man": r"\b(?:i'?m|i am|im|as) a (?:man|bloke|fella|lad|guy|dad|husband)\b|"
    r"\bme being a (?:man|bloke)",
    "lgbt": r"\b(?:gay|lesbian|bisexual|\bbi\b|trans|transgender|non-?binary|queer|lgbt\w*)\b",
    "honour": r"honou?r|\bizzat\b|forced marriage|arranged marriage|shame on (?:the|our) "
    r"family|community elders",
    "images": r"\bnudes?\b|intimate (?:pic|photo|image|video)|naked|sex (?:tape|video)|"
    r"explicit (?:pic|photo|image|video)|deep ?fake|private (?:pics|photos|videos)",
    "sexual_assault": r"\brap(?:e|ed|ing)\b|sexual(?:ly)? assault|touched me|groped|"
    r"forced (?:himself|herself) on",
    "older": r"\b(?:i'?m|i am|im|am|aged?) (?:6[5-9]|[789]\d)\b|pension(?:er)?\b",
    "officer": RELATIONS["officer"],
    "tracked": r"airtag|air tag|\btracker|\btile\b.*\b(?:bag|car)|gps",
    "deaf": r"\bi'?m deaf|\bdeaf\b|hard of hearing|can'?t hear on the phone|\bbsl\b",
}
NO_LONGER = r"\b(?:stopp?ed|it'?s over|not (?:any ?more|now|since)|no longer|finished|ended)\b"
STILL = r"\b(?:still|on ?going|every (?:day|night|week)|today|yesterday|last night|keeps?|now)\b"
ONCE = r"\b(?:once|one time|just the one|first time|only the one|one off|one-off)\b"
MORE = (
    r"\b(?:twice|two|three|four|five|six|more than once|many|loads|lots|several|"
    r"always|every|all the time|dozens|hundreds|countless|few times|again|keeps?)\b|\d{1,3} times"
)


@dataclass(frozen=True)
class Incident:
    """One thing that was told, in the person's words.

    Attributes:
        number: 1, 2, … in the order told; never used again after a removal.
        words: as said.
        behaviours: what was read in it, with evidence as spans of `words`.
        acts: ids of finer acts (bot/knowledge/behaviours.yml), for explaining the law.
        danger: levels heard in it.
        occasions: how often, as far as these words say.
        impact: feelings stated in it.
        dates: words that say when, as said.
    """

    number: int
    words: str
    behaviours: tuple[Behaviour, ...] = ()
    acts: tuple[str, ...] = ()
    danger: tuple[Danger, ...] = ()
    occasions: Occasions = Occasions.UNCLEAR
    impact: tuple[Impact, ...] = ()
    dates: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """Return the incident as plain JSON, for the slot."""
        return {
            "number": self.number,
            "words": self.words,
            "behaviours": [behaviour.to_dict() for behaviour in self.behaviours],
            "acts": list(self.acts),
            "danger": [level.value for level in self.danger],
            "occasions": self.occasions.value,
            "impact": [impact.value for impact in self.impact],
            "dates": list(self.dates),
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Incident:
        """Return the incident that `to_dict` wrote."""
        return cls(
            number=int(data["number"]),
            words=str(data["words"]),
            behaviours=tuple(Behaviour.from_dict(b) for b in data["behaviours"]),
            acts=tuple(data["acts"]),
            danger=tuple(Danger(level) for level in data["danger"]),
            occasions=Occasions(data["occasions"]),
            impact=tuple(Impact(impact) for impact in data["impact"]),
            dates=tuple(data["dates"]),
        )


@dataclass(frozen=True)
class Account:
    """Everything one person has told us in this conversation.

    Answers are kept as the person gave them: a code when they pressed a choice, their
    words when they typed, SKIPPED or UNSURE when they said so, None when not asked.
    """

    incidents: tuple[Incident, ...] = ()
    what_happened: str | None = None
    safe_now: str | None = None
    occasions_said: str | None = None
    ongoing: str | None = None
    impact: str | None = None
    relation_said: str | None = None
    place_said: str | None = None
    nation_said: str | None = None
    anything_else: str | None = None
    views: Mapping[BehaviourType, str] = field(default_factory=dict)
    circumstances: tuple[str, ...] = ()
    about: str = "me"
    signs: tuple[str, ...] = ()

    @classmethod
    def from_slots(cls, slots: Mapping[str, Any]) -> Account:
        """Build the account from the conversation's slots; unset ones may be missing."""
        views = (str(view).split(":", 1) for view in slots.get("views") or ())
        return cls(
            incidents=tuple(
                Incident.from_dict(data) for data in slots.get("incidents") or ()
            ),
            what_happened=slots.get("what_happened"),
            safe_now=slots.get("safe_now"),
            occasions_said=slots.get("occasions"),
            ongoing=slots.get("ongoing"),
            impact=slots.get("impact"),
            relation_said=slots.get("relation"),
            place_said=slots.get("place"),
            nation_said=slots.get("nation"),
            anything_else=slots.get("anything_else"),
            views={BehaviourType(name): view for name, view in views},
            circumstances=tuple(slots.get("circumstances") or ()),
            about=slots.get("about") or "me",
            signs=tuple(slots.get("signs") or ()),
        )

    def to_slots(self) -> dict[str, Any]:
        """Return every slot's value, as plain JSON."""
        return {
            "what_happened": self.what_happened,
            "safe_now": self.safe_now,
            "occasions": self.occasions_said,
            "ongoing": self.ongoing,
            "impact": self.impact,
            "relation": self.relation_said,
            "place": self.place_said,
            "nation": self.nation_said,
            "anything_else": self.anything_else,
            "incidents": [incident.to_dict() for incident in self.incidents],
            "views": [f"{kind.value}:{view}" for kind, view in self.views.items()],
            "circumstances": list(self.circumstances),
            "about": self.about,
            "signs": list(self.signs),
        }

    @property
    def is_empty(self) -> bool:
        """Whether nothing has been told yet."""
        return not self.incidents

    @property
    def occasions(self) -> Occasions:
        """How often it has happened: the person's own answer first."""
        said = self.occasions_said
        if said in (Occasions.ONCE.value, Occasions.TWICE_OR_MORE.value):
            return Occasions(said)
        if said and said not in (SKIPPED, UNSURE):
            if re.search(MORE, said, re.I):
                return Occasions.TWICE_OR_MORE
            if re.search(ONCE, said, re.I):
                return Occasions.ONCE
        if any(i.occasions is Occasions.TWICE_OR_MORE for i in self.incidents):
            return Occasions.TWICE_OR_MORE
        return Occasions.UNCLEAR

    @property
    def relation(self) -> str | None:
        """The kind of relation, a key of RELATIONS, as said or read in what was told."""
        return _answer_code(self.relation_said, RELATIONS)

    @property
    def places(self) -> tuple[str, ...]:
        """Where it happens, keys of PLACES."""
        if self.place_said in (None, SKIPPED, UNSURE):
            return ()
        return _all_codes(str(self.place_said), PLACES)

    @property
    def nation(self) -> str | None:
        """Where the person is: a key of NATIONS, or None when not known."""
        return _answer_code(self.nation_said, NATIONS)

    def evidence(self, kind: BehaviourType) -> tuple[str, ...]:
        """Return the person's words that led to a type, each once, in order told."""
        words = (
            span.text
            for incident in self.incidents
            for behaviour in incident.behaviours
            if behaviour.type is kind
            for span in behaviour.evidence or (_whole(incident.words),)
        )
        return tuple(dict.fromkeys(words))

    def shows(self, kind: BehaviourType) -> bool:
        """Whether the account shows a type: what was read, unless they disagree.

        Repeated behaviour is also shown when it happened on two or more occasions,
        whatever it was (facts: FOUR, rule 2).
        """
        view = self.views.get(kind)
        if view == "disagree":
            return False
        if kind is BehaviourType.REPEATED_BEHAVIOUR and not self.is_empty:
            if self.occasions is Occasions.TWICE_OR_MORE:
                return True
        return view == "agree" or bool(self.evidence(kind))

    def with_incident(self, words: str, reading: Reading, acts: Iterable[str]) -> Account:
        """Return the account with one more incident, and what its words also answer."""
        number = max((i.number for i in self.incidents), default=0) + 1
        incident = Incident(
            number=number,
            words=words,
            behaviours=reading.behaviours,
            acts=tuple(acts),
            danger=reading.danger,
            occasions=reading.occasions,
            impact=reading.impact,
            dates=tuple(span.text for span in reading.dates),
        )
        # A vague first message is kept, and asked about once: what was it that happened?
        says_what = bool(reading.behaviours or reading.danger or self.incidents)
        told = self.what_happened or ("told" if says_what else None)
        more = replace(
            self,
            incidents=(*self.incidents, incident),
            what_happened=told,
            anything_else=None,
        )
        return more.hearing(words, reading)

    def hearing(self, words: str, reading: Reading) -> Account:
        """Return the account with everything these words say in passing.

        Questions whose answer is already in the words are not asked any more; what
        was answered before stands.
        """
        found = [
            name
            for name, pattern in CIRCUMSTANCES.items()
            if re.search(pattern, words, re.I)
        ]
        told_twice = reading.occasions is Occasions.TWICE_OR_MORE
        return replace(
            self,
            occasions_said=self.occasions_said
            or (Occasions.TWICE_OR_MORE.value if told_twice else None),
            impact=self.impact or (words if _says_only_feelings(words, reading) else None),
            relation_said=self.relation_said or _first_code(words, RELATIONS),
            nation_said=self.nation_said or _first_code(words, NATIONS),
            circumstances=tuple(dict.fromkeys((*self.circumstances, *found))),
            about=reading.about if reading.about == "other" else self.about,
            signs=tuple(dict.fromkeys((*self.signs, *signs_of(reading)))),
        )

    def without_incident(self, number: int) -> Account:
        """Return the account without one incident; unknown numbers change nothing."""
        left = tuple(i for i in self.incidents if i.number != number)
        return replace(self, incidents=left)

    def with_view(self, kind: BehaviourType, view: str) -> Account:
        """Return the account with the person's own view of a type.

        Raises:
            ValueError: the view is neither "agree" nor "disagree".
        """
        if view not in ("agree", "disagree"):
            raise ValueError(view)
        return replace(self, views={**self.views, kind: view})

    def in_order(self, today: dt.date) -> tuple[Incident, ...]:
        """Return the incidents oldest first where their dates tell, else as told."""
        told = [(when(incident.dates, today), incident) for incident in self.incidents]
        if any(day is None for day, _ in told):
            return self.incidents
        return tuple(incident for _, incident in sorted(told, key=lambda pair: pair[0]))


@dataclass(frozen=True)
class Message:
    """One message as the form sees it.

    Attributes:
        text: what the person typed; empty when they pressed a choice.
        reading: what it says.
        choice: the value of the choice they pressed, or None.
        acts: ids of the finer acts in it.
    """

    text: str
    reading: Reading
    choice: str | None = None
    acts: tuple[str, ...] = ()


def understand(account: Account, question: str | None, message: Message) -> Account | None:
    """Take a message as an answer to the question that was asked, and as an account.

    Args:
        account: what was told before.
        question: the open question, one of QUESTIONS, or None before the first.
        message: what came.

    Returns:
        The account with what the message adds, or None when the message is no answer
        and tells nothing: then rules decide, and the question is asked again.
    """
    reading = message.reading
    if message.choice is not None:
        return _answered(account, question, message.choice) if question else None
    if reading.intent in NOT_ANSWERS and not _is_open_answer(question, reading):
        return None
    if reading.intent == "skip" and question:
        return _answered(account, question, SKIPPED)
    told = _told(account, message, question)
    answer = _answer(question, message) if question else None
    if answer is not None and question:
        return _answered(told or account.hearing(message.text, reading), question, answer)
    return told


def signs_of(reading: Reading) -> tuple[str, ...]:
    """Return the danger signs a reading heard, or its levels when none is named."""
    return reading.signs or tuple(level.value for level in reading.danger)


def _told(account: Account, message: Message, question: str | None) -> Account | None:
    """Return the account with the message as an incident, or None if it tells nothing."""
    reading = message.reading
    tells = bool(reading.behaviours) or reading.intent == "describe_incident"
    words = len(message.text.split())
    if question in ("what_happened", "anything_else") and not tells:
        # An open prompt takes whatever is said in more than a word or two.
        tells = words > 3 and reading.intent not in ("deny", "affirm", "unsure", "skip")
    if question not in (None, "what_happened", "anything_else") and not reading.behaviours:
        # In the middle of the questions, words without an act are an answer.
        tells = tells and question != "impact" and words > 12
    if not tells:
        return None
    return account.with_incident(message.text, reading, message.acts)


def _answer(question: str, message: Message) -> str | None:
    """Return what the words answer to a question, or None when they do not."""
    intent, text = message.reading.intent, message.text
    if intent == "unsure":
        return UNSURE
    if question == "what_happened":
        return SKIPPED if intent == "deny" else None
    if question == "anything_else":
        return "no" if intent == "deny" else None
    if question in ("safe_now", "ongoing"):
        return _yes_or_no(question, message)
    if question == "occasions":
        return _how_often(message)
    if question == "impact":
        return SKIPPED if intent == "deny" else text
    if intent == "deny" and question == "relation":
        return "unknown"
    patterns = {"relation": RELATIONS, "place": PLACES, "nation": NATIONS}[question]
    said = _all_codes(text, patterns)
    short = len(text.split()) <= 6 and intent not in ("affirm", "deny")
    return text if said or short else None


def _yes_or_no(question: str, message: Message) -> str | None:
    intent, text = message.reading.intent, message.text
    if intent in ("affirm", "deny"):
        return "yes" if intent == "affirm" else "no"
    if question == "ongoing":
        if re.search(NO_LONGER, text, re.I):
            return text
        if re.search(STILL, text, re.I) or message.reading.occasions is not Occasions.UNCLEAR:
            return text
    if question == "safe_now":
        if re.search(r"\b(?:not|isn'?t|aint|never|un)\s?-?(?:really )?safe\b", text, re.I):
            return "no"
        if re.search(r"\b(?:safe|fine|ok(?:ay)?|alright)\b", text, re.I):
            return "yes"
    return None if message.reading.behaviours else text


def _how_often(message: Message) -> str | None:
    intent, text = message.reading.intent, message.text
    if re.search(ONCE, text, re.I) and not re.search(r"more than once|not", text, re.I):
        return Occasions.ONCE.value
    if message.reading.occasions is not Occasions.UNCLEAR:
        return message.reading.occasions.value
    if re.search(MORE, text, re.I) or intent == "affirm":
        return Occasions.TWICE_OR_MORE.value
    if intent == "deny":
        return Occasions.ONCE.value
    return None if message.reading.behaviours else text


def _answered(account: Account, question: str, answer: str) -> Account:
    """Return the account with one question answered."""
    field_of = {
        "occasions": "occasions_said",
        "relation": "relation_said",
        "place": "place_said",
        "nation": "nation_said",
    }
    return replace(account, **{field_of.get(question, question): answer})


def _is_open_answer(question: str | None, reading: Reading) -> bool:
    """Whether an unsure reading of a question is really an answer in free words."""
    guessed = reading.intent.startswith("ask_") and reading.intent != "ask_why"
    return (
        question in ("what_happened", "impact", "anything_else")
        and guessed
        and reading.intent_confidence < SURE_ENOUGH
    )


def _says_only_feelings(words: str, reading: Reading) -> bool:
    return bool(reading.impact) and not reading.behaviours and len(words.split()) < 40


def _answer_code(said: str | None, patterns: Mapping[str, str]) -> str | None:
    if said is None or said in (SKIPPED, UNSURE):
        return None
    return said if said in patterns else _first_code(said, patterns)


def _all_codes(said: str, patterns: Mapping[str, str]) -> tuple[str, ...]:
    if said in patterns:
        return (said,)
    return tuple(n for n, p in patterns.items() if re.search(p, said, re.I))


def _first_code(words: str, patterns: Mapping[str, str]) -> str | None:
    """Return the pattern that matches first in the words, leaving out "not my …"."""
    words = re.sub(r"\b(?:not|isn'?t|never) (?:my |the |an? )?[\w'-]+", " ", words, flags=re.I)
    found = (
        (match.start(), name)
        for name, pattern in patterns.items()
        if (match := re.search(pattern, words, re.I))
    )
    return min(found, default=(0, None))[1]


def _whole(words: str) -> Span:
    """Return the words themselves, shortened, when no clause could be pointed at."""
    text = words if len(words) <= 160 else words[:157].rsplit(" ", 1)[0] + " …"
    return Span(0, len(text), text)


_MONTHS = "jan feb mar apr may jun jul aug sep oct nov dec".split()
_MAYBE = r"(?<!in )(?<!of )(?<!since )(?<!from )(?<!last )\bmay (?!\d)"  # the verb
_AGO = {"day": 1, "week": 7, "fortnight": 14, "month": 30, "year": 365}
_WORDS = {w: n for n, w in enumerate("a one two three four five six seven eight nine ten".split())}


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
    fixed = {"today": 0, "tonight": 0, "this morning": 0, "yesterday": 1, "last night": 1}
    for name, days in fixed.items():
        if name in words:
            return today - dt.timedelta(days=days)
    ago = re.search(r"(\d+|a|an|one|two|three|four|five|six|seven|eight|nine|ten) (day|week|"
                    r"fortnight|month|year)s? ago", words)
    if ago:
        count = int(ago[1]) if ago[1].isdigit() else max(1, _WORDS.get(ago[1], 1))
        return today - dt.timedelta(days=count * _AGO[ago[2]])
    last = re.search(r"\blast (day|week|fortnight|month|year)\b", words)
    if last:
        return today - dt.timedelta(days=_AGO[last[1]])
    month = re.search(r"\b(?:(\d{1,2})(?:st|nd|rd|th)? (?:of )?)?(" + "|".join(_MONTHS) + r")[a-z]*"
                      r"(?: (\d{1,2})(?:st|nd|rd|th)?)?(?:,? (\d{4}))?\b", words)
    if month and not (month[2] == "may" and re.search(_MAYBE, words)):
        return _dated(month[1] or month[3], _MONTHS.index(month[2]) + 1, month[4], today)
    year = re.search(r"\b(20\d\d)\b", words)
    return dt.date(int(year[1]), 1, 1) if year else None


def _dated(day: str | None, month: int, year: str | None, today: dt.date) -> dt.date | None:
    try:
        found = dt.date(int(year or today.year), month, int(day or 1))
    except ValueError:
        return None
    return found if year or found <= today else found.replace(year=today.year - 1)


_LAST = r"\b(?:last (?:bit|one|thing|part|message)|that|it|what i (?:just )?said)\b"
_REMOVE = r"\b(?:remove|delete|take (?:that |it )?(?:out|back|off)|scrub|scratch|forget|ignore|undo|cross out|leave out)\b"
_TYPE_WORDS: Mapping[BehaviourType, str] = {
    BehaviourType.FIXATED: r"fixat",
    BehaviourType.OBSESSION: r"obsess",
    BehaviourType.UNWANTED_ATTENTION: r"unwanted|attention",
    BehaviourType.REPEATED_BEHAVIOUR: r"repeat",
}


def correct(account: Account, message: Message) -> Account | None:
    """Put right what a correction names.

    Understood: a type that does not fit, the last thing told taken out, another kind of
    person ("I meant my neighbour, not my ex"), another place, another number of times.

    Returns:
        The corrected account, or None when the words do not say what is wrong.
    """
    text = message.text
    for kind, pattern in _TYPE_WORDS.items():
        if re.search(pattern, text, re.I):
            return account.with_view(kind, "disagree")
    if re.search(_REMOVE, text, re.I) and re.search(_LAST, text, re.I) and account.incidents:
        return account.without_incident(account.incidents[-1].number)
    relation = _first_code(text, RELATIONS)
    if relation is not None and relation != account.relation:
        return replace(account, relation_said=relation)
    places = _all_codes(re.sub(r"\bnot (?:at |my |the )*\w+", " ", text, flags=re.I), PLACES)
    if places and account.place_said is not None and places[0] not in account.places:
        return replace(account, place_said=places[0])
    if account.occasions_said is not None and re.search(ONCE, text, re.I):
        return replace(account, occasions_said=Occasions.ONCE.value)
    if account.occasions is not Occasions.TWICE_OR_MORE and re.search(MORE, text, re.I):
        return replace(account, occasions_said=Occasions.TWICE_OR_MORE.value)
    return None
