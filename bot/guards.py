"""What makes a turn whole or nothing inside Rasa, and the proof that it is in force.

Rasa goes on where we must stop: it swallows a failing action, takes a failed read for
a new conversation, saves to memory what it could not save, and stops talking without a
word when its rules run in a circle. The hooks rely on private names of one release, so
`prove` makes each failure happen and refuses to start when one passes unnoticed.
"""

from __future__ import annotations

import itertools
from typing import Any, NoReturn

from rasa.core.actions.action import Action, ActionExecutionRejection, RemoteAction
from rasa.core.agent import Agent
from rasa.core.channels.channel import CollectingOutputChannel, UserMessage
from rasa.core.policies.policy import PolicyPrediction
from rasa.shared.core.events import ActionExecuted, UserUttered
from rasa.shared.core.trackers import DialogueStateTracker

from bot import log
from bot.answering import FIRST_PAYLOAD
from bot.behaviours import Reading
from bot.endpoint import Endpoint, Guarded, TurnAborted
from bot.reading import of_this_turn as read_before
from bot.store import RunningTurn, StoreUnavailable, running

PROBE = "probe"
HELLO = "hello"
SURE = 1.0  # what a rule decides; a fallback is less sure
ERRORS, ACTIONS = "_on_tracker_store_error", "_run_action"
CHECK = "_validate_action_result"


class GuardMissing(Exception):
    """A failure inside Rasa would pass unnoticed; the message says which."""


class _WholeAction:
    """An action whose failure, of whatever kind, ends the turn."""

    def __init__(self, inner: Action) -> None:
        self._inner = inner

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)

    async def run(self, *args: Any, **kwargs: Any) -> Any:
        try:
            return await self._inner.run(*args, **kwargs)
        except ActionExecutionRejection:
            raise
        except Exception as error:
            raise TurnAborted(self._inner.name(), error) from None


class _Failing:
    """An endpoint that fails, for the proof."""

    url: str | None = None

    def __init__(self) -> None:
        self.kwargs: dict[str, Any] = {"selective_domain": True}

    async def request(self, **call: Any) -> Any:
        raise RuntimeError(PROBE)


def install(agent: Agent, endpoint: Endpoint) -> None:
    """Put the hooks into a loaded agent, which then acts at this endpoint.

    Raises:
        GuardMissing: there is nothing to put them into.
    """
    processor = agent.processor
    if processor is None:
        raise GuardMissing("no model is loaded")
    for place, name in (
        (agent.tracker_store, ERRORS),
        (processor, ACTIONS),
        (RemoteAction, CHECK),
    ):
        if not hasattr(place, name):
            raise GuardMissing(f"this Rasa has no {name}; it must be the pinned one")
    guarded = Guarded(endpoint)
    agent.action_endpoint = processor.action_endpoint = guarded
    agent.tracker_store._on_tracker_store_error = _fail_closed
    processor.on_circuit_break = _abort
    # The endpoint has checked the answer, by the same schema and in a hundredth of
    # the time (bot/endpoint.py).
    RemoteAction._validate_action_result = _is_checked
    run_action = processor._run_action

    async def run_whole(action: Action, *args: Any, **kwargs: Any) -> Any:
        return await run_action(_WholeAction(action), *args, **kwargs)

    processor._run_action = run_whole


async def prove(agent: Agent, hello: Reading | None = None) -> None:
    """Make each failure happen once, and see that it ends the turn.

    Args:
        agent: with the hooks in it.
        hello: what "hello" says, if Rasa does not read it itself.

    Raises:
        GuardMissing: one passed unnoticed; the assistant must not start.
        ActionsMissing: an action of the domain cannot be run.
    """
    await _prove_speech(agent, hello)
    await _prove_rules(agent)
    names = custom_actions(agent)
    await agent.processor.action_endpoint.check(names)
    await _prove_store(agent)
    for name in names[:1]:
        await _prove_action(agent, name)
    _prove_circle(agent)


def custom_actions(agent: Agent) -> list[str]:
    """Return the names of the actions that are not Rasa's own."""
    domain = agent.processor.domain
    return [
        name
        for name in domain.user_actions
        if name not in domain.responses and not name.startswith("utter_")
    ]


def _fail_closed(error: Exception) -> NoReturn:
    raise StoreUnavailable from None


def _is_checked(action: RemoteAction, result: Any) -> bool:
    return True


def _abort(*args: Any) -> NoReturn:
    raise TurnAborted(why="Circle")


async def _prove_speech(agent: Agent, hello: Reading | None) -> None:
    """See that the model answers at all; the first person waits for nothing to load."""
    said = CollectingOutputChannel()
    token = running.set(RunningTurn(PROBE))
    read = read_before.set(None if hello is None else (HELLO, hello))
    try:
        await agent.handle_message(UserMessage(HELLO, said, PROBE))
    except TurnAborted as abort:
        why = f"{abort.action} {abort.error} at {abort.place}"
        raise GuardMissing(f"the model does not answer: {why}") from None
    except Exception as error:
        began = log.cause_of(error)
        why = f"{type(began).__name__} at {log.place_of(began.__traceback__)}"
        raise GuardMissing(f"the model does not answer: {why}") from None
    finally:
        running.reset(token)
        read_before.reset(read)
    if not said.messages:
        raise GuardMissing("the model says nothing")


async def _prove_rules(agent: Agent) -> None:
    """See that the rules were loaded: without any, Rasa falls back and goes on."""
    turn = RunningTurn(PROBE)
    token = running.set(turn)
    try:
        message = UserMessage(FIRST_PAYLOAD, CollectingOutputChannel(), PROBE)
        await agent.handle_message(message)
    finally:
        running.reset(token)
    events = reversed(turn.after.events if turn.after else ())
    since = itertools.takewhile(lambda e: not isinstance(e, UserUttered), events)
    chosen = [e for e in since if isinstance(e, ActionExecuted) and e.policy]
    if not chosen or any(action.confidence != SURE for action in chosen):
        raise GuardMissing("the model does not know how a conversation begins")


async def _prove_store(agent: Agent) -> None:
    token = running.set(RunningTurn(PROBE, broken=True))
    try:
        for access in (
            agent.processor.tracker_store.retrieve(PROBE),
            agent.processor.tracker_store.save(DialogueStateTracker(PROBE, [])),
        ):
            try:
                await access
            except StoreUnavailable:
                continue
            raise GuardMissing("a failing store would pass unnoticed")
    finally:
        running.reset(token)


async def _prove_action(agent: Agent, name: str) -> None:
    processor = agent.processor
    token = running.set(RunningTurn(PROBE))
    real, processor.action_endpoint = processor.action_endpoint, _Failing()
    try:
        prediction = PolicyPrediction.for_action_name(processor.domain, name)
        channel = CollectingOutputChannel()
        await processor.execute_action(PROBE, name, channel, processor.nlg, prediction)
    except TurnAborted:
        return
    finally:
        processor.action_endpoint = real
        running.reset(token)
    raise GuardMissing("a failing action would pass unnoticed")


def _prove_circle(agent: Agent) -> None:
    try:
        if callable(agent.processor.on_circuit_break):
            agent.processor.on_circuit_break(None, None, None)
    except TurnAborted:
        return
    raise GuardMissing("rules that run in a circle would pass unnoticed")
