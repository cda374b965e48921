"""Puts the assistant together from its settings: the one place where all is wired."""

from __future__ import annotations

import asyncio
import contextlib
import re
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from rasa.core.agent import Agent
from rasa.shared.constants import DEFAULT_ENDPOINTS_PATH
from rasa.utils.endpoints import EndpointConfig, read_endpoint_config

from bot import danger, guards, log
from bot.answering import Answering, Converse, DangerLane
from bot.behaviours import Reading
from bot.endpoint import ActionsMissing, Endpoint, endpoint_from
from bot.identifiers import identifiers_in
from bot.knowledge import Knowledge, loaded
from bot.limits import AddressKeys, Limits
from bot.masking import Masker
from bot.metrics import Metrics
from bot.names import names_in
from bot.nlu.entities import shared_entities
from bot.reading import Reader, ReadingDesk, ReadingFailed
from bot.reception import Reception
from bot.session import ServerKey, Sessions
from bot.settings import Settings
from bot.store import Conversations, StoreConflict, StoreUnavailable
from bot.thinking import ThinkingThread
from bot.turns import Turns

SWEEP_EVERY_S = 60.0
READY_FOR_S = 1.0
Clock = Callable[[], float]


class SteadyClock:
    """Seconds since 1970 that run on evenly when somebody sets the computer's clock."""

    def __init__(self) -> None:
        """Look at the computer's clock once."""
        self._offset = time.time() - time.monotonic()

    def __call__(self) -> float:
        """Return the time."""
        return time.monotonic() + self._offset


@dataclass
class Assistant:
    """Everything that serves conversations, put together and not yet started."""

    agent: Agent
    conversations: Conversations
    turns: Turns
    reception: Reception
    addresses: AddressKeys
    thinking: ThinkingThread
    clock: Clock
    metrics: Metrics
    desk: ReadingDesk | None = None
    _sweeper: asyncio.Task[None] | None = None
    _proved: bool = False
    _over: asyncio.Event = field(default_factory=asyncio.Event)
    _asking: asyncio.Lock = field(default_factory=asyncio.Lock)
    _ready: bool = False
    _known_until: float = 0.0

    async def start(self) -> None:
        """Open the store, prove the guards, and begin to forget what is over.

        Raises:
            GuardMissing: a failure inside Rasa would pass unnoticed.
            ActionsMissing: an action of the domain cannot be run.
            UnsafeStore: the database cannot be read and written.
        """
        await self.conversations.open()
        await guards.prove(self.agent, await self._hello())
        self.turns.in_danger("hello")  # the first person waits for no pattern to load
        self._proved = True
        self._sweeper = asyncio.get_running_loop().create_task(self._sweep())
        log.event("service.started", version=log.VERSION)

    async def _hello(self) -> Reading | None:
        """Return what a greeting says; None when Rasa reads by itself."""
        if self.desk is None:
            return None
        try:
            return (await self.desk.read(guards.HELLO)).reading
        except ReadingFailed as error:
            raise guards.GuardMissing(f"no message can be read ({error})") from None

    async def is_ready(self) -> bool:
        """Whether a message sent now would be answered and kept.

        However often it is asked, the store and the actions are asked once a second.
        """
        if not self._proved or self.turns.stopping:
            return False
        async with self._asking:
            if time.monotonic() >= self._known_until:
                self._ready = await self._can_answer()
                self._known_until = time.monotonic() + READY_FOR_S
        return self._ready and not self.turns.stopping

    async def _can_answer(self) -> bool:
        if self.desk is not None and not self.desk.is_ready:
            log.event("service.not_ready", level="warning", error="ReaderEnded")
            return False
        endpoint = self.agent.processor.action_endpoint
        try:
            await self.conversations.probe()
            await endpoint.check(guards.custom_actions(self.agent))
        except (StoreUnavailable, StoreConflict, ActionsMissing) as error:
            log.event("service.not_ready", level="warning", error=type(error).__name__)
            return False
        return True

    async def stop(self) -> None:
        """Let the running turns end, then let go of everything."""
        await self.turns.stop()
        # Told, not cancelled: what it waits for may swallow that, and sleep on.
        self._over.set()
        if self._sweeper is not None:
            await self._sweeper
        self.thinking.stop()
        if self.desk is not None:
            self.desk.stop()
        self.conversations.close()
        log.event("service.stopped")

    async def _sweep(self) -> None:
        while not self._over.is_set():
            self.turns.forget_idle()
            self.reception.forget_counts()
            try:
                gone = await self.conversations.sweep(self.clock())
                if gone:
                    log.event("conversations.erased", count=gone)
                self.metrics.live(await self.conversations.count())
            except Exception as error:
                # Whatever it is: the next sweep must come.
                name, place = type(error).__name__, log.place_of(error.__traceback__)
                event = "conversations.sweep_failed"
                log.event(event, level="error", error=name, code=place)
            with contextlib.suppress(asyncio.TimeoutError):
                await asyncio.wait_for(self._over.wait(), SWEEP_EVERY_S)


def assemble(
    settings: Settings,
    agent: Agent,
    keys: Sequence[ServerKey],
    converse: Converse | None = None,
    facts: Knowledge | None = None,
    endpoint: Endpoint | None = None,
    limits: Limits | None = None,
    metrics: Metrics | None = None,
    clock: Clock | None = None,
    reader: Reader | None = None,
) -> Assistant:
    """Return the assistant around a loaded agent.

    Args:
        settings: as read or given.
        agent: with a model.
        keys: server keys, the current one first.
        converse: lets Rasa answer a message; the agent itself when left out.
        facts: the knowledge; that of the settings' force when left out.
        endpoint: where actions run; as endpoints.yml says when left out.
        limits: on how much may be asked; the usual ones when left out.
        metrics: where turns are counted; nobody sees them when left out.
        clock: seconds since 1970; the computer's, held steady, when left out.
        reader: reads messages; Rasa does, in its own thread, when left out.

    Raises:
        ActionsMissing: there is nothing to run actions.
        UnsafeStore: the database is not fit to be used.
    """
    facts = facts or loaded(settings.force)
    clock = clock or SteadyClock()
    metrics = metrics or Metrics()
    conversations = Conversations(settings.database, settings.absolute_s)
    guards.install(agent, endpoint or configured_endpoint(settings))
    lane = DangerLane(
        hear=danger.hear, card=lambda levels, signs: danger.card(levels, facts, signs)
    )
    thinking = ThinkingThread(converse or agent.handle_message)
    desk = ReadingDesk(reader) if reader is not None else None
    answering = Answering(
        converse=thinking,
        domain=lambda: agent.processor.domain,
        conversations=conversations,
        danger=lane,
        masker=masker_for(facts),
        knowledge=facts,
        clock=clock,
        metrics=metrics,
        desk=desk,
    )
    turns = Turns(answering, conversations, settings.max_sessions, clock)
    reception = Reception(
        sessions=Sessions(keys, settings.absolute_s),
        turns=turns,
        origins=origins_of(settings),
        idle_s=settings.idle_s,
        clock=clock,
        limits=limits or Limits(),
    )
    addresses = AddressKeys(settings.trusted_proxies, time.monotonic)
    return Assistant(
        agent,
        conversations,
        turns,
        reception,
        addresses,
        thinking,
        clock,
        metrics,
        desk,
    )


def masker_for(facts: Knowledge) -> Masker:
    """Return what masks messages; numbers that anybody may know are left as they are."""
    told = (re.sub(r"\D", "", each.contact) for each in facts.services.values())
    public = frozenset(digits for digits in told if digits)
    return Masker(
        lambda text: identifiers_in(text, public), names_in, shared_entities().find
    )


def configured_endpoint(
    settings: Settings, file: str = DEFAULT_ENDPOINTS_PATH
) -> Endpoint:
    """Return where endpoints.yml and the settings say that actions run.

    Raises:
        ActionsMissing: they say nothing, or the package cannot be imported.
    """
    config: EndpointConfig | None = read_endpoint_config(file, "action_endpoint")
    return endpoint_from(config, settings.action_url, settings.action_secret)


def origins_of(settings: Settings) -> tuple[str, ...]:
    """Return whose pages may call: the origins set, or our own on this machine."""
    own = (f"http://127.0.0.1:{settings.port}", f"http://localhost:{settings.port}")
    return settings.origins or own
