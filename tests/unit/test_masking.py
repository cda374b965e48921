"""What tells who somebody is, is hidden with the same token each time, and comes back."""

import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from toy.house import Chat, new_id, run, started, texts

from bot.behaviours import Behaviour, BehaviourType, Reading, Span
from bot.masking import Found, Masked, Masker, Numbers, is_masked, restored
from bot.sealing import unseal

KEY = b"k" * 32
RAW = "note: Dave Platt rang from 07700 900123, he is outside 12 Elm Street"
CANARIES = ("dave", "platt", "07700", "900123", "elm")


def finds(kind, *words):
    """Return something that finds these words."""

    def find(text, *_):
        for each in words:
            for match in re.finditer(re.escape(each), text, re.I):
                yield Found(*match.span(), kind)

    return find


def mask(text, *names, numbers=None, patterns=()):
    masker = Masker(finds("link", *patterns), finds("name", *names), lambda _: ((), ()))
    return masker.mask(text, KEY, numbers or Numbers())


def test_the_words_become_tokens_and_come_back():
    masked = mask("Dave and Jo, then Dave", "dave", "jo")

    assert masked.text == "[name-1] and [name-2], then [name-1]"
    assert masked.restore == {"[name-1]": "Dave", "[name-2]": "Jo"}
    assert restored(masked.text, masked.restore) == "Dave and Jo, then Dave"


@pytest.mark.parametrize(
    "again", ["Dave Platt", "dave platt", "DAVE  PLATT", "dave-platt"]
)
def test_the_same_name_later_has_the_same_token(again):
    first = mask("Dave Platt", "dave platt")
    numbers = Numbers.from_dict(json.loads(json.dumps(first.numbers.to_dict())))

    later = mask(f"Jo saw {again}", "jo", again, numbers=numbers)

    assert later.text == "[name-2] saw [name-1]"


def test_accounts_that_differ_by_a_sign_are_two():
    masked = mask("dave_92 and dave92 x.com/a X.com/a", patterns=("dave_92", "dave92"))
    links = mask("x.example/a x.example/A", patterns=("x.example/a",))

    assert masked.text.startswith("[link-1] and [link-2] ")
    assert links.text == "[link-1] [link-2]"


def test_the_numbers_hold_no_words():
    masked = mask("Dave on example.com", "dave", patterns=["example.com"])

    assert masked.text == "[name-1] on [link-1]"
    assert "dave" not in str(masked.numbers.to_dict()).lower()
    assert "example" not in str(masked.numbers.to_dict()).lower()


def test_a_number_is_never_given_twice():
    before = mask("Dave", "dave").numbers.forgotten()

    assert mask("Jo", "jo", numbers=before).text == "[name-2]"


def test_a_token_that_was_typed_is_no_token_of_ours():
    masked = mask("[name-1] is what Dave typed, [Name-1]", "dave")

    assert masked.text == "[words-1] is what [name-1] typed, [words-2]"
    assert restored(masked.text, masked.restore).startswith("[name-1] is what Dave")


def test_words_that_overlap_are_hidden_together():
    masked = mask("see www.dave.com/x now", "dave.com/x", patterns=["www.dave.com"])

    assert masked.text == "see [link-1] now"
    assert masked.restore == {"[link-1]": "www.dave.com/x"}


def test_evidence_is_quoted_in_masked_words():
    masked = mask("then Dave followed me on Monday", "dave")
    evidence, date = Span(5, 21, "Dave followed me"), Span(22, 31, "on Monday")
    kind = BehaviourType.FIXATED
    reading = Reading("tell", 1.0, (Behaviour(kind, 1.0, (evidence,)),), dates=(date,))

    told = masked.reading(reading)

    [span] = told.behaviours[0].evidence
    assert span.text == "[name-1] followed me"
    assert told.dates[0].text == "on Monday"
    assert masked.text[told.dates[0].start : told.dates[0].end] == "on Monday"


def test_a_span_that_cuts_a_name_takes_the_whole_token():
    masked = mask("saw Dave Platt there", "dave platt")

    assert masked.span(Span(9, 20, "Platt there")).text == "[name-1] there"
    assert masked.span(Span(0, 8, "saw Dave")).text == "saw [name-1]"


@given(st.text("ab X", max_size=40), st.data())
def test_words_apart_from_what_is_hidden_are_found_again(text, data):
    masked = mask(text, "X")
    start = data.draw(st.integers(0, len(text)))
    end = data.draw(st.integers(start, len(text)))

    span = masked.span(Span(start, end, text[start:end]))

    assert restored(span.text, masked.restore) == text[start:end]
    assert span.text == masked.text[span.start : span.end]


def test_every_text_of_a_part_is_restored_and_nothing_twice():
    part = {"text": "[name-1]", "because": ["by [name-2]"], "n": 3, "view": None}

    shown = restored(part, {"[name-1]": "[name-2]", "[name-2]": "Jo"})

    assert shown == {"text": "[name-2]", "because": ["by Jo"], "n": 3, "view": None}


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ([{"text": "hello"}], False),
        ([{"text": "hello", "sections": [{"lines": ["by [phone-number-12]"]}]}], True),
        ("[name]", False),
        (None, False),
    ],
)
def test_what_is_still_masked_is_known(value, expected):
    assert is_masked(value) is expected


def test_a_masked_message_shows_no_words_in_a_traceback():
    assert "Dave" not in repr(mask("Dave", "dave"))
    assert "Dave" not in repr(Masked("Dave", "[name-1]"))


def talk(tmp_path, work):
    async def begun():
        async with started(tmp_path) as toy:
            chat = Chat(toy)
            await chat.begin()
            return await work(toy, chat)

    return run(begun())


async def opened(toy, chat):
    """Return everything that is kept of a conversation, opened with its key."""
    name, key = chat.session.conversation_id, chat.session.key
    kept, _ = await toy.conversations.find(name, toy.clock())
    turns = await toy.conversations.answers_after(name, -1, toy.clock())
    state = unseal(key, f"{name}/snapshot/{kept.version}", kept.snapshot)
    return [state, *(unseal(key, f"{name}/answer/{t.n}", t.answer) for t in turns)]


def test_nothing_that_is_kept_tells_who_or_where(tmp_path):
    """P1, P2: opened with the person's own key, no name, number or address is in it.

    Danger is heard in the words as typed: the card comes first.
    """

    async def work(toy, chat):
        answer = await chat.say(RAW)
        return texts(answer), chat.restore, str(await opened(toy, chat)).lower()

    answer, restore, kept = talk(tmp_path, work)

    assert answer[-1] == (
        "1: note: [name-1] rang from [phone-number-1], he is outside [address-1]"
    )
    assert restore == {
        "[name-1]": "Dave Platt",
        "[phone-number-1]": "07700 900123",
        "[address-1]": "12 Elm Street",
    }
    assert "[name-1]" in kept
    assert not any(canary in kept for canary in CANARIES)


def test_no_log_line_tells_who_or_where(tmp_path, caplog, capsys):
    """P1: not at the most talkative level either."""
    caplog.set_level("DEBUG")

    async def work(toy, chat):
        await chat.say(RAW)

    talk(tmp_path, work)

    said = (caplog.text + "".join(capsys.readouterr())).lower()
    assert not any(canary in said for canary in CANARIES)


def test_a_message_sent_again_has_its_words_again(tmp_path):
    """F22: what was masked is found again from the message, from memory and from disk."""

    async def work(toy, chat):
        name, found = new_id(), []
        for forgets in (False, False, True):
            if forgets:
                await chat.say("note by Jo Bloggs")
                toy.turns.forget_idle(after_s=0)
            answer = await chat.say("note by Dave", n=1, id=name)
            found.append((texts(answer), dict(chat.restore)))
        return found

    assert talk(tmp_path, work) == [(["1: note by [name-1]"], {"[name-1]": "Dave"})] * 3


def test_a_name_keeps_its_token_after_a_restart(tmp_path):
    async def work(toy, chat):
        await chat.say("note by Dave")
        toy.turns.forget_idle(after_s=0)
        return texts(await chat.say("note by Jo and dave")), chat.restore

    answer, restore = talk(tmp_path, work)

    assert answer == ["2: note by [name-2] and [name-1]"]
    assert restore == {"[name-2]": "Jo", "[name-1]": "dave"}


def test_what_is_forgotten_takes_its_tokens_along_and_no_number_comes_again(tmp_path):
    async def work(toy, chat):
        await chat.say("note by Dave")
        await chat.say("again")
        [state, *_] = await opened(toy, chat)
        return state["masked"]["tokens"], texts(await chat.say("note by Jo"))

    tokens, answer = talk(tmp_path, work)

    assert tokens == {}
    assert answer == ["1: note by [name-2]"]


def test_a_turn_that_fails_gives_no_number_away(tmp_path):
    """F2."""

    async def work(toy, chat):
        with pytest.raises(Exception, match="not_kept"):
            await chat.say("fail Dave")
        return texts(await chat.say("note by Jo"))

    assert talk(tmp_path, work) == ["1: note by [name-1]"]


def test_a_masked_slash_is_still_no_command(tmp_path):
    """I7."""

    async def work(toy, chat):
        return texts(await chat.say("/note by Dave"))

    [answer] = talk(tmp_path, work)

    assert "Dave" not in answer
