"""The assistant's files agree with one another; Rasa's own check does not see these."""

import re
from pathlib import Path

import pytest
import yaml

from bot.account import OTHER_SLOTS, QUESTIONS
from bot.listening import NOT_ANSWERS

ROOT = Path(__file__).parents[2]
DOMAIN = yaml.safe_load((ROOT / "domain.yml").read_text(encoding="utf-8"))
CONFIG = yaml.safe_load((ROOT / "config.yml").read_text(encoding="utf-8"))
TOPICS = ("safety", "conversation", "account", "questions", "handoff")
RULES = {
    topic: yaml.safe_load(
        (ROOT / f"data/rules/{topic}.yml").read_text(encoding="utf-8")
    )
    for topic in TOPICS
}
SAFETY = {"emergency", "crisis_self_harm", "not_safe"}


def sources():
    files = [*(ROOT / "data/rules").glob("*.yml"), *(ROOT / "actions").glob("*.py")]
    return "".join(path.read_text(encoding="utf-8") for path in files)


def steps():
    for topic in TOPICS:
        for rule in RULES[topic]["rules"]:
            for step in rule["steps"]:
                yield rule, step


def buttons():
    for variations in DOMAIN["responses"].values():
        for variation in variations:
            yield from variation.get("buttons", [])


def test_every_response_is_spoken_by_a_rule_an_action_or_the_form():
    spoken = set(re.findall(r"\butter_\w+?\b", sources()))
    views = {"utter_view_kept_agree", "utter_view_kept_disagree"}
    asked = {f"utter_ask_account_form_{question}" for question in QUESTIONS}

    assert set(DOMAIN["responses"]) - spoken - views - asked == set()


def test_every_response_that_is_spoken_exists():
    spoken = set(re.findall(r"\"(utter_\w+)\"", sources()))

    assert spoken - set(DOMAIN["responses"]) == set()


def test_every_question_is_asked_by_somebody():
    names = set(DOMAIN["responses"]) | set(DOMAIN["actions"])

    for question in QUESTIONS:
        asked = {f"{kind}_ask_account_form_{question}" for kind in ("utter", "action")}
        assert asked & names, question


def test_no_slot_takes_words_by_itself():
    """A form outranks every rule: what a mapping takes, no rule ever hears."""
    kinds = {
        mapping["type"]
        for slot in DOMAIN["slots"].values()
        for mapping in slot["mappings"]
    }

    assert kinds == {"custom"}


def test_the_form_asks_what_the_account_knows():
    assert DOMAIN["forms"]["account_form"]["required_slots"] == list(QUESTIONS)
    assert DOMAIN["slots"]["requested_slot"]["values"] == list(QUESTIONS)
    assert set(DOMAIN["slots"]) == {
        "requested_slot",
        "in_danger",
        *QUESTIONS,
        *OTHER_SLOTS,
    }


def test_calls_for_help_are_never_answers():
    assert SAFETY <= NOT_ANSWERS


@pytest.mark.parametrize("intent", sorted(SAFETY))
def test_a_safety_rule_without_conditions_hears_it(intent):
    heard = [
        rule
        for rule in RULES["safety"]["rules"]
        if rule["steps"][0] == {"intent": intent} and "condition" not in rule
    ]

    assert len(heard) == 1


def test_every_intent_is_in_a_rule_or_is_the_form_s_own():
    ruled = {step["intent"] for _, step in steps() if "intent" in step}

    assert set(DOMAIN["intents"]) - ruled == set()


def test_every_rule_names_intents_and_actions_that_exist():
    actions = set(DOMAIN["actions"]) | set(DOMAIN["responses"]) | {"account_form"}

    for rule, step in steps():
        if "intent" in step:
            assert step["intent"] in DOMAIN["intents"], rule["rule"]
        if "action" in step:
            assert step["action"] in actions, rule["rule"]


def test_every_choice_leads_somewhere():
    for button in buttons():
        intent = re.match(r"/(\w+)", button["payload"])[1]
        assert intent in DOMAIN["intents"], button


def test_every_question_can_be_skipped_or_ended():
    for name, variations in DOMAIN["responses"].items():
        if name.startswith("utter_ask_account_form_"):
            for variation in variations:
                payloads = {button["payload"] for button in variation["buttons"]}
                assert "/skip" in payloads, name


def test_rule_policy_decides_alone():
    assert [policy["name"] for policy in CONFIG["policies"]] == ["RulePolicy"]
    assert not (ROOT / "data/stories").exists()


def test_the_assistant_has_an_id_so_that_training_leaves_the_file_alone():
    assert CONFIG["assistant_id"]


def test_no_built_in_channel_is_enabled():
    credentials = yaml.safe_load((ROOT / "credentials.yml").read_text(encoding="utf-8"))

    assert all(name.startswith("bot.") for name in credentials)


def test_every_make_command_in_the_readme_exists():
    made = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.M))
    named = set(re.findall(r"`?make ([a-z]+)", (ROOT / "README.md").read_text()))

    assert named <= made
    assert {"run", "test"} <= named
