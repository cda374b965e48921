"""The toy assistant put together: its model, its facts, its reception."""

import asyncio
import datetime as dt
import json
import subprocess
import sys
import tempfile
import uuid
from functools import cache
from pathlib import Path

from bot.knowledge import Answer, Card, DangerSign, Force, Knowledge, Link, Service

HERE = Path(__file__).parent
FILES = HERE / "assistant"
KEY = "kZ3qWm0v7uQe1yTn9rXb5cDf8hJl2pAs4gUi6oVtB"
OTHER_KEY = "Vb8nM2xC5zL9kJ4hG7fD1sA6pO3iU0yTqWeRtYuIo"
ORIGIN = "http://127.0.0.1:5005"
FACT = {
    "source": "https://example.org",
    "checked_on": dt.date(2026, 11, 1),
    "confidence": "2+",
}


@cache
def model():
    """Return the trained toy model; trained once a run, in a process of its own."""
    folder = Path(tempfile.mkdtemp(prefix="toy-"))
    code = (
        "import rasa, sys; files, out = sys.argv[1:]; "
        "rasa.train(files + '/domain.yml', files + '/config.yml', [files + '/data'],"
        " output=out, fixed_model_name='toy', force_training=True)"
    )
    command = [sys.executable, "-W", "ignore", "-c", code, str(FILES), str(folder)]
    made = subprocess.run(command, capture_output=True, cwd=folder, check=False)
    path = folder / "toy.tar.gz"
    assert path.is_file(), made.stderr[-2000:]
    return path


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


def as_json(value):
    return json.dumps(value).encode()


def run(work):
    """Run a coroutine to its end."""
    return asyncio.run(work)
