"""The toy assistant put together: its model, its facts, its reception."""

import asyncio
import datetime as dt
import fcntl
import hashlib
import subprocess
import sys
import uuid
from contextlib import asynccontextmanager
from functools import cache
from pathlib import Path

from bot.assembly import assemble
from bot.endpoint import LocalActions
from bot.gate import Message
from bot.knowledge import Answer, Card, DangerSign, Force, Knowledge, Link, Service
from bot.serving import load_agent
from bot.session import ServerKey, Sessions
from bot.settings import Settings
from toy.keys import KEY, ORIGIN

HERE = Path(__file__).parent
FILES = HERE / "assistant"
FACT = {
    "source": "https://example.org",
    "checked_on": dt.date(2026, 11, 1),
    "confidence": "2+",
}


@cache
def model():
    """Return the trained toy model, trained in a process of its own when it is new."""
    files = b"".join(path.read_bytes() for path in sorted(FILES.rglob("*.yml")))
    name = "toy-" + hashlib.sha256(files).hexdigest()[:16]
    folder = HERE.parents[1] / ".rasa"
    path = folder / f"{name}.tar.gz"
    folder.mkdir(exist_ok=True)
    with (folder / "training.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # tests may run side by side
        if not path.is_file():
            train(folder, name)
    return path


def train(folder, name):
    """Train the toy model, in a process of its own, into a folder."""
    code = (
        "import rasa, sys; files, out, name = sys.argv[1:]; "
        "rasa.train(files + '/domain.yml', files + '/config.yml', "
        "[files + '/data'], output=out, fixed_model_name=name, "
        "force_training=True)"
    )
    args = [str(FILES), str(folder), name]
    command = [sys.executable, "-W", "ignore", "-c", code, *args]
    made = subprocess.run(command, capture_output=True, cwd=folder, check=False)
    assert (folder / f"{name}.tar.gz").is_file(), made.stderr[-2000:]


@cache
def agent():
    """Return Rasa's agent with the toy model."""
    return load_agent(model(), str(HERE.parents[1] / "endpoints.yml"))


def assistant(folder, limits=None, endpoint=None, clock=None, **given):
    """Return the toy assistant, put together and not started.

    `given` are settings, or `agent`, `metrics` and `reader` for others than usual.
    """
    rasa, metrics = given.pop("agent", None), given.pop("metrics", None)
    reader = given.pop("reader", None)
    kept = {"database_url": f"sqlite:///{folder}/kept.db", "data_dir": folder}
    return assemble(
        Settings(**{**kept, **given}),
        rasa or agent(),
        [ServerKey.from_text(KEY)],
        facts=facts(),
        endpoint=endpoint or LocalActions("toy.actions"),
        limits=limits,
        metrics=metrics,
        clock=clock,
        reader=reader,
    )


class Chat:
    """One conversation with an assistant that was started, without HTTP."""

    def __init__(self, toy):
        self.turns = toy.turns
        key = ServerKey.from_text(KEY)
        self.token, self.session = Sessions([key], 3600).issue(ORIGIN, toy.clock())
        self.n, self.restore = 0, {}

    async def begin(self):
        answer = await self.turns.begin(self.session, 1800)
        return answer.messages

    async def say(self, text="", choice=None, n=None, id=None):
        n = self.n + 1 if n is None else n
        message = Message(id or new_id(), n, text, choice)
        answer = await self.turns.hear(self.session, message)
        self.n, self.restore = max(self.n, answer.n), answer.restore
        return answer.messages


@asynccontextmanager
async def started(folder, **settings):
    """Start the toy assistant, and stop it at the end."""
    toy = assistant(folder, **settings)
    await toy.start()
    try:
        yield toy
    finally:
        await toy.stop()


def texts(parts):
    """Return what parts say."""
    return [part["text"] for part in parts]


def service(name, contact, href):
    return Service(
        id=name,
        name=f"Service {name}",
        for_whom="For anyone.",
        contact=contact,
        show="number",
        href=href,
        **FACT,
    )


def facts():
    """Return as many facts as the edge needs."""
    contacts = {
        "e999": service("e999", "999", "tel:999"),
        "p101": service("p101", "101", "tel:101"),
        "nsh": service("nsh", "0808 802 0300", "tel:08088020300"),
    }
    sign = DangerSign(
        id="here", level="immediate", lane="E", plain="x", patterns=("x",), **FACT
    )
    card = {"contacts": ("e999",), **FACT}
    names = ("immediate", "crisis", "crisis_other", "both", "high_risk", "today")
    return Knowledge(
        force=Force(
            id="toy",
            name="Toy Police",
            short="Toy",
            nation="england",
            area="Toytown",
            website="https://police.example",
            report=Link("Report", "https://police.example/report"),
            **FACT,
        ),
        services=contacts,
        offences={},
        answers={
            "danger_reminder": Answer(
                id="danger_reminder",
                intents=(),
                text=("In danger, call {e999}.",),
                **FACT,
            )
        },
        acts={},
        types={},
        danger={"here": sign},
        cards={name: Card(id=name, text=("Call {e999}.",), **card) for name in names},
    )


def new_id():
    return str(uuid.uuid4())


def body(n, text=None, choice=None, id=None):
    """Return the body of a message."""
    content = {"text": text} if choice is None else {"choice": choice}
    kind = next(iter(content))
    return {"id": id or new_id(), "n": n, "kind": kind, **content}


def run(work):
    """Run a coroutine to its end."""
    return asyncio.run(work)
