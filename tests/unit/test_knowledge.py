"""What is wrong in a knowledge file stops the start, and says where."""

import datetime as dt
import re
import shutil
from pathlib import Path

import pytest
import yaml

from bot.knowledge import HERE, KnowledgeError, load

ROOT = HERE.parent.parent
FILES = ("services.yml", "offences.yml", "answers.yml", "behaviours.yml", "danger.yml")


FACT = {"source": "a test", "checked_on": dt.date(2026, 11, 1), "confidence": "1"}
SERVICE = {
    **FACT,
    "name": "Somebody",
    "for_whom": "For anyone.",
    "contact": "01 01",
    "show": "number",
}
SMALL = {
    "services.yml": [
        {**SERVICE, "id": "vs"},
        {**SERVICE, "id": "waiting", "show": "check"},
        {**SERVICE, "id": "explained", "show": "explain"},
        {**SERVICE, "id": "unconfirmed", "confidence": "K"},
    ],
    "offences.yml": [
        {**FACT, "id": "stalking", "name": "Stalking", "plain": "It is.", "law": "s2A"}
    ],
    "answers.yml": [
        {**FACT, "id": "greeting", "intents": ["greet"], "text": ["Hello, {vs}."]}
    ],
    "behaviours.yml": {
        "types": [
            {**FACT, "id": "fixated", "heading": "Fixated", "plain": "", "examples": []}
        ],
        "acts": [
            {
                **FACT,
                "id": "calls",
                "plain": "calls",
                "types": ["fixated"],
                "patterns": ["rang"],
            }
        ],
    },
    "danger.yml": {
        "words": {"who": ["he", "she"]},
        "signs": [
            {
                **FACT,
                "id": "outside",
                "level": "immediate",
                "lane": "E",
                "plain": "They are outside.",
                "patterns": ["{who} is outside"],
            }
        ],
        "cards": [
            {**FACT, "id": "immediate", "text": ["Call {vs}."], "contacts": ["vs"]}
        ],
    },
    "forces/here.yml": {
        **FACT,
        "id": "here",
        "name": "The Police Here",
        "short": "Police here",
        "nation": "england",
        "area": "here",
        "website": "https://here.example",
        "report": {"label": "Report"},
        "local_services": ["waiting"],
    },
}


def write(path, rows):
    path.write_text(yaml.safe_dump(rows, sort_keys=False), encoding="utf-8")


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "forces").mkdir()
    for name, rows in SMALL.items():
        write(tmp_path / name, rows)
    return tmp_path


def rewrite(path, change):
    rows = yaml.safe_load(path.read_text(encoding="utf-8"))
    change(rows)
    write(path, rows)


def row(rows, name):
    return next(entry for entry in rows if entry["id"] == name)


def error_of(folder, force="here"):
    with pytest.raises(KnowledgeError) as caught:
        load(force, folder)
    return str(caught.value)


@pytest.mark.parametrize("force", ["cheshire", "exampleshire"])
def test_both_forces_load_whole(force):
    loaded = load(force)
    assert loaded.force.id == force
    assert loaded.services["e999"].contact == "999"
    links = "report_advice victim_support online_protection protect_yourself"
    more = "record_keeping tool myths_news video_psychologist"
    assert set(loaded.force.links) == set(f"{links} {more}".split())


def test_the_small_files_of_these_tests_are_right(folder):
    assert load("here", folder).fill("Call {vs}.") == "Call 01 01."


def test_a_force_may_stand_in_a_file_of_its_own(tmp_path):
    path = tmp_path / "elsewhere.yml"
    shutil.copy(HERE / "forces" / "exampleshire.yml", path)
    assert load(str(path)).force.id == "exampleshire"


def test_cheshire_waits_for_the_addresses_of_the_force():
    force = load("cheshire").force
    for link in (force.report, *force.links.values()):
        assert link.href == ""
        assert not link.confirmed


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"source": " "}, "source is empty"),
        ({"confidence": "certain"}, "confidence is none of"),
        ({"checked_on": "last week"}, "checked_on is not a date"),
        ({"show": "always"}, "show is none of"),
        ({"href": "javascript:alert(1)"}, "href must begin with"),
        ({"href": "http://plain.example"}, "href must begin with"),
        ({"hours": "most days"}, "hours are neither always nor a list"),
        (
            {"hours": [{"days": ["lun"], "open": "09:00", "close": "10:00"}]},
            "days are none of",
        ),
        (
            {"hours": [{"days": ["mon"], "open": "17:00", "close": "09:00"}]},
            "a day closes before it opens",
        ),
        ({"hours": [{"days": ["mon"], "open": "09:00"}]}, "'close' is missing"),
        ({"colour": "red"}, "colour"),
    ],
)
def test_a_wrong_field_names_file_entry_and_reason(folder, changes, reason):
    rewrite(folder / "services.yml", lambda rows: row(rows, "vs").update(changes))
    said = error_of(folder)
    assert said.startswith("services.yml: vs: ")
    assert reason in said


@pytest.mark.parametrize("field", ["source", "checked_on", "confidence", "show"])
def test_a_missing_field_names_file_entry_and_field(folder, field):
    rewrite(folder / "services.yml", lambda rows: row(rows, "vs").pop(field))
    assert error_of(folder) == f"services.yml: vs: '{field}' is missing"


def test_a_field_that_only_the_entry_needs_is_named_too(folder):
    rewrite(folder / "services.yml", lambda rows: row(rows, "vs").pop("contact"))
    assert re.match(r"services\.yml: vs: .*contact", error_of(folder))


def test_an_entry_without_an_id_is_named_by_its_file(folder):
    rewrite(folder / "services.yml", lambda rows: rows.append("vs"))
    assert error_of(folder) == "services.yml: ?: expected named fields"


def test_an_id_stands_once(folder):
    rewrite(folder / "services.yml", lambda rows: rows.append(row(rows, "vs")))
    assert error_of(folder) == "services.yml: vs: this id stands twice"


@pytest.mark.parametrize("name", FILES)
def test_a_missing_file_is_named(folder, name):
    (folder / name).unlink()
    assert error_of(folder) == f"{name}: there is no such file"


@pytest.mark.parametrize(
    ("text", "reason"),
    [("[unclosed", "not YAML"), ("", "expected a list"), ("a: b", "expected a list")],
)
def test_a_file_that_is_no_list_is_named(folder, text, reason):
    (folder / "services.yml").write_text(text, encoding="utf-8")
    said = error_of(folder)
    assert said.startswith("services.yml: ")
    assert reason in said


def test_an_unknown_force_is_named(folder):
    assert error_of(folder, "nowhere") == "nowhere.yml: there is no such file"


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"nation": "scotland"}, "nation is neither"),
        ({"report": {"label": "Report", "href": "http://x.example"}}, "https://"),
        ({"report": {"href": ""}}, "label"),
        ({"confidence": "?"}, "confidence is none of"),
        ({"local_services": ["nobody"]}, "unknown nobody"),
    ],
)
def test_a_wrong_force_file_names_itself_and_the_reason(folder, changes, reason):
    path = folder / "forces" / "here.yml"
    rewrite(path, lambda force: force.update(changes))
    said = error_of(folder)
    assert said.startswith("here.yml: ")
    assert reason in said


def test_an_answer_names_only_services_and_links_that_exist(folder):
    path = folder / "answers.yml"
    rewrite(path, lambda rows: rows[0].update(services=["nobody"]))
    assert error_of(folder).endswith(": unknown nobody")
    write(path, SMALL["answers.yml"])
    rewrite(path, lambda rows: rows[0].update(links=["nowhere"]))
    said = error_of(folder)
    assert said.startswith("answers.yml: ")
    assert said.endswith(": unknown nowhere")


@pytest.mark.parametrize("hidden", ["waiting", "explained", "unconfirmed", "nobody"])
def test_no_answer_says_a_contact_that_may_not_be_shown(folder, hidden):
    rewrite(
        folder / "answers.yml",
        lambda rows: rows[0].update(text=[f"Call {{{hidden}}}."]),
    )
    said = error_of(folder)
    assert said.startswith("answers.yml: ")
    assert f"{hidden!r} may not be shown" in said


def test_a_pattern_that_is_no_pattern_is_named(folder):
    path = folder / "behaviours.yml"
    rewrite(path, lambda rows: rows["acts"][0].update(patterns=["(unclosed"]))
    assert error_of(folder).startswith("behaviours.yml: calls: ")


def test_an_act_names_only_types_that_exist(folder):
    path = folder / "behaviours.yml"
    rewrite(path, lambda rows: rows["acts"][0].update(types=["other"]))
    assert error_of(folder).endswith(": unknown other")


def test_a_danger_sign_names_a_level_that_exists(folder):
    rewrite(
        folder / "danger.yml", lambda rows: rows["signs"][0].update(level="somewhat")
    )
    said = error_of(folder)
    assert said.startswith("danger.yml: outside: ")
    assert "level or lane" in said


def test_a_danger_sign_uses_only_words_that_have_a_name(folder):
    rewrite(
        folder / "danger.yml",
        lambda rows: rows["signs"][0].update(patterns=["{whom} is outside"]),
    )
    assert error_of(folder) == "danger.yml: outside: no words are named 'whom'"


def test_a_card_names_only_services_that_exist(folder):
    rewrite(
        folder / "danger.yml", lambda rows: rows["cards"][0].update(contacts=["nobody"])
    )
    assert error_of(folder) == "danger.yml: immediate: unknown nobody"


def test_an_offence_names_only_acts_that_exist(folder):
    rewrite(folder / "offences.yml", lambda rows: rows[0].update(acts=["nothing"]))
    assert error_of(folder) == "offences.yml: stalking: unknown nothing"


# The services themselves

SERVICES = load("cheshire").services


def test_what_waits_for_a_check_is_not_shown():
    waiting = """btp tool pas veritas changing bcwa cares hru cedah cwa cw halton warr
        rasasc sarc mankind fmu papyrus ncdv signh legal cobi change_project aas vss
        find""".split()
    hidden = [name for name, each in SERVICES.items() if not each.may_be_shown]
    assert sorted(hidden) == sorted(waiting)


def test_hours_are_shown_only_where_sources_agree():
    agreed = """e999 silent silentll etext esms bsl p101 fraud ndah lff mal vs rc rph
        sam shout n111 childline police_scotland psni""".split()
    shown = [name for name, each in SERVICES.items() if each.show_hours]
    assert sorted(shown) == sorted(agreed)


def test_a_link_dials_what_is_shown():
    for service in SERVICES.values():
        kind, _, target = service.href.partition(":")
        if kind == "tel" and service.id != "silent":
            digits = re.sub(r"\D", "", service.contact.partition(",")[0])
            assert target == digits, service.id
        if kind == "https":
            page = target.removeprefix("//")
            assert service.contact.removeprefix("www.") in page, service.id


def test_every_service_serves_a_nation_there_is():
    nations = {"england", "wales", "scotland", "northern_ireland"}
    for service in SERVICES.values():
        assert service.nations, service.id
        assert set(service.nations) <= nations, service.id


def test_what_a_person_reads_about_a_service_is_short_and_promises_nothing():
    unwanted = (
        r"confidential|anonymous|secret|\bonly\b|\bjust\b|simply|!|24/7|victims?\b"
    )
    for service in SERVICES.values():
        for text in (service.for_whom, service.note):
            assert not re.search(unwanted, text, re.I), (service.id, text)
            for sentence in re.split(r"(?<=\.)\s", text):
                assert len(sentence.split()) <= 25, (service.id, sentence)


# Numbers and names that have been seen in the wild and are wrong

WRONG = (
    r"0300\s?636\s?0300",
    r"stalkinghelpline\.org",
    r"0203?\s?3?866\s?4104",
    r"0800\s?2000\s?247",
    r"0808\s?802\s?9999",
    r"0300\s?123\s?2050",
    r"020\s?7704\s?2040",
    r"0800\s?130\s?3335",
    r"\b15\s?p\b",
    r"\bcall 911\b",
    r"0345\s?603\s?9213",
)


def written():
    places = [ROOT / name for name in ("bot", "actions", "data", "docs")]
    kinds = {".py", ".yml", ".md", ".html", ".json", ".js", ".mjs"}
    found = (path for place in places for path in place.rglob("*"))
    return [ROOT / "domain.yml", *(path for path in found if path.suffix in kinds)]


@pytest.mark.parametrize("wrong", WRONG)
def test_no_file_holds_a_wrong_number(wrong):
    holding = [
        path.relative_to(ROOT).as_posix()
        for path in written()
        if re.search(wrong, path.read_text(encoding="utf-8"), re.I)
    ]
    assert holding == []


def test_the_check_for_wrong_numbers_finds_one():
    seen = ["0300 636 0300", "0203 866 4104", "0800 2000 247", "0808 802 9999"]
    for number in seen:
        assert any(re.search(wrong, number) for wrong in WRONG), number
    assert not any(re.search(wrong, "0808 2000 247") for wrong in WRONG)
    assert not any(re.search(wrong, "020 3866 4107") for wrong in WRONG)


def test_the_domestic_abuse_line_says_that_it_is_for_england():
    assert "England" in SERVICES["ndah"].for_whom
    assert SERVICES["ndah"].nations == ("england",)


def test_a_text_to_999_says_to_register_first():
    assert "register to 999 first" in SERVICES["esms"].contact
    assert "register before" in SERVICES["esms"].note


def test_55_is_for_mobiles_and_comes_when_told():
    assert SERVICES["silent"].contact.endswith("When told to, press 55")
    assert "55" not in SERVICES["silentll"].contact
    assert "do not need to press 55" in SERVICES["silentll"].note


def test_phone_numbers_live_in_the_services_file_alone():
    number = re.compile(r"\b0[38]\d{2}[ \d]{6,9}\d\b")
    elsewhere = [Path(HERE / name) for name in FILES[1:]] + [ROOT / "domain.yml"]
    for path in elsewhere:
        assert not number.search(path.read_text(encoding="utf-8")), path.name
