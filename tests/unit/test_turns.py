"""A message is answered and kept, once, in order; or it is plainly not."""

import asyncio
import threading

import pytest
import sqlalchemy as sa
from toy import actions
from toy.house import Chat, new_id, run, started, texts

from bot.answering import Answer
from bot.database import conversations
from bot.limits import MESSAGES_PER_CONVERSATION
from bot.refusals import Refused
from bot.sealing import seal
from bot.store import RunningTurn, StoreUnavailable, running
from bot.thinking import ThinkingThread
from bot.turns import cancelled


def talk(tmp_path, work, **settings):
    """Run some work with a started assistant and a conversation in it."""

    async def begun():
        async with started(tmp_path, **settings) as toy:
            chat = Chat(toy)
            await chat.begin()
            return await work(toy, chat)

    return run(begun())


async def refused(saying):
    with pytest.raises(Refused) as refusal:
        await saying
    return refusal.value


def test_a_conversation_begins_with_the_greeting(tmp_path):
    async def work():
        async with started(tmp_path) as toy:
            return await Chat(toy).begin()

    (part,) = run(work())
    assert (part["kind"], part["text"]) == ("choices", "Welcome.")
    assert [choice["label"] for choice in part["choices"]] == [
        "First door",
        "Second door",
    ]


def test_a_choice_does_what_was_offered_and_shows_no_payload(tmp_path):
    async def work():
        async with started(tmp_path) as toy:
            chat = Chat(toy)
            (part,) = await chat.begin()
            second = part["choices"][1]["id"]
            return part, await chat.say(choice=second)

    part, answer = run(work())
    assert "payload" not in str(part)
    assert texts(answer) == ["You picked second."]


def test_a_choice_inside_a_part_works_too(tmp_path):
    async def work(toy, chat):
        (part,) = await chat.say("pick")
        return await chat.say(choice=part["types"][0]["choices"][0]["id"])

    assert texts(talk(tmp_path, work)) == ["You picked third."]


@pytest.mark.parametrize("choice", ["made-up", "first", "answer"])
def test_a_choice_that_was_not_offered_is_refused(tmp_path, choice):
    """I8: and the conversation is as it was."""

    async def work(toy, chat):
        refusal = await refused(chat.say(choice=choice))
        return refusal.code, await chat.say("note after")

    code, answer = talk(tmp_path, work)
    assert code == "choice"
    assert texts(answer) == ["1: note after"]


def test_a_choice_from_an_earlier_step_is_refused(tmp_path):
    """I8: the newest choices alone count."""

    async def work():
        async with started(tmp_path) as toy:
            chat = Chat(toy)
            (part,) = await chat.begin()
            await chat.say("pick")
            return await refused(chat.say(choice=part["choices"][0]["id"]))

    assert run(work()).code == "choice"


def test_a_choice_of_another_conversation_is_refused(tmp_path):
    """I8: what others were offered counts for them alone."""

    async def work(toy, chat):
        other = Chat(toy)
        (part,) = await other.begin()
        return await refused(chat.say(choice=part["choices"][0]["id"]))

    assert talk(tmp_path, work).code == "choice"


def test_the_newest_choices_stay_when_an_answer_offers_none(tmp_path):
    async def work():
        async with started(tmp_path) as toy:
            chat = Chat(toy)
            (part,) = await chat.begin()
            await chat.say("hello")
            return await chat.say(choice=part["choices"][0]["id"])

    assert texts(run(work())) == ["You picked first."]


@pytest.mark.parametrize(
    "text", ["/restart", "/session_start", "/session_begin", '/answer{"answer": "x"}']
)
def test_a_typed_command_is_words(tmp_path, text):
    """I7: nothing that is typed changes the state."""

    async def work(toy, chat):
        await chat.say("note one")
        await chat.say(text)
        return await chat.say("note two")

    assert texts(talk(tmp_path, work)) == ["2: note two"]


FAILING = ["fail", "mute", "circle", "picture", "nonsense"]


@pytest.mark.parametrize("text", FAILING)
def test_a_turn_that_fails_leaves_no_trace_and_can_be_sent_again(tmp_path, text):
    """TRN-1, TRN-5: an action that fails or says nothing ends the turn whole."""

    async def work(toy, chat):
        await chat.say("note one")
        refusal = await refused(chat.say(text))
        again = await refused(chat.say(text))
        return refusal.code, again.code, await chat.say("note two")

    assert talk(tmp_path, work)[:2] == ("not_kept", "not_kept")
    assert texts(talk(tmp_path, work)[2]) == ["2: note two"]


def test_a_form_is_where_it_was_after_a_turn_that_failed(tmp_path):
    """F2: the answers before stay, from memory and from disk."""

    async def work(toy, chat):
        await chat.say("tell")
        await chat.say("somebody")
        await refused(chat.say("fail"))
        toy.turns.forget_idle(after_s=0)
        await refused(chat.say("fail"))
        return await chat.say("london")

    assert texts(talk(tmp_path, work)) == ["It was somebody, london."]


def test_the_same_message_twice_is_answered_once(tmp_path):
    """F22, TRN-2: the second time gets the first answer."""

    async def work(toy, chat):
        name = new_id()
        one = await chat.say("note one", n=1, id=name)
        again = await chat.say("note one", n=1, id=name)
        later = await chat.say("note one", n=2, id=name)
        return one, again, later, await chat.say("note two", n=2)

    one, again, later, two = talk(tmp_path, work)
    assert list(one) == list(again) == list(later)
    assert texts(two) == ["2: note two"]


def test_the_same_message_at_the_same_time_is_answered_once(tmp_path):
    """F22, TRN-2: a double click is one message."""

    async def work(toy, chat):
        name = new_id()
        both = await asyncio.gather(
            chat.say("note one", n=1, id=name), chat.say("note one", n=1, id=name)
        )
        return both, await chat.say("note two", n=2)

    both, two = talk(tmp_path, work)
    assert both[0] == both[1]
    assert texts(two) == ["2: note two"]


def test_another_message_with_the_same_number_is_refused(tmp_path):
    """F23, TRN-2."""

    async def work(toy, chat):
        await chat.say("note one", n=1)
        refusal = await refused(chat.say("note other", n=1))
        return refusal.code, refusal.missing, await chat.say("note two", n=2)

    code, missing, two = talk(tmp_path, work)
    assert (code, missing) == ("order", 2)
    assert texts(two) == ["2: note two"]


def test_messages_that_overtake_each_other_are_answered_in_order(tmp_path):
    """F23, F24: in the order of their numbers, however they arrive."""

    async def work(toy, chat):
        return await asyncio.gather(
            chat.say("note three", n=3),
            chat.say("note two", n=2),
            chat.say("note one", n=1),
        )

    three, two, one = talk(tmp_path, work)
    assert [texts(answer) for answer in (one, two, three)] == [
        ["1: note one"],
        ["2: note two"],
        ["3: note three"],
    ]


def test_more_than_two_waiting_is_too_many(tmp_path):
    """INP-6: one turn runs, two wait, the next is told to wait."""

    async def work(toy, chat):
        sent = [asyncio.ensure_future(chat.say(f"note {n}", n=n)) for n in (1, 2, 3)]
        await asyncio.sleep(0)
        refusal = await refused(chat.say("note four", n=4))
        return refusal.code, refusal.retry_after_s, await asyncio.gather(*sent)

    code, wait_s, answers = talk(tmp_path, work)
    assert (code, wait_s) == ("busy", 1)
    assert texts(answers[2]) == ["3: note 3"]


def test_a_turn_goes_on_when_nobody_listens_any_more(tmp_path):
    """F20, TRN-3: the answer is there when the person comes back."""
    actions.released.clear()

    async def work(toy, chat):
        listening = asyncio.ensure_future(chat.say("hang"))
        await asyncio.sleep(0)
        listening.cancel()
        actions.released.set()
        answer = None
        while not answer:
            answer = await toy.turns.answers_after(chat.session, 0)
        return answer

    (answer,) = talk(tmp_path, work)
    assert answer == Answer(1, ({"kind": "text", "text": "Released."},))


def test_stopping_waits_for_the_running_turn_and_takes_no_more(tmp_path):
    """F7, OPS-3: a turn that began is answered and kept."""
    actions.released.clear()

    async def work(toy, chat):
        running = asyncio.ensure_future(chat.say("hang"))
        await asyncio.sleep(0)
        stopping = asyncio.ensure_future(toy.turns.stop())
        await asyncio.sleep(0)
        refusal = await refused(chat.say("hello", n=2))
        begun = await refused(Chat(toy).begin())
        ready = await toy.is_ready()
        actions.released.set()
        await stopping
        return refusal.code, begun.code, ready, await running

    code, begun, ready, answer = talk(tmp_path, work)
    assert (code, begun, ready) == ("stopping", "stopping", False)
    assert texts(answer) == ["Released."]


def test_danger_comes_first_whatever_else_is_said(tmp_path):
    """TRN-6."""

    async def work(toy, chat):
        return await chat.say("hello he is outside my door right now")

    parts = talk(tmp_path, work)
    assert [part["kind"] for part in parts] == ["danger", "text"]
    assert parts[0]["contacts"][0]["contact"] == "999"


def test_danger_is_answered_when_nothing_else_works(tmp_path):
    """F5, TRN-6: what to do in danger is shown although the turn failed."""

    async def work(toy, chat):
        return await refused(chat.say("fail he is outside my door right now"))

    refusal = talk(tmp_path, work)
    assert [part["kind"] for part in refusal.messages] == ["danger"]


def test_after_danger_every_answer_ends_with_what_to_do(tmp_path):
    async def work(toy, chat):
        return await chat.say("warn"), await chat.say("hello")

    warned, after = talk(tmp_path, work)
    assert [part["kind"] for part in warned] == ["danger"]
    assert texts(after) == ["Hello.", "In danger, call 999."]


def test_one_card_is_enough(tmp_path):
    async def work(toy, chat):
        return await chat.say("warn he is outside my door right now")

    assert [part["kind"] for part in talk(tmp_path, work)] == ["danger"]


def test_answers_can_be_fetched_again_by_number(tmp_path):
    """TRN-3: a browser that lost them gets those it has not seen."""

    async def work(toy, chat):
        for text in ("note one", "note two", "note three"):
            await chat.say(text)
        return await toy.turns.answers_after(chat.session, 1)

    assert [(a.n, texts(a.messages)) for a in talk(tmp_path, work)] == [
        (2, ["2: note two"]),
        (3, ["3: note three"]),
    ]


def test_an_ended_conversation_is_gone_everywhere(tmp_path):
    """P3: no token, no answers, no row."""

    async def work(toy, chat):
        await chat.say("note canaryword")
        await toy.turns.end(chat.session)
        codes = [
            (await refused(chat.say("hello"))).code,
            (await refused(toy.turns.answers_after(chat.session, 0))).code,
            (await refused(toy.turns.end(chat.session))).code,
        ]
        return codes, await toy.conversations.count()

    assert talk(tmp_path, work) == (["session"] * 3, 0)


def test_a_conversation_erased_in_the_middle_of_a_turn_stays_erased(tmp_path):
    """P3."""
    actions.released.clear()

    async def work(toy, chat):
        turn = asyncio.ensure_future(chat.say("hang"))
        await asyncio.sleep(0)
        await toy.turns.end(chat.session)
        actions.released.set()
        refusal = await refused(turn)
        return refusal.code, await toy.conversations.count()

    assert talk(tmp_path, work) in [("not_kept", 0), ("session", 0)]


def test_one_damaged_row_fails_one_conversation_alone(tmp_path):
    """F12: everybody else is answered."""

    async def work(toy, chat):
        other = Chat(toy)
        await other.begin()
        engine = toy.conversations._database.engine
        with engine.begin() as connection:
            connection.exec_driver_sql(
                "UPDATE conversations SET snapshot = x'00ff' WHERE id = ?",
                (chat.session.conversation_id,),
            )
        toy.turns.forget_idle(after_s=0)
        return await refused(chat.say("hello")), await other.say("hello")

    refusal, answer = talk(tmp_path, work)
    assert refusal.code == "not_kept"
    assert texts(answer) == ["Hello."]


@pytest.mark.parametrize(
    "kept",
    [
        {"events": [], "offered": {}},
        {"events": [{"event": "nonsense"}], "offered": {}},
        {"offered": {}},
        ["nonsense"],
        None,
    ],
    ids=["empty", "unknown", "missing", "list", "null"],
)
def test_a_row_that_opens_and_makes_no_sense_is_no_new_conversation(tmp_path, kept):
    """F12, STO-1: a conversation that is known and reads empty is an error."""

    async def work(toy, chat):
        await chat.say("note one")
        name, key = chat.session.conversation_id, chat.session.key
        row, _ = await toy.conversations.find(name, toy.clock())
        sealed = seal(key, f"{name}/snapshot/{row.version}", kept)
        spoilt = sa.update(conversations).values(snapshot=sealed)
        await toy.conversations._database.write(lambda each: each.execute(spoilt))
        toy.turns.forget_idle(after_s=0)
        refusal = await refused(chat.say("note two"))
        return refusal.code, await toy.conversations.find(name, toy.clock())

    code, (row, _) = talk(tmp_path, work)
    assert (code, row.last_n) == ("not_kept", 1)


def test_a_full_house_says_so(tmp_path):
    """INP-6: and when to try again."""

    async def work(toy, chat):
        return await refused(Chat(toy).begin())

    refusal = talk(tmp_path, work, max_sessions=1)
    assert (refusal.code, refusal.retry_after_s) == ("full", 60)


def test_a_conversation_cannot_go_on_for_ever(tmp_path):
    """INP-6: after 200 messages it says that it is very long."""

    async def work(toy, chat):
        return await refused(chat.say("hello", n=MESSAGES_PER_CONVERSATION + 1))

    assert talk(tmp_path, work).code == "long_chat"


def test_a_model_that_hangs_keeps_nobody_else_waiting(tmp_path):
    """F4, TRN-4: reading happens in a thread of its own."""
    hangs = threading.Event()

    async def read_for_ever(message):
        hangs.wait(60)

    async def work():
        thinking = ThinkingThread(read_for_ever)
        reading = asyncio.ensure_future(thinking("message"))
        with pytest.raises(asyncio.TimeoutError):
            await asyncio.wait_for(reading, 0.05)
        thinking.stop()
        hangs.set()

    run(work())


def test_what_the_caller_knows_is_known_in_the_thread():
    async def told(message):
        return running.get().conversation_id

    async def work():
        running.set(RunningTurn("mine"))
        thinking = ThinkingThread(told)
        answer = await thinking("message")
        thinking.stop()
        return answer

    assert run(work()) == "mine"


def test_whoever_waits_for_a_turn_is_told_when_the_service_stops(tmp_path):
    """F7, OPS-3: what runs goes on; what waits behind it, or for a gap, is told at once."""
    actions.released.clear()

    async def work(toy, chat):
        other = Chat(toy)
        await other.begin()
        running = asyncio.ensure_future(chat.say("hang"))
        await asyncio.sleep(0)
        behind = asyncio.ensure_future(chat.say("hello", n=2))
        gap = asyncio.ensure_future(other.say("hello", n=2))
        while len(toy.turns._waiting) < 2:
            await asyncio.sleep(0.01)
        stopping = asyncio.ensure_future(toy.turns.stop())
        told = [(await refused(waiting)).code for waiting in (behind, gap)]
        still_running = not running.done()
        actions.released.set()
        await stopping
        return told, still_running, texts(await running)

    assert talk(tmp_path, work) == (["stopping"] * 2, True, ["Released."])


def test_a_turn_that_does_not_end_in_time_is_told_when_the_service_stops(
    tmp_path, monkeypatch
):
    """F7."""
    actions.released.clear()
    monkeypatch.setattr("bot.turns.STOP_S", 0.05)

    async def work(toy, chat):
        running = asyncio.ensure_future(chat.say("hang"))
        await asyncio.sleep(0)
        await toy.turns.stop()
        actions.released.set()
        return (await refused(running)).code

    assert talk(tmp_path, work) == "stopping"


def test_a_task_that_misses_its_cancellation_is_cancelled_again():
    """F7, OPS-3: one that comes together with what is waited for may be missed."""
    missed = []

    async def hard_of_hearing():
        try:
            await asyncio.sleep(60)
        except asyncio.CancelledError:
            missed.append(1)
        await asyncio.sleep(60)

    async def work():
        task = asyncio.ensure_future(hard_of_hearing())
        await asyncio.sleep(0)
        await asyncio.wait_for(cancelled(task), 30)
        return task.cancelled()

    assert run(work())
    assert missed == [1]


def test_readiness_is_asked_for_once_however_often_it_is_asked(tmp_path, monkeypatch):
    """OPS-1: good or bad, the answer holds for a second."""
    asked = []

    async def probe():
        asked.append(1)
        raise StoreUnavailable

    async def work(toy, chat):
        monkeypatch.setattr(toy.conversations, "probe", probe)
        at_once = await asyncio.gather(*(toy.is_ready() for _ in range(50)))
        return at_once, await toy.is_ready()

    assert talk(tmp_path, work) == ([False] * 50, False)
    assert len(asked) == 1
