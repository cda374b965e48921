"""How Rasa reaches the actions: in this process, or on an action server.

Rasa goes on after a failed action as if it had said nothing, and a victim's answer is
lost without a word. Here a call that fails, hangs or answers nonsense ends the turn.
"""

from __future__ import annotations

import asyncio
import importlib
import json
import pkgutil
import threading
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from typing import Any, Protocol

import aiohttp
import ujson
from jsonschema import Draft202012Validator
from rasa.core.actions.action import RemoteAction
from rasa.utils.endpoints import ClientResponseError, EndpointConfig
from rasa_sdk.executor import ActionExecutor
from rasa_sdk.interfaces import ActionExecutionRejection

from bot import log
from bot.settings import SECRET_HEADER

ACTION_S = 5.0
HEALTH_S = 2.0
THREADS = 8
REJECTED = 400
ASKED = "requested_slot"  # which question was asked before is read from the events


class TurnAborted(BaseException):
    """The turn must leave no trace. Not an Exception, so Rasa cannot swallow it.

    Attributes:
        action: the action that failed, when one did.
        error: class of what went wrong.
        place: module and line of it.
    """

    def __init__(
        self, action: str = "", error: BaseException | None = None, why: str = ""
    ) -> None:
        """Take what may be said of a failure: never its message."""
        super().__init__()
        self.action, self.error, self.place = action, why, ""
        if error is not None:
            began = log.cause_of(error)
            self.error = type(began).__name__
            self.place = log.place_of(began.__traceback__)


class ActionsMissing(Exception):
    """An action the domain names does not exist; the message says which."""


class Endpoint(Protocol):
    """What Rasa needs of a place where actions run, and what we ask of it."""

    kwargs: dict[str, Any]
    url: str | None

    async def request(self, **call: Any) -> Any:
        """Run one action and return its answer."""

    async def check(self, names: list[str]) -> None:
        """Raise ActionsMissing unless these actions can be run."""


class LocalActions:
    """Runs the actions of a package in this process, as an action server would."""

    url: str | None = None

    def __init__(self, package: str) -> None:
        """Import the package and find its actions.

        Raises:
            ActionsMissing: it cannot be imported.
        """
        self.kwargs: dict[str, Any] = {}
        _import_all(package)
        self._executor = ActionExecutor()
        self._executor.register_package(package)
        # Threads, so that an action that computes or hangs holds nobody else up.
        self._threads = ThreadPoolExecutor(THREADS, "actions")
        # Each has a loop of its own for good: to make one takes longer than an action.
        self._own = threading.local()

    async def request(self, **call: Any) -> Any:
        """Run the action that the call's `json` names.

        Raises:
            ClientResponseError: the action rejected to run, as a server says it.
        """
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._threads, self._run, call["json"])

    async def check(self, names: list[str]) -> None:
        """Raise ActionsMissing unless the package has these actions."""
        missing = sorted(set(names) - set(self._executor.actions))
        if missing:
            raise ActionsMissing(f"no action is called {', '.join(missing)}")

    def _run(self, call: Mapping[str, Any]) -> Any:
        # Through JSON and back, as over the wire: an action gets no live object of
        # Rasa's to change, and what it returns is plain.
        plain = _copied(_without_old_values(call))
        try:
            answer = self._loop().run_until_complete(self._executor.run(plain))
        except ActionExecutionRejection as rejection:
            told = {"action_name": rejection.action_name, "error": "rejected"}
            text = json.dumps(told)
            raise ClientResponseError(REJECTED, "rejected", text) from None
        return _copied(answer)

    def _loop(self) -> asyncio.AbstractEventLoop:
        """Return the event loop of the thread that asks."""
        if not hasattr(self._own, "loop"):
            self._own.loop = asyncio.new_event_loop()
        loop: asyncio.AbstractEventLoop = self._own.loop
        return loop


def _without_old_values(call: Mapping[str, Any]) -> dict[str, Any]:
    """Return a call whose earlier events no longer say what slots were set to.

    What they hold now stands beside the events. Each turn sets the whole account anew,
    and to copy all of these made a turn dearer the more was told. What came after the
    last message stays: the SDK's own forms look there for what to validate.
    """
    tracker = call["tracker"]
    events = list(tracker.get("events") or ())
    said = [at for at, event in enumerate(events) if event.get("event") == "user"]
    for at, event in enumerate(events[: said[-1]] if said else ()):
        if event.get("event") == "slot" and event.get("name") != ASKED:
            events[at] = {**event, "value": None}
    return {**call, "tracker": {**tracker, "events": events}}


def _copied(value: Any) -> Any:
    """Return a value as it would come out at the other end of the wire."""
    return ujson.loads(ujson.dumps(value))


class RemoteActions:
    """Calls an action server; Rasa's own way, with a check that it is there."""

    def __init__(self, config: EndpointConfig) -> None:
        """Take the endpoint as Rasa read it."""
        self._config = config
        self.kwargs: dict[str, Any] = dict(config.kwargs)
        self.url: str | None = config.url

    async def request(self, **call: Any) -> Any:
        """Send the call to the action server."""
        return await self._config.request(**call)

    async def check(self, names: list[str]) -> None:
        """Raise ActionsMissing unless the server answers and lists these actions."""
        address = str(self.url).rsplit("/", 1)[0] + "/actions"
        timeout = aiohttp.ClientTimeout(total=HEALTH_S)
        try:
            async with (
                aiohttp.ClientSession(timeout=timeout) as session,
                session.get(address, headers=self._config.headers) as answer,
            ):
                listed = await answer.json()
        except (aiohttp.ClientError, asyncio.TimeoutError, LookupError, ValueError):
            raise ActionsMissing("the action server does not answer") from None
        found = {entry.get("name") for entry in listed if isinstance(entry, dict)}
        missing = sorted(set(names) - found)
        if missing:
            raise ActionsMissing(f"no action is called {', '.join(missing)}")


class Guarded:
    """An endpoint whose every failure ends the turn."""

    def __init__(self, inner: Endpoint, deadline_s: float = ACTION_S) -> None:
        """Take the endpoint to call, and how long it may take."""
        self._inner = inner
        self._deadline_s = deadline_s
        self.url = inner.url
        # The domain is large, and no action of ours reads it.
        self.kwargs: dict[str, Any] = {**inner.kwargs, "selective_domain": True}

    async def request(self, **call: Any) -> dict[str, Any]:
        """Run one action.

        Raises:
            ClientResponseError: the action itself rejected to run.
            TurnAborted: anything else went wrong.
        """
        try:
            answer = await asyncio.wait_for(
                self._inner.request(**call), self._deadline_s
            )
        except ClientResponseError as error:
            if _is_rejection(error, call):
                raise
            raise TurnAborted(_name(call), error) from None
        except Exception as error:
            # Whatever it was, its message may hold words of a person.
            raise TurnAborted(_name(call), error) from None
        if not _is_answer(answer):
            raise TurnAborted(_name(call), why="WrongShape")
        return dict(answer)

    async def check(self, names: list[str]) -> None:
        """Raise ActionsMissing unless these actions can be run."""
        await self._inner.check(names)


def endpoint_from(
    config: EndpointConfig | None, url: str = "", secret: str = ""
) -> Endpoint:
    """Return the endpoint that endpoints.yml and the settings ask for.

    Args:
        config: `action_endpoint` of endpoints.yml: a `package` to run here, or the
            `url` of an action server, which wins.
        url: an action server named in the settings, which wins over both.
        secret: what a call of an action server must carry, or empty.

    Raises:
        ActionsMissing: neither a package nor a server is named.
    """
    if url:
        config = EndpointConfig(url)
    if config is not None and config.url:
        if secret:
            config.headers[SECRET_HEADER] = secret
        return RemoteActions(config)
    package = config.kwargs.get("package") if config is not None else None
    if not package:
        raise ActionsMissing("endpoints.yml names no package and no url for actions")
    return LocalActions(str(package))


def _import_all(package: str) -> None:
    """Import a package with its modules; the SDK would end the process on an error.

    Raises:
        ActionsMissing: with the name of what is missing.
    """
    try:
        paths = getattr(importlib.import_module(package), "__path__", ())
        for module in pkgutil.walk_packages(paths, f"{package}."):
            importlib.import_module(module.name)
    except ImportError as error:
        raise ActionsMissing(f"the actions cannot be imported: {error}") from None


def _is_rejection(error: ClientResponseError, call: Mapping[str, Any]) -> bool:
    """Whether an error is the action's own decision not to run, in the agreed shape."""
    if error.status != REJECTED:
        return False
    try:
        told = json.loads(error.text)
    except ValueError:
        return False
    return isinstance(told, dict) and told.get("action_name") == _name(call)


def _name(call: Mapping[str, Any]) -> str:
    return str(call["json"].get("next_action"))


def _is_answer(answer: Any) -> bool:
    """Whether an answer has the shape of an action's answer."""
    if not isinstance(answer, dict) or set(answer) != {"events", "responses"}:
        return False
    events, responses = answer["events"], answer["responses"]
    if not isinstance(events, list) or not isinstance(responses, list):
        return False
    return all(map(_is_event, events)) and all(isinstance(r, dict) for r in responses)


def _is_event(event: Any) -> bool:
    """Whether an event is one that Rasa's own schema allows."""
    if not isinstance(event, dict) or not isinstance(event.get("event"), str):
        return False
    shape = _event_shapes().get(event["event"])
    return shape is not None and shape.is_valid(event)


@cache
def _event_shapes() -> Mapping[str, Draft202012Validator]:
    """Return Rasa's schema of an action's events, apart by the name of the event.

    Rasa checks each answer against one schema of all events, and that schema against
    the schema of schemas: 40 ms an action, more than all the rest of a turn.
    """
    schema = RemoteAction.action_response_format_spec()["properties"]["events"]["items"]
    common = {key: value for key, value in schema.items() if key != "oneOf"}
    return {
        kind["properties"]["event"]["const"]: Draft202012Validator(
            {"allOf": [common, kind]}
        )
        for kind in schema["oneOf"]
    }
