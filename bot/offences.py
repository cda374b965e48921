"""Which offences may be explained for an account, and in what words.

It explains in general and never decides: every sentence says "may" or "could", one
incident is never measured against a law that looks for two, and the law is that of
England and Wales. Whether it was an offence is for police, prosecutors and a court.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bot.account import NOT_SAID, Account, Incident
from bot.acts import clauses, quoted, quotes
from bot.behaviours import BehaviourType, Occasions
from bot.knowledge import Knowledge, Offence

CORE = ("stalking", "stalking_fear", "harassment", "fear_of_violence")
# These too look at more than one incident, so one incident is not put beside them.
MORE_THAN_ONCE = frozenset(
    {*CORE, "persistent_contact", "hate", "controlling_or_coercive"}
)
ONLY_BETWEEN: Mapping[str, frozenset[str]] = {
    "controlling_or_coercive": frozenset({"partner", "ex_partner", "family"})
}
# The law explained is that of England and Wales; for these there is another answer,
# whose id is the same word.
OTHER_LAW = ("scotland", "northern_ireland", "elsewhere")
SHOWN_FIRST = 3

VIOLENT = (
    "assault",
    "strangling",
    "weapon",
    "threat_to_kill",
    "threat_to_hurt",
    "threats",
    "threatening_messages",
    "sexual_touching",
)
# What people say of how it has made them feel or live. It is never scored: any of
# these words is reason enough to explain that the law has a place for it.
_FEELS = re.compile(
    r"\b(?:scared|scary|afraid|fright\w*|terrif\w*|fear\w*|petrified|unsafe|panic\w*|"
    r"on edge|creep\w*|dread\w*|jumpy|nervous|paranoid|anxi\w*|cry(?:ing)?|cried|tears|"
    r"upset|distress\w*|stress\w*|depress\w*|feel(?:ing)? (?:so |really )?(?:ill|sick|"
    r"threatened|intimidated)|shak(?:ing|en|y)|worn out|exhaust\w*|breakdown|"
    r"nightmares?|in bits|in pieces)\b",
    re.I,
)
_LIVES = re.compile(
    r"\b(?:can(?:'?t|not)|not|don'?t|hardly|barely|no|stopp?ed|haven'?t|hasn'?t) "
    r"(?:\w+ )?(?:sleep\w*|slept|eat\w*|ate)\b"
    r"|\b(?:i|we|had to|have to|i'?ve) (?:\w+ ){0,3}mov(?:e|ed|ing) "
    r"(?:house|out|away|home|back|in with)\b"
    r"|\bchang(?:e|ed|ing) (?:my|our|her|his) (?:\w+ )?"
    r"(?:route|routine|number|locks|job|phone|gym|shifts?|hours)\b"
    r"|\b(?:don'?t|won'?t|can'?t|cannot|stopp?ed|too scared to|afraid to|scared to) "
    r"(?:\w+ )?(?:go|going|leav(?:e|ing)(?! (?:me|us|her|him|them|it))|walk|walking|"
    r"answer|answering) (?:\w+ )?"
    r"(?:out|outside|home|alone|work|anywhere|house|phone|school|door)\b"
    r"|\boff (?:work|sick)\b|\bsigned off\b|\bquit\b|\bleft my job\b"
    r"|\bstay(?:ing)? in\b",
    re.I,
)
_NOT_SO = re.compile(
    r"\b(?:not|never|isn'?t|wasn'?t|aren'?t|without)(?: \w+)?\s*$", re.I
)

MORE_THAN_ONE_TIME = "You told me about more than one time."
IF_MORE_THAN_ONE_TIME = (
    "It looks for two or more incidents, so it may fit if there were more."
)
OPENING = (
    "This is what the law in England and Wales may say about what you told me.\n\n"
    "I explain it in general. Police and prosecutors decide if an offence may have "
    "happened. I can get things wrong."
)
CLOSING = (
    "Other laws may fit too. You do not need to know which one it is. Tell police what "
    "happened, and they can explain."
)
ONE_INCIDENT = (
    "The law on stalking and harassment looks for two or more incidents.\n\n"
    "One incident can still be reported. It could be another kind of offence. You do "
    "not have to wait for it to happen again."
)
NONE_READ = (
    "I could not match what you told me to one law. That does not mean there is none."
)
THE_MOST = "This is the most a court could give. It is not what will happen."


@dataclass(frozen=True)
class Explained:
    """An offence that may be explained to this person, and what led to it."""

    offence: Offence
    why: str


def may_apply(account: Account, knowledge: Knowledge) -> tuple[Explained, ...]:
    """Return the offences that may be explained for an account, in the order to show.

    Args:
        account: what was told.
        knowledge: the facts; what nobody has confirmed is left out.

    Returns:
        None for one incident that looks like none of them, for an empty account, and
        wherever the law of England and Wales is not the law.
    """
    if account.is_empty or account.nation in OTHER_LAW:
        return ()
    near = tuple(_neighbours(account, knowledge))
    if account.occasions is Occasions.ONCE:
        return near
    core = tuple(_core(account, knowledge))
    if account.occasions is Occasions.UNCLEAR:
        return (*near[:1], *core[:2], *near[1:2], *core[2:], *near[2:])
    return (*core[:2], *near[:1], *core[2:], *near[1:])


def _core(account: Account, knowledge: Knowledge) -> Iterator[Explained]:
    """Yield the four core offences that may fit, stalking before harassment.

    Harassment comes first where it is about a dispute as far as the words say: with a
    neighbour or at work, and nothing of following, watching or checking up was told.
    """
    dispute = account.relation in ("neighbour", "colleague") and not any(
        account.evidence(kind)
        for kind in (BehaviourType.FIXATED, BehaviourType.OBSESSION)
    )
    effect = _effect(account)
    violence = _first_quote(account, VIOLENT, knowledge)
    reasons = {
        "stalking": _first_words(account),
        "stalking_fear": violence or effect,
        "harassment": _first_words(account),
        "fear_of_violence": violence,
    }
    order = ("harassment", "stalking", "stalking_fear", "fear_of_violence")
    for name in order if dispute else CORE:
        offence = knowledge.offences.get(name)
        said = reasons[name]
        if offence is not None and offence.confirmed and said is not None:
            yield Explained(offence, _why(said, account, offence))


def _neighbours(account: Account, knowledge: Knowledge) -> Iterator[Explained]:
    for offence in knowledge.offences.values():
        if offence.id in CORE or not offence.confirmed:
            continue
        if offence.id in MORE_THAN_ONCE and account.occasions is Occasions.ONCE:
            continue
        between = ONLY_BETWEEN.get(offence.id)
        if between is not None and account.relation not in between:
            continue
        said = _first_quote(account, offence.acts, knowledge)
        if said is not None:
            yield Explained(offence, _why(said, account, offence))


def _why(said: str, account: Account, offence: Offence) -> str:
    """Say in the person's own words why an offence came up."""
    reasons = [f"You said: {quoted(said)}."] if said else []
    if offence.id in MORE_THAN_ONCE:
        twice = account.occasions is Occasions.TWICE_OR_MORE
        reasons.append(MORE_THAN_ONE_TIME if twice else IF_MORE_THAN_ONE_TIME)
    return " ".join(reasons)


def _first_quote(
    account: Account, acts: Iterable[str], knowledge: Knowledge
) -> str | None:
    """Return the first words that tell of one of these acts, or None."""
    wanted = tuple(acts)
    for incident in account.incidents:
        for name in wanted:
            if name in incident.acts:
                return _telling(incident, name, knowledge)
    return None


def _telling(incident: Incident, act: str, knowledge: Knowledge) -> str:
    told = quotes(incident.words, knowledge.acts[act]) if act in knowledge.acts else ()
    return told[0] if told else incident.words


def _first_words(account: Account) -> str:
    """Return the first words that led to any type; empty when there are none."""
    for kind in BehaviourType:
        for words in account.evidence(kind):
            return words
    return ""


def _effect(account: Account) -> str | None:
    """Return the words that tell of fear, distress or a changed life, or None.

    Empty words mean that it was read in the message and no words can be pointed at.
    """
    answered = account.impact if account.impact not in NOT_SAID else ""
    for text in (*(incident.words for incident in account.incidents), answered or ""):
        for clause in clauses(text):
            if _LIVES.search(clause) or _said_of_feeling(clause):
                return clause
    return "" if any(incident.impact for incident in account.incidents) else None


def _said_of_feeling(clause: str) -> bool:
    return any(
        not _NOT_SO.search(clause[: match.start()]) for match in _FEELS.finditer(clause)
    )


def part(
    explained: Sequence[Explained], account: Account, knowledge: Knowledge
) -> dict[str, Any]:
    """Return the `offences` part: three at most first, the others named after them."""
    if account.nation in OTHER_LAW:
        answer = knowledge.answers[str(account.nation)]
        paragraphs = [knowledge.fill(paragraph) for paragraph in answer.text]
        return {
            "kind": "offences",
            "offences": [],
            "more": [],
            "text": _joined(paragraphs),
        }
    first, rest = explained[:SHOWN_FIRST], explained[SHOWN_FIRST:]
    return {
        "kind": "offences",
        "offences": [_row(each, knowledge) for each in first],
        "more": [_row(each, knowledge) for each in rest],
        "text": _joined(_paragraphs(first, rest, account, knowledge)),
    }


def _row(each: Explained, knowledge: Knowledge) -> dict[str, Any]:
    offence = each.offence
    return {
        "id": offence.id,
        "name": offence.name,
        "plain": offence.plain,
        "why": each.why,
        "note": knowledge.fill(offence.note),
        "law": offence.law,
        "source": offence.source,
        "checked_on": offence.checked_on.isoformat(),
    }


def _paragraphs(
    first: Sequence[Explained],
    rest: Sequence[Explained],
    account: Account,
    knowledge: Knowledge,
) -> Iterator[str]:
    if account.occasions is Occasions.ONCE:
        yield ONE_INCIDENT
    if not first:
        if account.occasions is not Occasions.ONCE:
            yield NONE_READ
        yield CLOSING
        return
    yield OPENING
    for number, each in enumerate(first, start=1):
        note = knowledge.fill(each.offence.note)
        lines = (f"{number}. {each.offence.name}.", each.offence.plain, each.why, note)
        yield " ".join(line for line in lines if line)
    if rest:
        names = "; ".join(each.offence.name for each in rest)
        yield f"These may fit too: {names}."
    yield CLOSING


def law_text(explained: Sequence[Explained]) -> list[str]:
    """Return which law, section and source each offence comes from; told on request."""
    told = ["These are laws of England and Wales. They are where my words come from."]
    for each in explained:
        offence = each.offence
        day = f"{offence.checked_on.day} {offence.checked_on:%B %Y}"
        source = f"Source: {_first_source(offence)}. Checked on {day}."
        told.append(f"{offence.name}: {offence.law}.\n{source}")
    return [*told, "Police can tell you which law they are looking at."]


def _first_source(offence: Offence) -> str:
    """Return the first of the sources, without the notes of whoever checked it."""
    return re.sub(r"\s*\([^)]*\)", "", offence.source.split(";")[0]).strip()


def penalty_text(explained: Sequence[Explained]) -> list[str]:
    """Return the most a court could give, where that is confirmed; told on request."""
    known = [each.offence for each in explained if each.offence.penalty]
    unknown = [each.offence.name for each in explained if not each.offence.penalty]
    told = [f"{offence.name}: {offence.penalty}." for offence in known]
    if known:
        told = [THE_MOST, *told]
    if unknown:
        told.append(f"I have no checked figure for: {'; '.join(unknown)}.")
    return [*told, "A court decides, and each case is different."]


def _joined(paragraphs: Iterable[str]) -> str:
    return "\n\n".join(paragraphs)
