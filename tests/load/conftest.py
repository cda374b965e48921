"""What load needs: how long it lasts, where its figures go, and the real assistant."""

import datetime as dt
import json
import time

import pytest
from crowd import MARK, Door
from proof import ROOT, claimed
from toy.machine import free_port, usage
from toy.process import Process

SOAK = ROOT / "reports" / "soak.json"


def pytest_addoption(parser):
    """Take the length of the long tests."""
    parser.addoption(
        "--minutes",
        type=float,
        help="how long each long test lasts, instead of as long as the plan says",
    )


@pytest.fixture(scope="session")
def lasting(pytestconfig):
    """Return a function that returns how many seconds so many minutes of the plan are."""
    given = pytestconfig.getoption("minutes")
    return lambda minutes: 60 * (minutes if given is None else given)


@pytest.fixture
def told(request):
    """Return a function that says a test's figures, and keeps them in reports/soak.json."""
    ids = claimed(request.function.__doc__)
    given = request.config.getoption("minutes")

    def tell(what="", **figures):
        name = " ".join(filter(None, (", ".join(ids), what)))
        line = ", ".join(f"{key} {value}" for key, value in figures.items())
        print(f"\n{name}: {line}", flush=True)
        kept = json.loads(SOAK.read_text()) if SOAK.is_file() else {}
        today = dt.datetime.now(dt.timezone.utc).date().isoformat()
        mine = {"ids": ids, "on": today, "minutes": given or "as planned", **figures}
        kept[" ".join(filter(None, (request.node.nodeid, what)))] = mine
        SOAK.parent.mkdir(exist_ok=True)
        SOAK.write_text(json.dumps(kept, indent=1, default=str) + "\n")

    return tell


class Real:
    """One `bot serve` with the trained model, for people with addresses of their own."""

    def __init__(self, folder, **settings):
        folder.mkdir()
        given = {"TRUSTED_PROXIES": "127.0.0.1", **settings}
        self._env = {f"FIRST_CONTACT_{name}": text for name, text in given.items()}
        self._log, self._data, self.port = folder / "log", folder / "data", free_port()
        self.door = Door(self.port)
        self.origin, self.tokens = self.door.address, []  # for a caller
        self.database = self._data / "conversations.db"

    def start(self):
        """Start it, and wait until it is ready."""
        with self._log.open("ab") as log:
            made = Process(ROOT, self._data, self.port, log, **self._env)
        self._process = made.ready()
        return self

    def stop(self):
        """Stop it, if it runs; nobody's words may be where they do not belong."""
        if self._process is None:
            return
        written = b"".join(path.read_bytes() for path in self._files())
        process, self._process = self._process, None
        status, _ = process.end()
        assert status == 0
        assert MARK not in self._log.read_text()
        assert MARK.encode() not in written

    def usage(self):
        """Return what the process holds and has used."""
        return usage(self._process.process.pid)

    def size_kb(self):
        """Return how large the database is, with its journal."""
        return sum(path.stat().st_size for path in self._files()) / 1024

    def answers(self, path):
        """Return how long a page takes to answer, in seconds."""
        began = time.monotonic()
        assert self._process.call("GET", path)[0] == 200
        return time.monotonic() - began

    def _files(self):
        return list(self._data.glob("conversations.db*"))


@pytest.fixture(scope="module")
def serve(tmp_path_factory):
    """Return a maker of assistants that are stopped at the end of the module."""
    made = []

    def started(**settings):
        made.append(Real(tmp_path_factory.mktemp("real") / "served", **settings))
        return made[-1].start()

    yield started
    for each in made:
        each.stop()
