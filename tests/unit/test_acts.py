"""Finer acts are heard in a person's words, and only where they were done."""

import pytest

from bot.acts import acts_in, clauses, quoted, quotes, spelt
from bot.knowledge import load_acts

# One sentence for each act, as people type.
HEARD = {
    "following": "he followed me all the way from the station",
    "watching": "she stares at me through the window",
    "loitering": "he waits outside my work",
    "at_your_home": "he keeps coming to my house",
    "drone_or_cameras": "theres a drone over the garden most evenings",
    "tracker": "found an airtag in my bag",
    "spyware_or_hacking": "she got into my emails again",
    "monitoring_online": "he watches every one of my stories",
    "asking_about_you": "he asks my mates about me",
    "fake_profile": "someone made a fake profile of me",
    "posting_about": "she posts things about me on facebook",
    "spreading_lies": "he is spreading lies about me",
    "doxxing": "they put my address online",
    "orders_in_name": "taxis i never ordered keep coming",
    "intimate_images": "he shared my nudes with everyone at work",
    "threat_to_share_images": "says he'll send the photos to my dad",
    "cyberflashing": "he sent me a dick pic",
    "voyeurism": "he filmed me in the shower",
    "messages": "he texts me day and night",
    "abusive_messages": "i get nasty messages off her",
    "threatening_messages": "he messaged saying he would hurt me",
    "sexual_messages": "dirty messages from my boss",
    "calls": "she rings me forty times a day",
    "silent_calls": "silent calls in the night",
    "gifts": "he leaves flowers on my car",
    "frightening_items": "a dead bird on the doorstep",
    "letters": "pushes letters through my door",
    "people_around_you": "he keeps messaging my friends",
    "damage": "my tyres have been slashed",
    "graffiti": "someone sprayed paint on the fence",
    "breaking_in": "he broke into the house while i was out",
    "stealing": "he took my underwear off the line",
    "approached": "she came up to me in tesco",
    "blocked_way": "he wouldn't let me leave",
    "assault": "he pushed me against the wall",
    "strangling": "he put his hands round my neck",
    "weapon": "he had a knife in the car",
    "threat_to_kill": "he said he would kill me",
    "threat_to_hurt": "she said she'd batter me",
    "threats": "he has threatened me",
    "threat_to_damage": "he said he'd smash the windows",
    "self_harm_threat": "he says he will kill himself if i don't answer",
    "told_to_self_harm": "told me to kill myself",
    "blackmail": "he is blackmailing me",
    "false_reports": "she rang social services on me",
    "breach_of_order": "he's breaking the restraining order",
    "frightening_a_witness": "told me to drop the charges",
    "controlling": "he controls who i see and takes my money",
    "forced_marriage": "they want to force me to marry",
    "threatening_words_in_public": "he screamed abuse at me outside asda",
    "sexual_words_in_public": "makes sexual comments when i walk past",
    "hate_words": "she shouts racist things over the fence",
    "sexual_touching": "he groped me on the bus",
    "exposure": "he exposed himself to me",
    "spiking": "i think my drink was spiked",
    "nuisance": "they bang on the wall all night",
}


def test_every_act_of_the_knowledge_has_a_sentence_here():
    assert set(HEARD) == set(load_acts())


@pytest.mark.parametrize(("act", "sentence"), HEARD.items())
def test_an_act_is_heard_as_people_type_it(act, sentence):
    assert act in acts_in(sentence)


@pytest.mark.parametrize(
    ("sentence", "act"),
    [
        ("he follwos me home", "following"),
        ("he keeps textign me", "messages"),
        ("she thretened me", "threats"),
        ("my winows were smahsed", "damage"),
        ("he was wathcing me from his van", "watching"),
    ],
)
def test_a_slip_of_the_keys_does_not_hide_an_act(sentence, act):
    assert act in acts_in(sentence)


def test_other_words_are_not_mended_into_an_act():
    assert spelt("she wanted to massage my packed lunch") == (
        "she wanted to massage my packed lunch"
    )


@pytest.mark.parametrize(
    "sentence",
    [
        "he has never hit me",
        "she hasn't threatened me",
        "he never followed me or pushed me",
        "no threats, no messages",
        "nobody has followed me",
        "what if he follows me",
        "he might follow me",
        "maybe he hacked my phone",
        "i'm scared he will kill me",
        "if he follows me what do i do",
        "does following someone count as stalking",
        "i texted him to stop",
        "my mum would kill me",
    ],
)
def test_what_did_not_happen_is_no_act(sentence):
    assert acts_in(sentence) == ()


def test_a_denial_covers_its_own_clause_alone():
    assert acts_in("he has never hit me but he follows me") == ("following",)


@pytest.mark.parametrize(
    ("sentence", "act"),
    [
        ("he won't stop following me", "following"),
        ("i can't stand him watching me", "watching"),
        ("he never stops ringing me", "calls"),
        ("i didn't answer so he came to my house", "at_your_home"),
    ],
)
def test_a_not_that_belongs_to_another_word_denies_nothing(sentence, act):
    assert act in acts_in(sentence)


def test_a_threat_to_do_it_is_not_the_doing():
    heard = acts_in("he threatened to post my nudes online")

    assert "threat_to_share_images" in heard
    assert "intimate_images" not in heard


def test_what_the_writer_received_is_not_the_writers_own_act():
    assert "letters" in acts_in("i got a letter from him")


def test_the_words_that_tell_of_an_act_can_be_quoted():
    text = "It was fine at first. Then he followed me home, he rang me all night"

    assert quotes(text, load_acts()["following"]) == ("Then he followed me home",)


def test_a_list_stays_in_one_clause():
    assert clauses("he sent flowers, cards and chocolates. he rang") == (
        "he sent flowers, cards and chocolates",
        "he rang",
    )


@pytest.mark.parametrize("text", ["", "   ", "…", "😐"])
def test_nothing_is_heard_in_no_words(text):
    assert acts_in(text) == ()


def test_a_long_quotation_is_shortened_at_a_word():
    said = quoted("he follows me " * 40)

    assert said.endswith("…”")
    assert len(said) < 130
