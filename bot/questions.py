"""Which prepared answer fits a question, and its words filled in.

The intent says what is asked about; patterns on the words pick the closest answer
within it; where no words decide, what the person has told about themselves does.
"""

from __future__ import annotations

import re
from functools import cache

from bot.account import Account
from bot.acts import spelt
from bot.knowledge import Answer, Knowledge, Link, Service
from bot.listening import asks, sentences
from bot.offences import OTHER_LAW

# Said when an intent has no answer of its own: every way to a person.
NO_ANSWER = "doors"

ADULT = 18
NATIONS_SERVED = ("england", "wales", "scotland", "northern_ireland")

# What may be asked in passing, inside an account or where no intent was sure.
_ANY_QUESTION = frozenset(
    """ask_after_report ask_anonymous ask_bot ask_evidence ask_for_other ask_offence
    ask_online_safety ask_privacy ask_report ask_safety_advice ask_support
    ask_what_is_stalking human_handoff""".split()
)

# Where a sentence that told something begins to ask: "at home mostly, what happens next?"
_ASKING = re.compile(
    r",\s+(?=(?:and |but |so )?(?:what|how|who|will|would|can|could|do|does|did|should|is|"
    r"are|am|where|which|when)\b)",
    re.I,
)

# Answers given for their words alone, whatever the intent was taken for.
_PLAINLY_ASKED = frozenset(
    """who_is_told my_fault no_records stalking_helpline delete_chat how_private
    data_rights tool immigration trackers intimate_images psychologist_video right_place
    which_police what_police_can_do is_it_stalking""".split()
)

# Answers that say how things are in England and Wales. Elsewhere, the answer for that
# part of the UK is given in their place; its id is the name of the place.
OF_ENGLAND_AND_WALES = frozenset(
    """one_incident two_or_more stalking_or_harassment no_threats who_it_can_be hate
    offence_general which_law examples_in_law did_they_mean_it who_decides time_limits
    protection_orders penalty_general penalty_asked court your_rights unhappy
    report_how what_to_say other_force after_report how_long updates happened_again
    told_who_it_is without_a_name""".split()
)

# Answers about who is asking. They win over an answer that fits the words as well.
ABOUT_THE_PERSON = frozenset(
    """under_18 immigration deaf honour lgbt men older officer scotland northern_ireland
    elsewhere accused cannot_speak intimate_images which_police""".split()
)

# What decides when no words do: something told about the person, for these intents.
BY_CIRCUMSTANCE = (
    ("under_18", ("ask_support", "ask_report", "human_handoff"), "under_18"),
    ("officer", ("ask_report", "ask_support", "human_handoff"), "officer"),
    ("deaf", ("human_handoff",), "deaf"),
    ("images", ("ask_online_safety",), "intimate_images"),
    ("tracked", ("ask_online_safety",), "trackers"),
    ("honour", ("ask_support",), "honour"),
    ("lgbt", ("ask_support",), "lgbt"),
    ("older", ("ask_support",), "older"),
    ("man", ("ask_support",), "men"),
)


def answer_for(
    intent: str, text: str, account: Account, knowledge: Knowledge
) -> Answer:
    """Return the answer to a question.

    Args:
        intent: what the message asks about; a name of domain.yml.
        text: the person's words; empty when they pressed a choice.
        account: what was told before.
        knowledge: the facts.
    """
    chosen = (
        specific_answer(intent, text, account, knowledge)
        or _named(text, account, knowledge)
        or _by_account(intent, account, knowledge)
        or _default(intent, knowledge)
    )
    return _where_they_are(chosen, account, knowledge)


def specific_answer(
    intent: str, text: str, account: Account, knowledge: Knowledge
) -> Answer | None:
    """Return the answer that the words themselves ask for, or None when they do not.

    For places that have a reply of their own to an intent (report, support) and speak
    this answer before it.
    """
    words = spelt(text)
    fitting = [
        (score, answer)
        for answer in knowledge.answers.values()
        if intent in answer.intents and (score := _score(answer, words)) > 0
    ]
    if not fitting:
        return None
    best = max(fitting, key=lambda pair: pair[0])[1]
    return _where_they_are(best, account, knowledge)


def asked_in(text: str) -> tuple[str, ...]:
    """Return what a message asks, in order, without what it tells before asking."""
    return tuple(_ASKING.split(s)[-1] for s in sentences(text) if asks(s))


def answer_in_passing(
    text: str, account: Account, knowledge: Knowledge
) -> Answer | None:
    """Return the answer to what a message also asks, or None when nothing fits.

    For questions inside an account, and for those whose intent was not read.
    """
    for question in asked_in(text):
        words = spelt(question)
        fitting = [
            (score, answer)
            for answer in knowledge.answers.values()
            if _ANY_QUESTION.intersection(answer.intents)
            and (score := _score(answer, words)) > 0
        ]
        if fitting:
            best = max(fitting, key=lambda pair: pair[0])[1]
            return _where_they_are(best, account, knowledge)
    return None


def _named(text: str, account: Account, knowledge: Knowledge) -> Answer | None:
    """Return an answer whose words are so plain that the intent does not matter."""
    found = answer_in_passing(text, account, knowledge)
    return found if found is not None and found.id in _PLAINLY_ASKED else None


def texts(answer: Answer, knowledge: Knowledge) -> list[str]:
    """Return the paragraphs of an answer, with numbers and names filled in."""
    return [knowledge.fill(paragraph) for paragraph in answer.text]


def links(answer: Answer, knowledge: Knowledge) -> list[Link]:
    """Return the force's pages to offer under an answer, those that are set."""
    pages = (knowledge.force.links[name] for name in answer.links)
    return [page for page in pages if page.href]


def services(answer: Answer, account: Account, knowledge: Knowledge) -> list[Service]:
    """Return the services to show under an answer, for this person.

    Left out is what may not be shown, what does not serve where the person is, and
    what is for other ages, as far as they have told us.
    """
    listed = (knowledge.services[name] for name in answer.services)
    child = "under_18" in account.circumstances
    return [
        service
        for service in listed
        if service.may_be_shown
        and (account.nation not in NATIONS_SERVED or account.nation in service.nations)
        and not (child and int(service.min_age or 0) >= ADULT)
    ]


def _score(answer: Answer, words: str) -> float:
    """Return how well an answer fits: one for each of its patterns that is found."""
    found = sum(1 for pattern in answer.matches if _compiled(pattern).search(words))
    if found and answer.id in ABOUT_THE_PERSON:
        return found + 0.5
    return float(found)


@cache
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern)


def _by_account(intent: str, account: Account, knowledge: Knowledge) -> Answer | None:
    circumstances = {*account.circumstances, account.relation}
    for circumstance, intents, name in BY_CIRCUMSTANCE:
        if circumstance in circumstances and intent in intents:
            return knowledge.answers[name]
    if intent == "ask_report" and account.about == "other":
        return knowledge.answers["for_someone_else"]
    return None


def _default(intent: str, knowledge: Knowledge) -> Answer:
    answers = knowledge.answers.values()
    general = (a for a in answers if intent in a.intents and not a.matches)
    return next(general, knowledge.answers[NO_ANSWER])


def _where_they_are(answer: Answer, account: Account, knowledge: Knowledge) -> Answer:
    """Return the answer, or the one for where the person is if it does not hold."""
    if account.nation in OTHER_LAW and answer.id in OF_ENGLAND_AND_WALES:
        return knowledge.answers[str(account.nation)]
    return answer
