"""Two doors, report and support; and the short version a person takes away.

The short version follows the order in which a report form asks. It is in the person's
own words and names no offence. The doors say plainly that nobody has been told.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator, Mapping
from typing import Any

from bot.account import NOT_SAID, SKIPPED, UNSURE, Account, Incident
from bot.acts import quoted
from bot.behaviours import BehaviourType, Impact, Occasions
from bot.kinds import SINCE, STILL
from bot.knowledge import Knowledge, Service
from bot.offences import OTHER_LAW

# A message of up to so many words stands in the short version as it was typed.
WHOLE_UP_TO = 25
# Words that say when, but no day: how often is told elsewhere.
_NO_DAY = re.compile(
    r"(?:all|an?|the|per|each|some) (?:day|night|time|week|year)s?", re.I
)

FEELINGS = {
    Impact.SCARED: "scared",
    Impact.DISTRESSED: "upset",
    Impact.THREATENED: "threatened",
}
RELATIONS: Mapping[str, str] = {
    "ex_partner": "An ex-partner.",
    "partner": "A partner.",
    "family": "Someone in the family.",
    "neighbour": "A neighbour.",
    "colleague": "Someone from work or school.",
    "date_or_online": "A date, or someone from online.",
    "friend_or_acquaintance": "A friend, or someone known a little.",
    "stranger": "A stranger.",
    "unknown": "Not known who it is.",
    "officer": "A police officer.",
}
PLACES: Mapping[str, str] = {
    "online": "Online or by phone.",
    "home": "At home.",
    "work": "At work.",
    "school": "At school, college or uni.",
    "outside": "Out and about.",
}
HOW_OFTEN = {
    Occasions.ONCE: "One time.",
    Occasions.TWICE_OR_MORE: "More than one time.",
}
# Who takes reports where the law of England and Wales is not the law.
POLICE_THERE: Mapping[str, str] = {
    "scotland": "police_scotland",
    "northern_ireland": "psni",
}

TITLE = "This is the short version of what you told me."
NOTHING_TOLD = (
    "You have not told me what happened yet, so there is no short version. You can "
    "tell me at any time."
)
NO_REPORT = "Using this chat is not the same as reporting. Police have not been told."
NOT_SENT = (
    "What you typed here does not go with a report. You can copy your own notes if "
    "your device is safe. Please do not email them."
)
NEXT = (
    "After you report, police look at it and contact you. I cannot promise when. If "
    "anything changes or you are in danger, call {e999}."
)
NO_FORM = (
    "I do not have the address of the form. On the website, look for “report stalking”."
)
UNCHECKED = (
    "This link has not been checked yet. If it does not work, use the police website:"
)
NATIONS_IN_WORDS = {
    "england": "England",
    "wales": "Wales",
    "scotland": "Scotland",
    "northern_ireland": "Northern Ireland",
}
COME_BACK = "You can come back at any time."
FOR_OTHER = (
    "You can report for someone else. It is best if they agree, if it is safe to ask."
)


def summary(account: Account, knowledge: Knowledge, today: dt.date) -> dict[str, Any]:
    """Return the `summary` part.

    Args:
        account: what was told; may be empty.
        knowledge: the facts, for the headings of the four types.
        today: the day it is, to put what happened in order.
    """
    other = account.about == "other"
    asked = (
        ("What happened", _what_happened(account, today)),
        ("When and how often", _when(account)),
        ("Where", _where(account)),
        ("Who", _who(account)),
        (f"How it has affected {'them' if other else 'you'}", _affected(account)),
        ("What kinds of behaviour", _kinds(account, knowledge)),
    )
    sections = [
        {"heading": heading, "lines": lines}
        for heading, told in asked
        if (lines := list(told))
    ]
    return {"kind": "summary", "sections": sections, "text": _as_text(sections)}


def _as_text(sections: list[dict[str, Any]]) -> str:
    if not sections:
        return NOTHING_TOLD
    blocks = ["\n".join((f"{each['heading']}:", *each["lines"])) for each in sections]
    return "\n\n".join((TITLE, *blocks))


def _what_happened(account: Account, today: dt.date) -> Iterator[str]:
    told = [line for each in account.in_order(today) for line in _in_short(each)]
    lines = dict.fromkeys(" ".join(line.split()) for line in told)
    for number, line in enumerate(lines, start=1):
        yield f"{number}. {line}"


def _in_short(incident: Incident) -> Iterator[str]:
    """Yield a short message whole, and of a long one a line for each thing it tells."""
    short = len(incident.words.split()) <= WHOLE_UP_TO and not incident.left_out
    told = () if short else incident.things
    yield from (span.text for span in told)
    if not told:
        yield incident.words


def _when(account: Account) -> Iterator[str]:
    # "Last Tuesday" and "last tuesday" are one day, as first said.
    dates: dict[str, str] = {}
    for incident in account.incidents:
        for words in incident.dates:
            if not _NO_DAY.fullmatch(words):
                dates.setdefault(words.casefold(), words)
    if dates:
        yield f"You said: {', '.join(quoted(words) for words in dates.values())}."
    if account.occasions in HOW_OFTEN:
        yield HOW_OFTEN[account.occasions]
    if account.ongoing == "yes":
        yield "It is still going on."
    elif account.ongoing == "no":
        yield "It has stopped."
    elif account.ongoing not in (None, SKIPPED, UNSURE):
        said = str(account.ongoing)
        goes_on = re.search(rf"{STILL}|{SINCE}", said, re.I)
        begins = "It is still going on." if goes_on else "Is it still going on?"
        yield f"{begins} You said: {quoted(said)}."


def _where(account: Account) -> Iterator[str]:
    if account.places:
        yield from (PLACES[place] for place in account.places)
    elif account.place_said not in (None, SKIPPED, UNSURE):
        yield f"You said: {quoted(str(account.place_said))}."
    if account.nation in NATIONS_IN_WORDS:
        yield f"In {NATIONS_IN_WORDS[account.nation]}."


def _who(account: Account) -> Iterator[str]:
    """Yield the kind of relation alone: words nobody could place may hold a name."""
    if account.relation in RELATIONS:
        yield RELATIONS[str(account.relation)]


def _affected(account: Account) -> Iterator[str]:
    if account.impact not in NOT_SAID:
        yield f"You said: {quoted(str(account.impact), longest=300)}."
    heard = {impact for incident in account.incidents for impact in incident.impact}
    feelings = [FEELINGS[impact] for impact in Impact if impact in heard]
    if feelings:
        yield f"Feelings in what you told me: {', '.join(feelings)}."


def _kinds(account: Account, knowledge: Knowledge) -> Iterator[str]:
    if account.is_empty:
        return
    for kind in BehaviourType:
        heading = knowledge.types[kind.value].heading
        view = account.views.get(kind)
        if account.shows(kind):
            yield f"{heading}. You said that this fits." if view else f"{heading}."
        elif view == "disagree":
            yield f"{heading}: you said that this does not fit."


def handoff(
    account: Account, knowledge: Knowledge, services_part: Mapping[str, Any]
) -> dict[str, Any]:
    """Return the `handoff` part: how to report, who can help, and what was not done.

    Args:
        account: what was told; it decides which police, never whether to report.
        knowledge: the facts.
        services_part: the `services` part for this person, for the second door.
    """
    elsewhere = account.nation in OTHER_LAW
    report = _report_there(account, knowledge) if elsewhere else _report_here(knowledge)
    return {
        "kind": "handoff",
        "report": report,
        "support": dict(services_part),
        "not_a_report": True,
        "text": "\n\n".join(_doors(account, knowledge, report, services_part)),
    }


def _report_here(knowledge: Knowledge) -> dict[str, Any]:
    """Return the force's form, or its website while the form's address is not known."""
    force = knowledge.force
    if not force.report.href:
        return {
            "label": f"Go to the {force.short} website",
            "href": force.website,
            "notice": NO_FORM,
        }
    return {
        "label": force.report.label,
        "href": force.report.href,
        "notice": "" if force.report.confirmed else f"{UNCHECKED} {force.website}",
    }


def _report_there(account: Account, knowledge: Knowledge) -> dict[str, Any]:
    """Return the police where the person is; never this force's form."""
    service = knowledge.services.get(POLICE_THERE.get(str(account.nation), ""))
    if not isinstance(service, Service) or not service.may_be_shown:
        return {"label": "The police where you are", "href": "", "notice": ""}
    return {"label": service.name, "href": service.href, "notice": ""}


def _doors(
    account: Account,
    knowledge: Knowledge,
    report: Mapping[str, Any],
    services_part: Mapping[str, Any],
) -> Iterator[str]:
    elsewhere = account.nation in OTHER_LAW
    if not elsewhere:
        yield knowledge.fill("If you are in danger now, call {e999}.")
    yield NO_REPORT
    yield "You can report to police, get support, or both. You choose."
    if elsewhere:
        answer = knowledge.answers[str(account.nation)]
        yield "Report to police."
        yield from (knowledge.fill(paragraph) for paragraph in answer.text)
    else:
        yield from _report_in_words(account, knowledge, report)
    yield NOT_SENT
    support = str(services_part.get("text", ""))
    if support:
        yield "Get support."
        yield support
    yield COME_BACK


def _report_in_words(
    account: Account, knowledge: Knowledge, report: Mapping[str, Any]
) -> Iterator[str]:
    yield f"Report to police online. {report['label']}: {report['href']}"
    if report["notice"]:
        yield str(report["notice"])
    yield knowledge.fill(
        "Or call {p101}, at any time. It reaches the police where you are. You do not "
        "need evidence."
    )
    if account.about == "other":
        yield FOR_OTHER
    if "under_18" in account.circumstances:
        yield "Anyone of any age can report."
    if account.relation == "officer" or "officer" in account.circumstances:
        yield knowledge.fill(knowledge.answers["officer"].text[1])
    yield knowledge.fill(NEXT)
