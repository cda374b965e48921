"""Where actions run, and that no failure of theirs passes unnoticed."""

import asyncio
import json

import jsonschema
import pytest
from rasa.core.actions.action import RemoteAction
from rasa.utils.endpoints import ClientResponseError, EndpointConfig
from toy import actions
from toy.house import Chat, agent, run, started

from bot import guards
from bot.endpoint import (
    ActionsMissing,
    Guarded,
    LocalActions,
    RemoteActions,
    TurnAborted,
    _without_old_values,
    endpoint_from,
)

ANSWER = {"events": [], "responses": []}


def call(name, **slots):
    tracker = {"sender_id": "x", "slots": slots, "latest_message": {"text": "hello"}}
    return {"json": {"next_action": name, "tracker": tracker, "domain": {}}}


class Answering:
    """An endpoint that answers, or fails, as it is told."""

    url = None

    def __init__(self, answer):
        self.kwargs = {}
        self.answer = answer

    async def request(self, **call):
        if isinstance(self.answer, BaseException):
            raise self.answer
        return self.answer


def test_an_action_runs_in_this_process():
    answer = run(LocalActions("toy.actions").request(**call("action_echo")))

    assert answer["responses"][0]["text"] == "1: hello"
    assert answer["events"][0]["value"] == ["hello"]


def test_an_action_cannot_change_what_it_is_given():
    given = call("action_echo", heard=["a"])
    before = json.dumps(given)

    run(LocalActions("toy.actions").request(**given))

    assert json.dumps(given) == before


def test_a_package_that_cannot_be_imported_is_named():
    with pytest.raises(ActionsMissing, match=r"toy\.nowhere"):
        LocalActions("toy.nowhere")


def test_an_action_nobody_wrote_is_named():
    local = LocalActions("toy.actions")

    run(local.check(["action_echo"]))
    with pytest.raises(ActionsMissing, match="action_of_nobody"):
        run(local.check(["action_echo", "action_of_nobody"]))


def test_an_action_server_that_is_not_there_is_noticed():
    remote = RemoteActions(EndpointConfig("http://127.0.0.1:9/webhook"))

    with pytest.raises(ActionsMissing, match="does not answer"):
        run(remote.check(["action_echo"]))


@pytest.mark.parametrize(
    ("config", "url", "kind"),
    [
        (EndpointConfig(package="toy.actions"), "", LocalActions),
        (EndpointConfig("http://127.0.0.1:1/webhook"), "", RemoteActions),
        (EndpointConfig(package="toy.actions"), "http://127.0.0.1:1/w", RemoteActions),
    ],
)
def test_an_action_server_is_called_when_one_is_named(config, url, kind):
    assert isinstance(endpoint_from(config, url), kind)


@pytest.mark.parametrize("config", [None, EndpointConfig()])
def test_actions_must_be_somewhere(config):
    with pytest.raises(ActionsMissing):
        endpoint_from(config)


def test_a_good_answer_passes_the_guard():
    assert run(Guarded(Answering(ANSWER)).request(**call("action_x"))) == ANSWER


SLOT = {"event": "slot", "name": "x", "value": {"any": ["thing"]}}
EVENTS = (
    SLOT,
    {**SLOT, "timestamp": 1.5},
    {**SLOT, "timestamp": None, "metadata": {"a": 1}},
    {**SLOT, "metadata": []},
    {"event": "slot", "name": "x"},
    {"event": "followup", "name": "action_x"},
    {"event": "reset_slots"},
    {"event": "user", "text": None, "parse_data": {"entities": [{"entity": "x"}]}},
    {"event": "user", "text": 1},
    {"event": "action", "name": "x", "confidence": "high"},
    {"event": "entities"},
    {"event": "unheard_of"},
)


@pytest.mark.parametrize("event", EVENTS, ids=repr)
def test_an_event_is_judged_as_rasas_own_schema_judges_it(event):
    answer = {"events": [event], "responses": []}
    try:
        jsonschema.validate(answer, RemoteAction.action_response_format_spec())
        fits = True
    except jsonschema.ValidationError:
        fits = False

    try:
        run(Guarded(Answering(answer)).request(**call("action_x")))
        passes = True
    except TurnAborted:
        passes = False

    assert passes == fits


@pytest.mark.parametrize(
    "answer",
    [
        None,
        [],
        "<html>",
        {},
        {"events": []},
        {"events": {}, "responses": []},
        {"events": [], "responses": [None]},
        {"events": ["slot"], "responses": []},
        {"events": [{"name": "x"}], "responses": []},
        {**ANSWER, "more": 1},
        {"events": [{"event": "unheard_of"}], "responses": []},
        {"events": [{"event": "slot"}], "responses": []},
        {"events": [{"event": "slot", "name": 1, "value": "x"}], "responses": []},
        {
            "events": [{"event": "slot", "name": "x", "value": 1, "timestamp": "now"}],
            "responses": [],
        },
        RuntimeError("words"),
        SystemError("words"),
        ClientResponseError(500, "no", "words"),
        ClientResponseError(404, "no", '{"action_name": "action_x"}'),
        ClientResponseError(400, "no", "words"),
        ClientResponseError(400, "no", "[]"),
        ClientResponseError(400, "no", '{"action_name": "action_other"}'),
    ],
    ids=repr,
)
def test_any_other_answer_ends_the_turn(answer):
    """F3, ACT-3."""
    with pytest.raises(TurnAborted) as abort:
        run(Guarded(Answering(answer)).request(**call("action_x")))

    assert abort.value.__cause__ is None


def test_an_action_may_still_reject_to_run():
    told = ClientResponseError(400, "no", '{"action_name": "action_x", "error": "x"}')

    with pytest.raises(ClientResponseError):
        run(Guarded(Answering(told)).request(**call("action_x")))


def test_an_action_that_hangs_ends_the_turn():
    """F4."""
    actions.released.clear()
    guarded = Guarded(LocalActions("toy.actions"), deadline_s=0.05)

    async def work():
        with pytest.raises(TurnAborted):
            await guarded.request(**call("action_hang"))
        actions.released.set()

    run(work())


def test_a_cancelled_turn_is_cancelled_and_not_aborted():
    async def work():
        guarded = Guarded(Answering(asyncio.CancelledError()))
        with pytest.raises(asyncio.CancelledError):
            await guarded.request(**call("action_x"))

    run(work())


def test_the_proof_passes_when_every_hook_is_in_force(tmp_path):
    async def work():
        async with started(tmp_path) as toy:
            await guards.prove(toy.agent)

    run(work())


@pytest.mark.parametrize(
    "unhook",
    [
        lambda a: setattr(a.tracker_store, "_on_tracker_store_error", None),
        lambda a: delattr(a.processor, "_run_action"),
        lambda a: setattr(a.processor, "on_circuit_break", None),
        lambda a: setattr(a.processor, "handle_message", silent),
    ],
    ids=["store", "action", "circle", "speech"],
)
def test_a_hook_that_is_not_in_force_stops_the_start(tmp_path, unhook):
    """F30: as it would be if Rasa gave the private name another meaning."""

    async def work():
        async with started(tmp_path) as toy:
            unhook(toy.agent)
            with pytest.raises(guards.GuardMissing):
                await guards.prove(toy.agent)

    try:
        run(work())
    finally:
        agent.cache_clear()


async def silent(message):
    """Say nothing, as a missing model does."""


def test_an_action_that_fails_is_never_skipped_over(tmp_path):
    """F1, TRN-1."""

    async def work():
        async with started(tmp_path) as toy:
            chat = Chat(toy)
            await chat.begin()
            with pytest.raises(Exception, match="not_kept"):
                await chat.say("fail")
            return await chat.say("hello")

    assert run(work())[0]["text"] == "Hello."


def test_an_action_is_told_what_slots_hold_and_not_what_they_held():
    given = call("action_echo", heard=["a", "b"])
    given["json"]["tracker"]["events"] = [
        {"event": "slot", "name": "heard", "value": ["a" * 100_000]},
        {"event": "slot", "name": "requested_slot", "value": "place"},
        {"event": "user", "text": "hello"},
        {"event": "slot", "name": "heard", "value": ["a", "b"]},
    ]

    plain = _without_old_values(given["json"])

    assert plain["tracker"]["slots"] == {"heard": ["a", "b"]}
    assert [event.get("value") for event in plain["tracker"]["events"]] == [
        None,
        "place",
        None,
        ["a", "b"],
    ]
    assert plain["tracker"]["events"][2] == {"event": "user", "text": "hello"}
    answer = run(LocalActions("toy.actions").request(**given))
    assert answer["responses"][0]["text"] == "3: hello"
