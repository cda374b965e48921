"""An action server that fails in every way, at every moment of a form."""

import asyncio
import itertools
import time

import pytest
from rasa.utils.endpoints import EndpointConfig
from toy.action_server import MODES, FakeActions
from toy.house import Chat, run, started, texts

from bot import danger
from bot.behaviours import Danger
from bot.endpoint import RemoteActions
from bot.refusals import Refused

pytestmark = pytest.mark.first_half

# What the plan promises a person, three times over for a machine that has other work.
SLACK = 3
WHO = ("he is", "hes", "she is", "my ex is", "they are")
WHERE = (
    "outside my door right now",
    "in my house right now",
    "kicking the door in",
    "breaking in",
    "trying to get in right now",
    "at the door with a knife",
    "here and is going to kill me",
    "chasing me right now",
    "strangling me",
    "at my window now",
)


@pytest.fixture(scope="module")
def server():
    server = FakeActions()
    yield server
    server.stop()


@pytest.fixture
def house(server, tmp_path):
    """Return a way to run some work with an assistant whose actions are elsewhere."""
    server.mode = "good"

    def held(work):
        async def with_it():
            endpoint = RemoteActions(EndpointConfig(server.url))
            async with started(tmp_path, endpoint=endpoint) as toy:
                return await work(toy)

        return run(with_it())

    return held


async def begun(toy):
    chat = Chat(toy)
    await chat.begin()
    return chat


async def failure(saying):
    """Return the refusal of something that is not answered, and how long it took."""
    since = time.monotonic()
    with pytest.raises(Refused) as refusal:
        await saying
    return refusal.value, time.monotonic() - since


@pytest.mark.parametrize("mode", [*MODES, "dead"])
def test_a_form_goes_on_where_it_was_when_its_actions_work_again(server, house, mode):
    """F1, F2, F3, ACT-3, TRN-1, TRN-5: each failure, at each moment of a form, is told
    plainly, skips nothing, and the same message sent again is answered."""

    async def said(chat, text):
        """Say it while actions fail, then again when they work."""
        await asyncio.to_thread(server.die) if mode == "dead" else None
        server.mode = mode if mode != "dead" else "good"
        refused, took_s = await failure(chat.say(text, id=ids[text]))
        server.mode = "good"
        await asyncio.to_thread(server.come_back) if mode == "dead" else None
        assert (refused.code, refused.messages) == ("not_kept", ())
        assert took_s <= 1 * SLACK
        return texts(await chat.say(text, id=ids[text]))

    words = ("tell", "canary somebody", "canary london")
    ids = {text: f"11111111-1111-4111-8111-{n:012d}" for n, text in enumerate(words)}

    async def work(toy):
        chat = await begun(toy)
        return [await said(chat, text) for text in words]

    assert house(work) == [
        ["Who?"],
        ["Where?"],
        ["It was canary somebody, canary london."],
    ]


def test_a_slow_action_is_waited_for_five_seconds_and_others_wait_for_nothing(
    server, house
):
    """F4, TRN-4: four seconds are answered; six, thirty and a drip fail in six."""

    async def slow(toy, mode):
        chats = [await begun(toy) for _ in range(10)]
        server.mode, before = mode, server.calls
        since = time.monotonic()
        jobs = [asyncio.ensure_future(chat.say("note one")) for chat in chats]
        while server.calls < before + len(jobs):
            await asyncio.sleep(0.01)
        done = asyncio.gather(*jobs, return_exceptions=True)
        return asyncio.ensure_future(timed(done, since))

    async def timed(done, since):
        return await done, time.monotonic() - since

    async def work(toy):
        other = [await begun(toy) for _ in range(20)]
        waiting = {mode: await slow(toy, mode) for mode in (4, 6, 30, "drip")}
        took = []
        for chat in other:
            since = time.monotonic()
            assert texts(await chat.say("hello")) == ["Hello."]
            took.append(time.monotonic() - since)
        return {mode: await job for mode, job in waiting.items()}, sorted(took)

    found, others = house(work)
    answered, _ = found.pop(4)
    assert [texts(answer) for answer in answered] == [["1: note one"]] * 10
    for refusals, took_s in found.values():
        assert [refused.code for refused in refusals] == ["not_kept"] * 10
        assert took_s <= 6 * SLACK
    assert others[18] <= 1.5 * SLACK


def test_danger_is_answered_while_the_actions_are_dead(server, house):
    """F5, TRN-6: fifty calls for help, and 999 for each of them."""
    phrases = [f"note {who} {where}" for who, where in itertools.product(WHO, WHERE)]

    async def work(toy):
        chats = [await begun(toy) for _ in phrases]
        await asyncio.to_thread(server.die)
        try:
            return [
                await failure(chat.say(phrase))
                for chat, phrase in zip(chats, phrases, strict=True)
            ]
        finally:
            await asyncio.to_thread(server.come_back)

    urgent = {Danger.IMMEDIATE, Danger.CRISIS}
    assert [p for p in phrases if not urgent & set(danger.hear(p).levels)] == []
    for refused, took_s in house(work):
        (card,) = refused.messages
        assert (card["kind"], card["contacts"][0]["contact"]) == ("danger", "999")
        assert took_s <= 1.5 * SLACK
