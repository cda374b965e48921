"""Who is shown to whom, and what may be said about who is open."""

import datetime as dt
import re
from dataclasses import replace
from zoneinfo import ZoneInfo

import pytest

from bot.account import Account, Incident
from bot.behaviours import Danger
from bot.kinds import CIRCUMSTANCES
from bot.knowledge import load
from bot.services import (
    CALL_LIST,
    FREE,
    HOURS_CHANGE,
    MAY_BE_CLOSED,
    MAY_CLOSE_EARLY,
    TOLD_BY_ACTS,
    Situation,
    acknowledged,
    for_own_behaviour,
    is_bank_holiday,
    is_out_of_hours,
    opening,
    part,
    situation_of,
    who_fits,
)

LONDON = ZoneInfo("Europe/London")
KNOWLEDGE = load("cheshire")
SERVICES = KNOWLEDGE.services

TUESDAY = dt.datetime(2026, 11, 24, 11, tzinfo=LONDON)
EVENING = TUESDAY.replace(hour=19)
NIGHT = TUESDAY.replace(hour=23)
SATURDAY = dt.datetime(2026, 11, 28, 11, tzinfo=LONDON)
BOXING_DAY = dt.datetime(2026, 12, 28, 11, tzinfo=LONDON)
CLOSED_TIMES = pytest.mark.parametrize("when", [NIGHT, SATURDAY, BOXING_DAY])
ANY_TIME = pytest.mark.parametrize(
    "when", [TUESDAY, EVENING, NIGHT, SATURDAY, BOXING_DAY]
)


def at(text):
    return dt.datetime.fromisoformat(text).replace(tzinfo=LONDON)


def shown(when=TUESDAY, **situation):
    situation.setdefault("nation", "england")
    return [service.id for service in who_fits(Situation(**situation), when, KNOWLEDGE)]


def checked(name):
    """A service as it will be once a person has checked that its hours may be shown."""
    return replace(SERVICES[name], show_hours=True)


# Who gets what: section 8 of the fact pack, row by row


@pytest.mark.parametrize(
    ("situation", "expected"),
    [
        ({"danger": True}, ["e999", "silent", "etext"]),
        ({"danger": True, "circumstances": ("deaf",)}, ["e999", "etext", "bsl"]),
        ({"wants": "report"}, ["p101", "nsh"]),
        ({"wants": "support"}, ["nsh", "vs"]),
        ({"high_risk": True}, ["p101", "paladin", "nsh"]),
        ({"high_risk": True, "wants": "report"}, ["p101", "paladin", "nsh"]),
        ({"places": ("home", "online")}, ["nsh", "cyber", "vs"]),
        ({"circumstances": ("tracked",)}, ["nsh", "cyber", "vs"]),
        ({"relation": "partner"}, ["ndah", "nsh", "vs"]),
        ({"relation": "ex_partner"}, ["ndah", "nsh", "vs"]),
        ({"relation": "family"}, ["ndah", "nsh", "vs"]),
        ({"relation": "ex_partner", "nation": "wales"}, ["lff", "nsh", "vs"]),
        (
            {"relation": "ex_partner", "circumstances": ("man",)},
            ["mal", "nsh", "vs"],
        ),
        (
            {"relation": "family", "circumstances": ("lgbt",)},
            ["galop", "nsh", "vs"],
        ),
        ({"circumstances": ("lgbt",)}, ["galop", "nsh", "vs"]),
        ({"circumstances": ("images",)}, ["rph", "p101", "nsh"]),
        ({"circumstances": ("images", "under_18")}, ["childline", "p101", "nsh"]),
        ({"circumstances": ("sexual_assault",)}, ["rc", "nsh", "vs"]),
        ({"circumstances": ("honour",)}, ["karma", "nsh", "vs"]),
        ({"circumstances": ("older",)}, ["hourglass", "nsh", "vs"]),
        ({"circumstances": ("under_18",)}, ["childline", "p101", "nsh"]),
        (
            {"circumstances": ("under_18",), "wants": "report", "high_risk": True},
            ["childline", "p101", "nsh"],
        ),
        ({"crisis": "now"}, ["e999", "sam", "shout"]),
        (
            {"crisis": "now", "circumstances": ("under_18",)},
            ["e999", "childline", "sam"],
        ),
        ({"crisis": "before"}, ["sam", "nsh", "vs"]),
        ({"relation": "officer"}, ["nsh", "vs"]),
    ],
)
def test_each_situation_gets_its_row_in_order(situation, expected):
    assert shown(**situation) == expected


@pytest.mark.parametrize(
    ("nation", "wants", "expected"),
    [
        ("scotland", "report", ["police_scotland", "sdafmh", "nsh"]),
        ("northern_ireland", "report", ["psni", "dsahni", "nsh"]),
        ("wales", "report", ["p101", "lff", "nsh"]),
        ("elsewhere", "report", ["e999", "nsh"]),
    ],
)
def test_each_nation_has_its_own_police_and_line(nation, wants, expected):
    assert shown(nation=nation, relation="ex_partner", wants=wants) == expected


def test_while_nobody_knows_where_they_are_the_number_for_every_force_is_among_them():
    assert shown(nation=None) == ["nsh", "vs", "p101"]
    assert shown(nation=None, relation="ex_partner") == ["ndah", "nsh", "p101"]


SITUATIONS = [
    Situation(
        high_risk=high_risk,
        relation=relation,
        nation=nation,
        circumstances=circumstances,
        places=("online",),
        wants=wants,
    )
    for high_risk in (False, True)
    for relation in (None, "ex_partner", "stranger", "officer")
    for nation in (None, "england", "wales", "scotland", "northern_ireland")
    for circumstances in ((), *((name,) for name in CIRCUMSTANCES), ("man", "lgbt"))
    for wants in ("report", "support")
]


@ANY_TIME
def test_three_at_most_are_shown_each_once_and_only_who_may_be(when):
    for situation in SITUATIONS:
        services = who_fits(situation, when, KNOWLEDGE)
        assert 0 < len(services) <= 3, situation
        assert len(set(services)) == len(services), situation
        assert all(service.may_be_shown for service in services), situation


@ANY_TIME
def test_somebody_who_is_not_police_and_never_closes_can_be_called(when):
    for situation in SITUATIONS:
        services = who_fits(situation, when, KNOWLEDGE)
        open_now = [s for s in services if opening(s, when).state == "now"]
        assert open_now, situation
        if is_out_of_hours(when):
            assert any("police" not in s.tags for s in open_now), situation


@CLOSED_TIMES
def test_at_night_at_weekends_and_on_bank_holidays_only_who_never_closes_is_shown(when):
    for situation in SITUATIONS:
        services = who_fits(situation, when, KNOWLEDGE)
        assert {service.hours for service in services} == {"always"}, situation


@ANY_TIME
def test_nobody_is_sent_to_another_nation(when):
    for situation in SITUATIONS:
        nation = situation.nation or "england"
        for service in who_fits(situation, when, KNOWLEDGE):
            assert nation in service.nations, (situation, service.id)


@ANY_TIME
def test_nobody_under_18_is_sent_where_they_may_be_too_young(when):
    for situation in SITUATIONS:
        services = who_fits(situation, when, KNOWLEDGE)
        if situation.has("under_18"):
            assert services[0].id == "childline"
            assert all(service.min_age is None for service in services)
        else:
            assert "childline" not in {service.id for service in services}


@ANY_TIME
def test_men_are_not_sent_to_the_line_for_women(when):
    for situation in SITUATIONS:
        if situation.has("man") or situation.has("lgbt"):
            services = who_fits(situation, when, KNOWLEDGE)
            assert "ndah" not in {service.id for service in services}


def test_when_what_fits_is_closed_who_is_open_comes_first():
    assert shown(EVENING) == ["vs", "nsh"]
    assert shown(EVENING, high_risk=True) == ["p101", "vs", "paladin"]
    assert shown(EVENING, circumstances=("honour",)) == ["vs", "karma", "nsh"]


def test_a_local_service_waits_for_its_check():
    mended = {**SERVICES, "cares": replace(SERVICES["cares"], show="number")}
    knowledge = replace(KNOWLEDGE, services=mended)
    services = who_fits(Situation(nation="england"), TUESDAY, knowledge)
    assert [service.id for service in services] == ["nsh", "vs", "cares"]
    assert "cares" not in shown()


def test_another_force_does_not_show_the_local_services_of_cheshire():
    knowledge = load("exampleshire")
    mended = {**SERVICES, "cares": replace(SERVICES["cares"], show="number")}
    knowledge = replace(knowledge, services=mended)
    services = who_fits(Situation(nation="england"), TUESDAY, knowledge)
    assert [service.id for service in services] == ["nsh", "vs"]


# What an account says


def incident(**more):
    return Incident(number=1, words="they came back", **more)


@pytest.mark.parametrize(
    ("account", "expected"),
    [
        (Account(), Situation()),
        (Account(signs=("high_risk",)), Situation(high_risk=True)),
        (Account(signs=("a_sign_of_last_year",)), Situation(high_risk=True)),
        (Account(signs=("crisis",)), Situation(crisis="now")),
        (Account(signs=("crisis",), safe_now="yes"), Situation(crisis="before")),
        (Account(signs=("crisis",), safe_now="no"), Situation(crisis="now")),
        (Account(safe_now="no"), Situation(danger=True)),
        (Account(signs=("immediate",)), Situation(danger=True, high_risk=True)),
        (Account(signs=("immediate",), safe_now="yes"), Situation(high_risk=True)),
        (
            Account(incidents=(incident(danger=(Danger.HIGH_RISK,)),)),
            Situation(high_risk=True),
        ),
        (
            Account(incidents=(incident(acts=("threat_to_share_images",)),)),
            Situation(circumstances=("images",)),
        ),
        (
            Account(
                relation_said="ex_partner",
                nation_said="wales",
                place_said="online",
                circumstances=("man",),
            ),
            Situation(
                relation="ex_partner",
                nation="wales",
                places=("online",),
                circumstances=("man",),
            ),
        ),
    ],
)
def test_an_account_says_what_decides_who_fits(account, expected):
    assert situation_of(account, "support") == expected


def test_every_act_that_decides_who_fits_is_known():
    assert set(TOLD_BY_ACTS) <= set(KNOWLEDGE.acts)


# For people who worry about what they do themselves


@pytest.mark.parametrize(
    ("account", "when", "expected"),
    [
        (Account(relation_said="partner"), TUESDAY, ["respect", "n111", "sam"]),
        (Account(relation_said="ex_partner"), TUESDAY, ["respect", "n111", "sam"]),
        (Account(relation_said="ex_partner"), NIGHT, ["n111", "sam"]),
        (Account(relation_said="family"), TUESDAY, ["n111", "sam"]),
        (Account(relation_said="stranger"), TUESDAY, ["n111", "sam"]),
        (Account(), TUESDAY, ["n111", "sam"]),
        (Account(nation_said="scotland"), TUESDAY, ["sam"]),
        (Account(nation_said="elsewhere"), TUESDAY, ["e999"]),
        (Account(circumstances=("under_18",)), TUESDAY, ["childline", "n111", "sam"]),
    ],
)
def test_the_line_about_partners_is_for_partners_alone(account, when, expected):
    services = for_own_behaviour(account, when, KNOWLEDGE)
    assert [service.id for service in services] == expected


# Who is open


@pytest.mark.parametrize(
    ("name", "when", "state"),
    [
        ("e999", "2026-12-25T03:00", "now"),
        ("e999", "2031-06-01T03:00", "now"),
        ("sam", "2026-11-24T00:00", "now"),
        ("mal", "2026-11-24T09:59:59", "closed"),
        ("mal", "2026-11-24T10:00", "now"),
        ("mal", "2026-11-24T16:59:59", "now"),
        ("mal", "2026-11-24T17:00", "closed"),
        ("mal", "2026-11-24T00:00", "closed"),
        ("mal", "2026-11-28T11:00", "closed"),
        ("mal", "2026-12-28T11:00", "closed"),
        ("mal", "2029-01-09T11:00", "unknown"),
        ("mal", "2026-12-24T11:00", "unknown"),
        ("mal", "2026-12-31T18:00", "closed"),
        # The clocks go forward and back: London's own time counts.
        ("mal", "2027-03-29T11:00", "closed"),
        ("mal", "2027-03-30T10:00", "now"),
        ("mal", "2027-03-26T10:00", "closed"),
        ("rph", "2026-10-26T10:00", "now"),
        ("rph", "2026-10-23T15:59", "now"),
        ("fraud", "2026-11-24T19:59", "now"),
    ],
)
def test_who_is_open_follows_the_clock_in_london(name, when, state):
    assert opening(SERVICES[name], at(when)).state == state


@pytest.mark.parametrize(
    ("name", "when", "state"),
    [
        ("nsh", "2026-11-25T12:59", "closed"),
        ("nsh", "2026-11-25T13:00", "now"),
        ("nsh", "2026-11-24T09:30", "now"),
        ("nsh", "2026-11-23T16:00", "closed"),
        ("galop", "2026-11-24T13:30", "closed"),
        ("galop", "2026-11-24T14:00", "now"),
        ("karma", "2026-11-24T09:00", "now"),
        ("paladin", "2026-11-24T11:00", "unknown"),
        ("cyber", "2026-11-24T03:00", "now"),
        ("cyber", "2026-12-28T11:00", "closed"),
        ("cares", "2026-11-28T15:59", "now"),
        ("cares", "2026-11-28T16:00", "closed"),
    ],
)
def test_where_sources_disagree_the_hours_all_agree_on_count(name, when, state):
    assert opening(checked(name), at(when)).state == state


@pytest.mark.parametrize(
    ("utc", "state"),
    [
        ("2027-03-27T10:30", "closed"),  # a Saturday, for comparison
        ("2026-10-23T09:00", "now"),  # 10:00 in summer time
        ("2026-10-26T09:30", "closed"),  # 09:30, the clocks went back the day before
        ("2027-04-01T09:00", "now"),
        ("2027-03-25T09:00", "closed"),
    ],
)
def test_a_time_in_utc_is_read_as_london_time(utc, state):
    moment = dt.datetime.fromisoformat(utc).replace(tzinfo=dt.timezone.utc)
    assert opening(SERVICES["mal"], moment).state == state


def test_the_hour_that_comes_twice_is_night_both_times():
    first = dt.datetime(2026, 10, 25, 0, 30, tzinfo=dt.timezone.utc)
    assert is_out_of_hours(first)
    assert is_out_of_hours(first + dt.timedelta(hours=1))
    for moment in (first, first + dt.timedelta(hours=1)):
        assert opening(SERVICES["vs"], moment).state == "now"
        assert opening(SERVICES["mal"], moment).state == "closed"


def test_a_moment_without_a_time_zone_is_refused():
    naive = dt.datetime(2026, 11, 24, 11)  # noqa: DTZ001
    with pytest.raises(ValueError, match="time zone"):
        opening(SERVICES["mal"], naive)


def test_hours_that_may_not_be_shown_say_nothing_at_all():
    for service in SERVICES.values():
        if service.show_hours:
            continue
        for when in (TUESDAY, NIGHT, SATURDAY, BOXING_DAY):
            told = opening(service, when)
            assert (told.state, told.opens, told.hours) == ("unknown", "", "")


@pytest.mark.parametrize(
    ("when", "opens"),
    [
        ("2026-11-24T08:00", "today at 10am"),
        ("2026-11-24T18:00", "tomorrow at 10am"),
        ("2026-11-27T18:00", "on Monday at 10am"),
        ("2026-12-25T11:00", "on Tuesday at 10am"),
        ("2027-12-26T11:00", "on Wednesday at 10am"),
        ("2028-12-29T18:00", ""),
        ("2026-11-24T11:00", ""),
    ],
)
def test_a_closed_service_says_when_it_opens_next(when, opens):
    assert opening(SERVICES["mal"], at(when)).opens == opens


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("mal", "Monday to Friday, 10am to 5pm"),
        ("vs", "Day and night, every day"),
        (
            "nsh",
            "Monday, Tuesday, Thursday, Friday, 9:30am to 4pm; Wednesday, 1pm to 4pm",
        ),
    ],
)
def test_hours_are_said_in_words(name, words):
    assert opening(checked(name), TUESDAY).hours == words


BANK_HOLIDAYS = """
2026-12-25 2026-12-28
2027-01-01 2027-03-26 2027-03-29 2027-05-03 2027-05-31 2027-08-30 2027-12-27 2027-12-28
2028-01-03 2028-04-14 2028-04-17 2028-05-01 2028-05-29 2028-08-28 2028-12-25 2028-12-26
""".split()


def test_the_bank_holidays_on_working_days_are_those_of_the_fact_pack():
    day, found = dt.date(2026, 11, 1), []
    while day.year < 2029:
        if day.weekday() < 5 and is_bank_holiday(day):
            found.append(day.isoformat())
        day += dt.timedelta(days=1)
    assert found == BANK_HOLIDAYS


# What is shown


def test_a_service_is_shown_with_all_its_fields():
    entry = part([SERVICES["mal"]], NIGHT)["services"][0]
    assert entry == {
        "id": "mal",
        "name": "Men's Advice Line",
        "for": "For men. It is about harm by a partner, an ex or family.",
        "contact": "0808 801 0327",
        "href": "tel:08088010327",
        "open": "closed",
        "opens": "tomorrow at 10am",
        "hours": "Monday to Friday, 10am to 5pm",
        "note": "Website: mensadviceline.org.uk",
    }


@ANY_TIME
def test_the_text_says_all_that_the_fields_say(when):
    for service in SERVICES.values():
        shown_part = part([service], when)
        entry, text = shown_part["services"][0], shown_part["text"]
        fields = ("name", "for", "contact", "opens", "hours", "note")
        assert all(entry[name] in text for name in fields)
        state = {"now": "Open now", "closed": "Closed now"}
        assert state.get(entry["open"], "Check opening times") in text


def test_cautions_stand_where_they_belong():
    free = part([SERVICES["p101"], SERVICES["nsh"]], TUESDAY)
    assert free["text"].startswith(FREE)
    assert free["text"].count(FREE) == 1
    assert free["text"].endswith(f"{HOURS_CHANGE} {CALL_LIST}")
    some = part([SERVICES["nsh"], SERVICES["rph"]], TUESDAY)
    assert FREE in some["services"][0]["note"]
    assert FREE not in some["services"][1]["note"]
    assert some["text"].count(FREE) == 1
    two = part([SERVICES["p101"], SERVICES["rph"], SERVICES["nsh"]], TUESDAY)
    assert two["text"].count(FREE) == 1
    assert two["services"][2]["note"].endswith("Calls are free.")
    web = part([SERVICES["cyber"]], TUESDAY)["text"]
    assert FREE not in web
    assert CALL_LIST not in web
    assert HOURS_CHANGE in web


def test_days_with_other_hours_are_named():
    assert MAY_BE_CLOSED in part([SERVICES["mal"]], BOXING_DAY)["text"]
    assert MAY_BE_CLOSED not in part([SERVICES["vs"]], BOXING_DAY)["text"]
    christmas_eve = at("2026-12-24T11:00")
    assert MAY_CLOSE_EARLY in part([SERVICES["mal"]], christmas_eve)["text"]
    assert MAY_CLOSE_EARLY not in part([SERVICES["vs"]], christmas_eve)["text"]


def test_nobody_to_show_is_no_error():
    assert part([], TUESDAY) == {"kind": "services", "text": "", "services": []}


def test_the_part_never_promises_that_a_call_is_hidden():
    text = part(SERVICES.values(), TUESDAY)["text"].lower()
    assert not re.search(r"confidential|anonymous|secret|not (?:show|appear)", text)


def test_who_asks_on_after_the_card_gets_somebody_to_talk_to():
    danger = Situation(danger=True, nation="england")

    shown = [s.id for s in who_fits(acknowledged(danger), NIGHT, KNOWLEDGE)]

    assert "vs" in shown
    assert "silent" not in shown
