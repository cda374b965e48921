"""A conversation between turns: as short as the next turn allows, and as plain JSON.

Rasa rebuilds a conversation by replaying its events, so a turn costs more the longer it
has lasted. What is kept here is the last few turns as they were, behind events that put
the conversation into the state it was in before them: session start, slots, active
form. The state at the end is the same, and the cost of a turn stays flat.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from rasa.shared.core.constants import ACTION_LISTEN_NAME, ACTION_SESSION_START_NAME
from rasa.shared.core.domain import Domain
from rasa.shared.core.events import (
    ActionExecuted,
    ActionExecutionRejected,
    ActiveLoop,
    AllSlotsReset,
    ConversationPaused,
    Event,
    SessionStarted,
    SlotSet,
    UserUttered,
    deserialise_events,
)
from rasa.shared.core.trackers import DialogueStateTracker

from bot.sealing import Damaged

# Rules look at one message and the action before it; two misunderstandings in a row are
# counted over the message before that; one turn more than both.
KEPT_TURNS = 4


def compacted(tracker: DialogueStateTracker) -> list[Event]:
    """Return the fewest events that leave a conversation in the same state.

    What was said before the person had everything forgotten is not among them.
    """
    events = list(tracker.events)
    forgotten = _forgotten_at(events)
    said = [
        at
        for at, event in enumerate(events)
        if isinstance(event, UserUttered) and at > forgotten
    ]
    if forgotten < 0 and len(said) <= KEPT_TURNS:
        return events
    cut = said[-KEPT_TURNS:][0] if said else len(events)
    before = tracker.init_copy()
    for event in events[:cut]:
        before.update(event)
    when = events[cut - 1].timestamp
    return [*_carried_over(before, when), *events[cut:]]


def just_forgotten(tracker: DialogueStateTracker) -> bool:
    """Whether everything was forgotten in the turn that has just ended."""
    events = list(tracker.events)
    said = [at for at, event in enumerate(events) if isinstance(event, UserUttered)]
    return bool(said) and _forgotten_at(events) > said[-1]


def _forgotten_at(events: Sequence[Event]) -> int:
    """Return where everything was forgotten last; -1 if it never was."""
    resets = (at for at, event in enumerate(events) if isinstance(event, AllSlotsReset))
    return max(resets, default=-1)


def _carried_over(before: DialogueStateTracker, when: float) -> Sequence[Event]:
    """Return events that lead straight to a state in which the bot listens."""
    events: list[Event] = [
        ActionExecuted(ACTION_SESSION_START_NAME, timestamp=when),
        SessionStarted(timestamp=when),
    ]
    for name, slot in before.slots.items():
        if slot.value != slot.initial_value:
            events.append(SlotSet(name, slot.value, timestamp=when))
    loop = before.active_loop_name
    if loop is not None:
        events.append(ActionExecuted(loop, timestamp=when))
        events.append(ActiveLoop(loop, timestamp=when))
    if before.is_active_loop_rejected:
        events.append(ActionExecutionRejected(loop, timestamp=when))
    if before.is_paused():
        events.append(ConversationPaused(timestamp=when))
    events.append(ActionExecuted(ACTION_LISTEN_NAME, timestamp=when))
    return events


def as_json(events: Sequence[Event]) -> list[dict[str, Any]]:
    """Return events as plain JSON."""
    return [event.as_dict() for event in events]


def revived(
    conversation_id: str, events: list[dict[str, Any]], domain: Domain
) -> DialogueStateTracker:
    """Return the conversation that was kept as these events.

    Raises:
        Damaged: there are none, and Rasa would begin anew.
    """
    if not events:
        raise Damaged
    return DialogueStateTracker.from_events(
        conversation_id, deserialise_events(events), domain.slots
    )
