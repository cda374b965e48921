"""Whole conversations that name people and places: none of it is kept, all comes back."""

from bot.masking import restored

ACCOUNT = (
    "my ex Darren Ogilvie keeps waiting outside my work at 14 Mulberry Road, he texts me "
    "from 07700 900321 and from dazza.o@example.com, his car is KV67 XHB"
)
MORE = "on Monday dazza told Shanice at 9 Larch Close M1 1AE that he will find me"
CANARIES = (
    *"darren ogilvie mulberry 07700 900321 dazza example.com kv67 shanice".split(),
    *"larch pendleton".split(),
    "m1 1ae",
    "67 xhb",  # three letters alone also stand in the random ids of choices
)


def told(meet):
    """Return somebody who has told it all, at several questions of the form."""
    person = meet()
    person.press("Tell you what has been happening")
    person.say(ACCOUNT)
    person.press("Yes, safe for now")
    person.say("more than once")
    person.say("yes, Darren was there yesterday")
    person.say("i am scared, even Mrs Pendleton sees it")
    return person


def test_nothing_that_is_kept_tells_who_or_where(meet):
    """P1, P2: state, answers, evidence and answers given, opened with the key."""
    person = told(meet)

    person.say(MORE)
    person.say("show me the short version")
    person.say("that last one is wrong, Shanice was not there")
    state, answers = person.kept()

    kept = str([state, answers]).lower()
    assert [canary for canary in CANARIES if canary in kept] == []
    assert "[name-1]" in kept
    assert "[phone-number-1]" in kept


def test_what_led_to_a_type_is_quoted_and_comes_back(meet):
    person = told(meet)
    person.press_until_gone(["Skip this", "No, that is all for now"])
    [four] = [part for part in person.parts if part["kind"] == "four"]
    masked = str([row["because"] for row in four["types"]])

    shown = restored(four, person.restore)

    because = [words for row in shown["types"] for words in row["because"]]
    assert "Darren" not in masked
    assert because
    assert all(words.rstrip(" …") in ACCOUNT for words in because)


def test_the_summary_has_everything_back(meet):
    person = told(meet)

    person.say("show me the short version")

    said = person.text()
    assert "Darren" not in said
    assert "[name-1]" in said
    back = str(restored(person.parts, person.restore))
    for words in ("Darren Ogilvie", "14 Mulberry Road", "07700 900321", "KV67 XHB"):
        assert words in back


def test_a_name_is_no_reason_to_be_read_otherwise(meet):
    """The reading hears the words as typed, and the types are the same."""
    seen = []
    for name in ("Darren", "he"):
        person = meet()
        person.press("Tell you what has been happening")
        person.say(f"{name} keeps following me home and {name} sends me letters")
        person.press_until_gone(
            ["Yes, safe for now", "Skip this", "No, that is all for now"]
        )
        [four] = [part for part in person.parts if part["kind"] == "four"]
        seen.append([row["type"] for row in four["types"] if row["present"]])

    assert seen[0] == seen[1] != []


def test_danger_that_names_somebody_is_heard(meet):
    person = meet()

    person.say("Darren is outside 14 Mulberry Road trying to get in")

    assert person.kinds()[0] == "danger"
