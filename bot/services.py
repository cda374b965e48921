"""Who can help this person, and who is open now.

Who is shown when is section 8 of the services fact pack: three at most, only services
a person may be shown, none that does not serve their nation or age. Opening hours are
read in Europe/London, from the hours every source agrees on. The clock is an argument.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from functools import cache
from typing import Any
from zoneinfo import ZoneInfo

import holidays

from bot.account import Account
from bot.behaviours import Danger
from bot.knowledge import DAYS, Knowledge, OpeningHours, Service, danger_signs

LONDON = ZoneInfo("Europe/London")
# The years whose bank holidays were worked out and compared with a second source.
LISTED_YEARS = range(2026, 2029)
# No helpline whose hours we know opens before the one or closes after the other.
NIGHT_ENDS, NIGHT_BEGINS = dt.time(8), dt.time(20)
MOST = 3
CLOSE = ("partner", "ex_partner", "family")
# What an act says about who fits, beside the words that name a circumstance.
TOLD_BY_ACTS = {
    "tracker": "tracked",
    "spyware_or_hacking": "online",
    "monitoring_online": "online",
    "fake_profile": "online",
    "intimate_images": "images",
    "threat_to_share_images": "images",
    "sexual_touching": "sexual_assault",
    "forced_marriage": "honour",
}
STATES = {
    "now": "Open now.",
    "closed": "Closed now.",
    "unknown": "Check opening times.",
}
HOURS_CHANGE = "Hours can change. Check the website."
CALLS_FREE = "Calls are free."
FREE = (
    f"{CALLS_FREE} Some phone bills may list the number. Use a safe phone if you are "
    "worried."
)
CALL_LIST = "A call will show in your call list. You can delete it."
MAY_BE_CLOSED = "It may be closed today."
MAY_CLOSE_EARLY = "It may close early today."
DAY_NAMES = dict(
    zip(
        DAYS,
        "Monday Tuesday Wednesday Thursday Friday Saturday Sunday".split(),
        strict=True,
    )
)


@dataclass(frozen=True)
class Situation:
    """What decides who fits.

    Attributes:
        high_risk: a danger sign was heard, now or before.
        relation: a key of bot.kinds.RELATIONS, or None when not known.
        nation: a key of bot.kinds.NATIONS, or None when not known.
        circumstances: keys of bot.kinds.CIRCUMSTANCES, and "online".
        places: keys of bot.kinds.PLACES.
        wants: "report" or "support".
        danger: somebody is in danger and has not said that they are safe.
        crisis: somebody may harm themself: "now" until they have said that they are
            safe, "before" after that, empty when nothing of it was heard.
    """

    high_risk: bool = False
    relation: str | None = None
    nation: str | None = None
    circumstances: tuple[str, ...] = ()
    places: tuple[str, ...] = ()
    wants: str = "support"
    danger: bool = False
    crisis: str = ""

    def has(self, circumstance: str) -> bool:
        """Whether a circumstance was told."""
        return circumstance in self.circumstances

    @property
    def is_close(self) -> bool:
        """Whether a partner, an ex or family is doing it."""
        return self.relation in CLOSE

    @property
    def is_online(self) -> bool:
        """Whether some of it is online, or they are tracked."""
        return "online" in self.places or self.has("online") or self.has("tracked")

    @property
    def about_police(self) -> bool:
        """Whether a police officer is doing it."""
        return self.relation == "officer" or self.has("officer")


@dataclass(frozen=True)
class Opening:
    """Whether a service is open, as far as a person may be told.

    Attributes:
        state: "now", "closed" or "unknown".
        opens: when it opens next ("tomorrow at 10am"), empty when nothing may be said.
        hours: its hours in words, empty when they may not be shown.
    """

    state: str
    opens: str = ""
    hours: str = ""


def situation_of(account: Account, wants: str) -> Situation:
    """Return what an account says about who fits."""
    levels = levels_told(account)
    crisis = Danger.CRISIS in levels
    safe = account.safe_now == "yes"
    acts = (act for incident in account.incidents for act in incident.acts)
    told = [TOLD_BY_ACTS[act] for act in acts if act in TOLD_BY_ACTS]
    # Somebody who is not safe from themself alone needs other help than a silent call.
    from_others = bool(levels - {Danger.CRISIS}) or not crisis
    return Situation(
        high_risk=bool(levels - {Danger.CRISIS}),
        relation=account.relation,
        nation=account.nation,
        circumstances=tuple(dict.fromkeys((*account.circumstances, *told))),
        places=account.places,
        wants=wants,
        danger=(account.safe_now == "no" and from_others)
        or (Danger.IMMEDIATE in levels and not safe),
        crisis=("before" if safe else "now") if crisis else "",
    )


def levels_told(account: Account) -> set[Danger]:
    """Return every level of danger heard so far; a sign is kept by id or by level."""
    known = danger_signs()
    by_level = {level.value: level for level in Danger}
    heard = {level for incident in account.incidents for level in incident.danger}
    for name in account.signs:
        level = known[name].level if name in known else name
        # A sign that is no longer in the file was still a sign.
        heard.add(by_level.get(level, Danger.HIGH_RISK))
    return heard


def acknowledged(situation: Situation) -> Situation:
    """Return the situation of somebody who has seen the danger card and asks on.

    The card has said how to reach 999; who asks for support wants somebody to talk to.
    """
    if not situation.danger:
        return situation
    return replace(situation, danger=False, high_risk=True)


def who_fits(
    situation: Situation, now: dt.datetime, knowledge: Knowledge
) -> tuple[Service, ...]:
    """Return who to show, in order, three at most."""
    if situation.danger or situation.crisis == "now":
        first = _in_danger(situation) if situation.danger else _in_crisis(situation)
        return tuple(_shown(first, situation, knowledge)[:MOST])
    if situation.nation == "elsewhere":
        # The one number that is not of one nation, and a UK line that can be asked.
        listed = [knowledge.services[name] for name in ("e999", "nsh")]
        return tuple(service for service in listed if service.may_be_shown)
    fitting = _shown(_wanted(situation, knowledge), situation, knowledge)
    spare = _shown(_round_the_clock(situation), situation, knowledge)
    return _at_this_hour(fitting, spare, now)


def for_own_behaviour(
    account: Account, now: dt.datetime, knowledge: Knowledge
) -> tuple[Service, ...]:
    """Return who helps a person worried about what they do themselves.

    A domestic abuse programme is offered for a partner or ex alone: for anybody else
    it may feed a false belief in a relationship.
    """
    situation = situation_of(account, "support")
    if situation.nation == "elsewhere":
        return _shown_by_id(("e999",), knowledge)
    wanted = ["childline"] if situation.has("under_18") else []
    if situation.relation in ("partner", "ex_partner"):
        wanted.append("respect")
    fitting = _shown([*wanted, "n111", "sam"], situation, knowledge)
    if is_out_of_hours(now):
        fitting = [service for service in fitting if service.hours == "always"]
    return tuple(fitting[:MOST])


def _in_danger(situation: Situation) -> list[str]:
    if situation.has("deaf"):
        return ["e999", "etext", "shout" if situation.crisis == "now" else "bsl"]
    return ["e999", "silent", "sam" if situation.crisis == "now" else "etext"]


def _in_crisis(situation: Situation) -> list[str]:
    if situation.has("under_18"):
        return ["e999", "childline", "sam"]
    if situation.has("deaf"):
        return ["e999", "shout", "etext"]
    return ["e999", "sam", "shout"]


def _wanted(situation: Situation, knowledge: Knowledge) -> list[str]:
    """Return ids of services in the order of the fact pack, with some to spare."""
    police = _police(situation)
    wanted = list(_first_of_all(situation, police))
    if situation.has("under_18"):
        return ["childline", police, "nsh"]
    if situation.high_risk:
        wanted.append("nsh")
    if situation.is_close:
        wanted += [*_domestic(situation, knowledge), "nsh"]
    elif situation.has("lgbt"):
        wanted.append("galop")
    if situation.has("older"):
        wanted.append("hourglass")
    wanted.append("nsh")
    if situation.is_online:
        wanted.append("cyber")
    if situation.wants == "support":
        wanted += ["vs", *_of_this_force(knowledge), "tool"]
    if situation.nation is None:
        # Where they are is not known: the police number that reaches the right force.
        wanted.insert(2, police)
    if situation.about_police:
        # Somebody who is not police can tell them how to report to another force.
        return [name for name in wanted if name != police]
    return wanted


def _first_of_all(situation: Situation, police: str) -> Iterator[str]:
    if situation.crisis:
        yield "sam"
    if situation.high_risk or situation.wants == "report":
        yield police
    if situation.high_risk:
        yield "paladin"
    if situation.has("honour"):
        yield from ("karma", "sdafmh")
    if situation.has("sexual_assault"):
        yield from ("rc", "dsahni", "sarc")
    if situation.has("images"):
        yield from ("rph", police)


def _police(situation: Situation) -> str:
    by_nation = {"scotland": "police_scotland", "northern_ireland": "psni"}
    if situation.has("deaf"):
        return "p101t"
    return by_nation.get(situation.nation or "", "p101")


def _domestic(situation: Situation, knowledge: Knowledge) -> list[str]:
    """Return the domestic abuse lines that suit, their nation's own among them."""
    lines = {"wales": "lff", "scotland": "sdafmh", "northern_ireland": "dsahni"}
    own = lines.get(_nation(situation, knowledge))
    if situation.has("lgbt"):
        suited = ["galop"]
    elif situation.has("man"):
        suited = ["mal"]
    else:
        suited = [] if own else ["ndah"]
    return [*suited, *([own] if own else [])]


def _of_this_force(knowledge: Knowledge) -> list[str]:
    """Return the force's own services for any crime; shown once they are checked."""
    local = knowledge.force.local_services
    return [name for name in local if "any_crime" in knowledge.services[name].tags]


def _round_the_clock(situation: Situation) -> list[str]:
    """Return who never closes and is not the police, the best fitting first."""
    if situation.has("under_18"):
        return ["childline"]
    return ["vs", "shout"] if situation.has("deaf") else ["vs", "sam", "shout"]


def _nation(situation: Situation, knowledge: Knowledge) -> str:
    """Return where the person is; as long as nobody knows, where this force is.

    What serves one nation says so in its own line.
    """
    return situation.nation or knowledge.force.nation


def _shown_by_id(names: Iterable[str], knowledge: Knowledge) -> tuple[Service, ...]:
    listed = (knowledge.services[name] for name in dict.fromkeys(names))
    return tuple(service for service in listed if service.may_be_shown)


def _shown(
    names: Iterable[str], situation: Situation, knowledge: Knowledge
) -> list[Service]:
    nation = _nation(situation, knowledge)
    young = situation.has("under_18")
    return [
        service
        for service in _shown_by_id(names, knowledge)
        if nation in service.nations and _suits_age(service, young)
    ]


def _suits_age(service: Service, young: bool) -> bool:
    """Whether an age fits; how far under 18 is not asked, so nobody is sent in vain."""
    return service.min_age is None if young else service.max_age is None


def _at_this_hour(
    fitting: list[Service], spare: list[Service], now: dt.datetime
) -> tuple[Service, ...]:
    """Return three at most, somebody to talk to who is open now among them.

    At night, at the weekend and on bank holidays it is those alone who never close.
    """
    if is_out_of_hours(now):
        fitting = [
            service
            for service in fitting
            if service.hours == "always" and _state(service, now) == "now"
        ]
        if not any(_can_be_called(service, now) for service in fitting[:MOST]):
            fitting = fitting[: MOST - 1]
        return tuple(dict.fromkeys([*fitting, *spare]))[:MOST]
    chosen = fitting[:MOST]
    helping = [s for s in chosen if "police" not in s.tags and _state(s, now) == "now"]
    sure = any(s.hours == "always" and opening(s, now).state == "now" for s in chosen)
    if not helping or not sure:
        chosen = [*chosen[: MOST - 1], *spare[:1]]
    order = {"now": 0, "unknown": 0 if helping else 1, "closed": 2}
    return tuple(sorted(dict.fromkeys(chosen), key=lambda s: order[_state(s, now)]))


def _can_be_called(service: Service, now: dt.datetime) -> bool:
    return "police" not in service.tags and opening(service, now).state == "now"


def opening(service: Service, now: dt.datetime) -> Opening:
    """Return what a person may be told about a service's hours at a moment.

    Raises:
        ValueError: the moment has no time zone.
    """
    state = _state(service, now)
    if not service.show_hours:
        return Opening("unknown")
    opens = _next(service, now.astimezone(LONDON)) if state == "closed" else ""
    return Opening(state, opens, _in_words(service))


def _state(service: Service, now: dt.datetime) -> str:
    """Return whether a service is open, whether or not a person may be told."""
    if now.tzinfo is None:
        raise ValueError("a moment without a time zone is no moment")
    here = now.astimezone(LONDON)
    if service.hours is None:
        return "unknown"
    if service.hours == "always" and service.bank_holidays == "open":
        return "now"
    if here.year not in LISTED_YEARS:
        return "unknown"
    if is_bank_holiday(here.date()) and service.bank_holidays != "open":
        return "closed"
    if service.hours == "always":
        return "now"
    # The wall clock decides, also on the days the clocks change.
    blocks = _blocks(service, here.date())
    if not any(block.opens <= here.time() < block.closes for block in blocks):
        return "closed"
    return "unknown" if _is_short_day(here.date()) else "now"


def is_bank_holiday(day: dt.date) -> bool:
    """Whether a day is a bank holiday in England and Wales."""
    return day in _bank_holidays(day.year)


@cache
def _bank_holidays(year: int) -> frozenset[dt.date]:
    return frozenset(holidays.country_holidays("GB", subdiv="ENG", years=year))


def is_out_of_hours(now: dt.datetime) -> bool:
    """Whether it is night, weekend or a bank holiday: most helplines are closed."""
    here = now.astimezone(LONDON)
    at_night = not NIGHT_ENDS <= here.time() < NIGHT_BEGINS
    at_weekend = DAYS[here.weekday()] in ("sat", "sun")
    return at_night or at_weekend or is_bank_holiday(here.date())


def _is_short_day(day: dt.date) -> bool:
    return (day.month, day.day) in ((12, 24), (12, 31))


def _blocks(service: Service, day: dt.date) -> list[OpeningHours]:
    """Return the hours of one day, earliest first."""
    hours = service.hours if isinstance(service.hours, tuple) else ()
    name = DAYS[day.weekday()]
    return sorted((b for b in hours if name in b.days), key=lambda block: block.opens)


def _next(service: Service, here: dt.datetime) -> str:
    """Return when a closed service opens next, within a week; else nothing."""
    for ahead in range(8):
        day = here.date() + dt.timedelta(days=ahead)
        if day.year not in LISTED_YEARS:
            return ""
        if is_bank_holiday(day) and service.bank_holidays != "open":
            continue
        for block in _blocks(service, day):
            if ahead or block.opens > here.time():
                on = f"on {DAY_NAMES[DAYS[day.weekday()]]}"
                when = ("today", "tomorrow")[ahead] if ahead < 2 else on
                return f"{when} at {_clock(block.opens)}"
    return ""


def _in_words(service: Service) -> str:
    """Say the hours: "Monday to Friday, 10am to 5pm"."""
    if service.hours == "always":
        return "Day and night, every day"
    blocks = service.hours if isinstance(service.hours, tuple) else ()
    return "; ".join(
        f"{_days(b.days)}, {_clock(b.opens)} to {_clock(b.closes)}" for b in blocks
    )


def _days(days: tuple[str, ...]) -> str:
    numbers = [DAYS.index(day) for day in days]
    in_a_row = numbers == list(range(numbers[0], numbers[0] + len(numbers)))
    if in_a_row and len(days) > 2:
        return f"{DAY_NAMES[days[0]]} to {DAY_NAMES[days[-1]]}"
    return ", ".join(DAY_NAMES[day] for day in days)


def _clock(time: dt.time) -> str:
    """Say a time as people say it: 9am, 9:30am, 5pm."""
    hour = time.hour % 12 or 12
    minutes = f":{time.minute:02}" if time.minute else ""
    return f"{hour}{minutes}{'am' if time.hour < 12 else 'pm'}"


def part(services: Iterable[Service], now: dt.datetime) -> dict[str, Any]:
    """Return the part that shows services, with the cautions that go with them."""
    listed = list(services)
    called = [service for service in listed if service.href.startswith("tel:")]
    free = [service for service in called if "free" in service.tags]
    all_free = bool(free) and free == called
    # Said once: before the list, or with the first service it is true of.
    notes = dict.fromkeys((service.id for service in free), CALLS_FREE)
    notes.update({service.id: FREE for service in free[:1]})
    entries = [
        _entry(service, now, "" if all_free else notes.get(service.id, ""))
        for service in listed
    ]
    cautions = [HOURS_CHANGE, *([CALL_LIST] if called else [])] if listed else []
    paragraphs = [
        *([FREE] if all_free else []),
        *("\n".join(_lines(entry)) for entry in entries),
        *([" ".join(cautions)] if cautions else []),
    ]
    return {"kind": "services", "text": "\n\n".join(paragraphs), "services": entries}


def _entry(service: Service, now: dt.datetime, cost: str) -> dict[str, Any]:
    """Return a service as it is shown, with a line on what calls cost, if any."""
    opened = opening(service, now)
    notes = [*_notes_today(service, now), service.note, *service.also, cost]
    return {
        "id": service.id,
        "name": service.name,
        "for": service.for_whom,
        "contact": service.contact,
        "href": service.href,
        "open": opened.state,
        "opens": opened.opens,
        "hours": opened.hours,
        "note": "\n".join(note for note in notes if note),
    }


def _notes_today(service: Service, now: dt.datetime) -> Iterator[str]:
    today = now.astimezone(LONDON).date()
    if is_bank_holiday(today) and service.bank_holidays != "open":
        yield MAY_BE_CLOSED
    elif _is_short_day(today) and isinstance(service.hours, tuple):
        yield MAY_CLOSE_EARLY


def _lines(entry: dict[str, Any]) -> Iterator[str]:
    """Yield a service's entry in plain lines."""
    yield f"{entry['name']}: {entry['contact']}"
    yield entry["for"]
    opens = f" Opens {entry['opens']}." if entry["opens"] else ""
    yield f"{STATES[entry['open']]}{opens}"
    if entry["hours"]:
        yield f"Hours: {entry['hours']}."
    if entry["note"]:
        yield entry["note"]
