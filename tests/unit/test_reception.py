"""The reception: no flood keeps a person from being heard, and what is over stays so."""

import asyncio

import pytest
from toy.house import Chat, facts, new_id, run, started
from toy.keys import ORIGIN

from bot.assembly import SWEEP_EVERY_S
from bot.gate import Message
from bot.knowledge import load
from bot.limits import Limit, Limits
from bot.pages import environment
from bot.plain import PlainChat, Ticket
from bot.refusals import Refused, help_contacts
from bot.session import ServerKey, new_key
from bot.turns import MOST_BEGINNING

HOME, ELSEWHERE = "home", "elsewhere"


def talk(tmp_path, work, limits=None):
    """Run some work with a started assistant and a conversation in it."""

    async def begun():
        async with started(tmp_path, limits=limits) as toy:
            chat = Chat(toy)
            await chat.begin()
            return await work(toy, chat)

    return run(begun())


async def code_of(calling):
    with pytest.raises(Refused) as refusal:
        await calling
    return refusal.value.code


def note(n):
    return Message(new_id(), n, "note")


def test_a_thief_elsewhere_uses_up_nothing_of_what_the_person_may_say(tmp_path):
    """S5, INP-6."""
    limits = Limits(messages=(Limit(2, 60.0),))

    async def work(toy, chat):
        send, session = toy.reception.send, chat.session
        await send(session, ELSEWHERE, note(1))
        await send(session, ELSEWHERE, note(2))
        thief = await code_of(send(session, ELSEWHERE, note(3)))
        answer = await send(session, HOME, note(3))
        return thief, answer.n

    assert talk(tmp_path, work, limits) == ("rate", 3)


def test_what_one_conversation_may_not_say_is_not_charged_to_its_neighbours(tmp_path):
    """S5, INP-6: people share addresses."""
    limits = Limits(messages=(Limit(1, 60.0),), messages_from=(Limit(2, 60.0),))

    async def work(toy, chat):
        neighbour = Chat(toy)
        await neighbour.begin()
        await toy.reception.send(chat.session, HOME, note(1))
        for _ in range(5):
            await code_of(toy.reception.send(chat.session, HOME, note(2)))
        return (await toy.reception.send(neighbour.session, HOME, note(1))).n

    assert talk(tmp_path, work, limits) == 1


def test_messages_far_ahead_do_not_keep_the_next_one_out(tmp_path):
    """S5, F24: few wait for what comes before them; the others are told at once."""

    async def work(toy, chat):
        ahead = [asyncio.ensure_future(chat.say("note", n=n)) for n in range(90, 94)]
        while sum(each.done() for each in ahead) < 2:
            await asyncio.sleep(0.01)
        answer = await chat.say("note", n=1)
        codes = sorted(each.exception().code for each in ahead if each.done())
        for each in ahead:
            each.cancel()
        return codes, answer

    codes, answer = talk(tmp_path, work)
    assert codes == ["busy", "gap"]
    assert answer[0]["text"] == "1: note"


def test_answers_cannot_be_asked_for_without_end(tmp_path):
    """INP-6: and whoever asks too often can still leave."""
    limits = Limits(calls=(Limit(2, 60.0),))

    async def work(toy, chat):
        for _ in range(2):
            await toy.reception.since(chat.session, HOME, 0)
        code = await code_of(toy.reception.since(chat.session, HOME, 0))
        await toy.reception.end(chat.session, HOME)
        return code, await toy.conversations.count()

    assert talk(tmp_path, work, limits) == ("rate", 0)


def test_a_rush_of_new_people_is_let_in_a_few_at_a_time(tmp_path, monkeypatch):
    """S6: beyond those who can wait, the house says that it is full."""
    monkeypatch.setattr("bot.turns.DOOR_S", 30)

    async def work(toy, chat):
        rush = [
            toy.reception.open(f"address {each}", ORIGIN)
            for each in range(MOST_BEGINNING + 10)
        ]
        came = await asyncio.gather(*rush, return_exceptions=True)
        refused = [each.code for each in came if isinstance(each, Refused)]
        return len(came) - len(refused), refused

    assert talk(tmp_path, work) == (MOST_BEGINNING, ["full"] * 10)


def test_who_waits_too_long_to_begin_is_told_and_may_come_back(tmp_path, monkeypatch):
    """L4, S6, TRN-4: sooner than a turn may take."""
    monkeypatch.setattr("bot.turns.DOOR_S", 0.05)

    async def work(toy, chat):
        async with toy.turns._doors, toy.turns._doors:  # as many as begin at a time
            with pytest.raises(Refused) as refusal:
                await Chat(toy).begin()
        return refusal.value, await Chat(toy).begin()

    refusal, greeting = talk(tmp_path, work)
    assert (refusal.code, refusal.retry_after_s) == ("full", 5)
    assert greeting[0]["text"] == "Welcome."


def test_what_is_over_is_refused_without_asking_the_database(tmp_path):
    """S1: an old token is refused as fast as one that never was."""

    async def work(toy, chat):
        await toy.reception.end(chat.session, HOME)
        await code_of(toy.reception.since(chat.session, HOME, 0))
        toy.conversations.close()
        with pytest.raises(Refused) as refusal:
            toy.reception.session(chat.token, ORIGIN)
        return refusal.value.code

    assert talk(tmp_path, work) == "session"


def test_a_ticket_outlives_the_change_of_keys_once(tmp_path):
    """S4: that of the plain page, as its token does."""
    keys = [ServerKey.from_text(new_key()) for _ in range(3)]
    templates, contacts = environment(load()), help_contacts(facts())

    async def work(toy, chat):
        pages = [
            PlainChat(toy, templates, contacts, some)
            for some in (keys[:1], [keys[1], keys[0]], keys[:0:-1])
        ]
        ticket = Ticket(chat.token, 1, "nonce")
        sealed = pages[0]._sealed(ticket)
        with pytest.raises(Refused) as refusal:
            pages[2]._ticket(sealed)
        return pages[1]._ticket(sealed) == ticket, refusal.value.code

    assert talk(tmp_path, work) == (True, "session")


@pytest.mark.parametrize("more", ["A", "==", "AAAA", "\n", " ", "-"])
def test_a_ticket_is_written_in_one_way_alone(tmp_path, more):
    """S1."""
    templates, contacts = environment(load()), help_contacts(facts())

    async def work(toy, chat):
        page = PlainChat(toy, templates, contacts, [ServerKey.from_text(new_key())])
        sealed = page._sealed(Ticket(chat.token, 1, "nonce"))
        with pytest.raises(Refused) as refusal:
            page._ticket(sealed + more)
        return refusal.value.code

    assert talk(tmp_path, work) == "session"


def test_counts_are_forgotten_while_nobody_calls(tmp_path, monkeypatch):
    """INP-7: the sweep takes them along."""
    monkeypatch.setattr("bot.assembly.SWEEP_EVERY_S", 0.01)
    soon = (Limit(5, 0.1),)

    async def work(toy, chat):
        await toy.reception.send(chat.session, HOME, note(1))
        await toy.reception.since(chat.session, HOME, 0)
        counts = (toy.reception._said, toy.reception._said_from, toy.reception._called)
        while any(rates._seen for rates in counts):
            await asyncio.sleep(0.01)

    limits = Limits(messages=soon, messages_from=soon, sessions_from=soon, calls=soon)
    talk(tmp_path, lambda *both: asyncio.wait_for(work(*both), 30), limits)


def test_no_count_is_kept_for_longer_than_a_quarter_of_an_hour():
    """INP-7: no limit looks back so far, and the sweep comes every minute."""
    limits = Limits()
    every = (limits.messages, limits.messages_from, limits.sessions_from, limits.calls)

    longest_s = max(limit.per_s for each in every for limit in each)

    assert longest_s + SWEEP_EVERY_S <= 15 * 60
