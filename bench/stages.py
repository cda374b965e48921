"""Takes one turn apart: watches around the functions a turn goes through.

The service itself holds no watches. Here its functions are wrapped while it runs in a
process of its own, one message at a time, so that the time of a part that calls
another is its own time alone and the parts add up to the whole.
"""

from __future__ import annotations

import contextlib
import functools
import importlib
import inspect
import json
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

# Where a turn begins and ends; what is inside and in no part below is the rest.
WHOLE = "bot.channel:WebChat.send"
# Where the reading process begins and ends; it tells what it took with each answer.
READING = "bot.nlu.understanding:Understanding.see"
OUTSIDE, REST = "HTTP and the caller", "rest"
READ_REST = "reader: judging"
PARTS: Mapping[str, Sequence[str]] = {
    "gate": (
        "bot.channel:WebChat._checked",
        "bot.channel:WebChat._address",
        "bot.channel:parse_message",
        "bot.channel:_token",
        "bot.reception:Reception.session",
        "bot.reception:_within",
    ),
    "store, reading": ("bot.store:Conversations.find",),
    "reading: the way there and back": ("bot.answering:Answering._read",),
    "names (spaCy)": ("bot.nlu.parsing:Parser.named",),
    "masking": ("bot.masking:Masker.mask", "bot.answering:Answering._masked"),
    "danger patterns": ("bot.answering:_heard", "bot.nlu.judging:hear"),
    "waiting for the thinking thread": ("bot.thinking:ThinkingThread.__call__",),
    "parse (spaCy)": ("bot.nlu.parsing:Parser.parse",),
    "clauses": ("bot.nlu.parsing:clauses_of",),
    "encoder": ("bot.nlu.parsing:Encoder.encode",),
    "reader: word and letter groups": (
        "bot.nlu.ngrams:Vocabulary.counted",
        "bot.nlu.ngrams:Vocabulary.knows",
        "bot.nlu.heads:Head.probabilities",
    ),
    "reader: networks": ("bot.nlu.network:Network.read",),
    "reader: language": ("bot.nlu.judging:language_of",),
    "reader: acts": ("bot.nlu.judging:named_types",),
    "reader: judging": ("bot.nlu.judging:judge", "bot.nlu.reader:Reader.process"),
    "Rasa: graph of the reading": (
        "rasa.core.processor:MessageProcessor.parse_message",
    ),
    "Rasa: slots": ("rasa.core.processor:MessageProcessor.run_action_extract_slots",),
    "Rasa: policy": (
        "rasa.core.processor:MessageProcessor._predict_next_with_tracker",
    ),
    "Rasa: around the turn": (
        "bot.answering:Answering._think",
        "rasa.core.processor:MessageProcessor.handle_message",
    ),
    "Rasa: running actions": ("rasa.core.processor:MessageProcessor._run_action",),
    "Rasa: state for an action": (
        "rasa.core.actions.action:RemoteAction._action_call_format",
    ),
    "actions: checking the answer": (
        "rasa.core.actions.action:RemoteAction._validate_action_result",
        "bot.endpoint:_is_answer",
    ),
    "Rasa: copies of the tracker": (
        "rasa.shared.core.trackers:DialogueStateTracker.copy",
    ),
    "actions: the call": ("bot.endpoint:Guarded.request",),
    "actions": ("bot.endpoint:LocalActions._run",),
    "keeping: snapshot": (
        "bot.answering:compacted",
        "bot.answering:as_json",
        "bot.answering:revived",
        "bot.answering:Answering._keep",
    ),
    "sealing": ("bot.answering:seal", "bot.answering:unseal"),
    "store, writing": ("bot.store:Conversations.keep",),
    "rendering": ("bot.answering:reply_from", "bot.channel:WebChat._json"),
    "log and counts": ("bot.log:event", "bot.metrics:Metrics.turn"),
}


@dataclass
class Watch:
    """Sums up, within one turn at a time, how long each part took by itself.

    Attributes:
        turns: of each turn that was answered, the seconds of its parts.
        clock: seconds that run on evenly.
    """

    turns: list[dict[str, float]] = field(default_factory=list)
    clock: Callable[[], float] = time.perf_counter
    _open: list[list[float]] = field(default_factory=list)
    _parts: dict[str, float] = field(default_factory=dict)

    def begin(self) -> None:
        """Begin a turn, or a part inside one."""
        self._open.append([self.clock(), 0.0])

    def end(self, part: str) -> None:
        """End what was begun last, and count its own time as that of a part."""
        begun, inside = self._open.pop()
        took = self.clock() - begun
        self._parts[part] = self._parts.get(part, 0.0) + took - inside
        if self._open:
            self._open[-1][1] += took

    def add(self, parts: Mapping[str, float]) -> None:
        """Count what another process did meanwhile, for the part that waits for it."""
        for part, took in parts.items():
            self._parts[part] = self._parts.get(part, 0.0) + took
        self._open[-1][1] += sum(parts.values())

    def close(self, answered: bool) -> None:
        """End a turn, and keep it if it was answered."""
        self.end(REST)
        if answered:
            self.turns.append(self._parts)
        self._parts = {}

    @contextlib.contextmanager
    def turn(self) -> Iterator[None]:
        """Watch a turn, and keep it if nothing went wrong."""
        self.begin()
        answered = False
        try:
            yield
            answered = True
        finally:
            self.close(answered)

    @property
    def running(self) -> bool:
        """Whether a turn is under way; what happens outside one is nobody's part."""
        return bool(self._open)


def install(watch: Watch, whole: str = WHOLE) -> list[str]:
    """Put watches around the whole and every part, and return the names not there."""
    gone = missing()
    for name in {whole, *_parts()} - set(gone):
        _around(name, watch)
    return gone


def missing() -> list[str]:
    """Return the functions named above that are not where they were."""
    return [name for name in (WHOLE, READING, *_parts()) if _place(name) is None]


def write(watch: Watch, file: Path) -> None:
    """Write the turns where whoever started this process finds them."""
    file.write_text(json.dumps(watch.turns), "utf-8")


def shares(
    turns: Sequence[Mapping[str, float]], whole_s: float
) -> list[tuple[str, float, float]]:
    """Return each part with its milliseconds in the mean turn and its share of it.

    Args:
        turns: seconds of each part, a turn each.
        whole_s: what a turn took for whoever sent the message, in the mean.
    """
    mean = {name: sum(t.get(name, 0.0) for t in turns) / len(turns) for name in PARTS}
    rest = sum(turn.get(REST, 0.0) for turn in turns) / len(turns)
    outside = whole_s - sum(mean.values()) - rest
    named = {**mean, REST: rest, OUTSIDE: outside}
    return [(name, s * 1000, s / whole_s) for name, s in named.items()]


def _parts() -> Iterable[str]:
    for names in PARTS.values():
        yield from names


def _part_of(name: str) -> str | None:
    return next((part for part, names in PARTS.items() if name in names), None)


def _place(name: str) -> tuple[Any, str] | None:
    """Return what holds a function, and under which name; None if nothing does."""
    module, _, path = name.partition(":")
    *holders, last = path.split(".")
    try:
        holder: Any = importlib.import_module(module)
        for each in holders:
            holder = getattr(holder, each)
        getattr(holder, last)
    except (ImportError, AttributeError):
        return None
    return holder, last


def _around(name: str, watch: Watch) -> None:
    """Put a watch around a function that is there."""
    found = _place(name)
    if found is not None:
        inner, part = getattr(*found), _part_of(name)
        outer = _turn(inner, watch) if part is None else _watched(inner, part, watch)
        setattr(*found, outer)


def _watched(inner: Callable[..., Any], part: str, watch: Watch) -> Callable[..., Any]:
    if inspect.iscoroutinefunction(inner):

        @functools.wraps(inner)
        async def later(*args: Any, **given: Any) -> Any:
            if not watch.running:
                return await inner(*args, **given)
            watch.begin()
            try:
                return await inner(*args, **given)
            finally:
                watch.end(part)

        return later

    @functools.wraps(inner)
    def now(*args: Any, **given: Any) -> Any:
        if not watch.running:
            return inner(*args, **given)
        watch.begin()
        try:
            return inner(*args, **given)
        finally:
            watch.end(part)

    return now


def _turn(inner: Callable[..., Any], watch: Watch) -> Callable[..., Any]:
    if inspect.iscoroutinefunction(inner):

        @functools.wraps(inner)
        async def later(*args: Any, **given: Any) -> Any:
            with watch.turn():
                return await inner(*args, **given)

        return later

    @functools.wraps(inner)
    def now(*args: Any, **given: Any) -> Any:
        with watch.turn():
            return inner(*args, **given)

    return now
