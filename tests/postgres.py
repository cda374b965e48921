"""A PostgreSQL server of a test's own, in a folder of its own, started and broken at will."""

import getpass
import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
from pathlib import Path

import psycopg2

MISSING = (
    "These tests need PostgreSQL's own programs (initdb and postgres). "
    "On Debian: apt-get install postgresql"
)
WAIT_S = 30
# Speed for a database that lives as long as a test; a killed process still loses
# nothing that was committed, only a killed machine would.
SWIFT = ("-c", "fsync=off", "-c", "full_page_writes=off")


def program(name):
    """Return where a program of PostgreSQL is; Debian keeps them off the path."""
    places = sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    for place in (*places, *map(Path, os.get_exec_path())):
        if (place / name).exists():
            return str((place / name).resolve())
    raise AssertionError(MISSING)


class Postgres:
    """One server; it refuses to run as root, so root runs it as `postgres`."""

    def __init__(self):
        self.user = "postgres" if os.getuid() == 0 else getpass.getuser()
        self.folder = Path(tempfile.mkdtemp(prefix="postgres-"))
        owner = pwd.getpwnam(self.user)
        os.chown(self.folder, owner.pw_uid, owner.pw_gid)
        self.port = _free_port()
        self._as = {"user": self.user} if os.getuid() == 0 else {}
        data = str(self.folder / "data")
        made = [program("initdb"), "-D", data, "-U", "postgres", "-A", "trust"]
        self._run([*made, "-E", "UTF8", "--locale=C", "--no-sync"])
        self.start()

    def start(self):
        """Start it, and wait until it takes connections."""
        command = [program("pg_ctl"), "-D", str(self.folder / "data"), "-w"]
        listen = f"-h 127.0.0.1 -p {self.port} -k {self.folder} {' '.join(SWIFT)}"
        log = str(self.folder / "log")
        self._run([*command, "-t", str(WAIT_S), "-l", log, "-o", listen, "start"])

    def stop(self, how="fast"):
        """Stop it: `smart`, `fast`, or `immediate` as if it was killed."""
        data = str(self.folder / "data")
        self._run([program("pg_ctl"), "-D", data, "-m", how, "-w", "stop"])

    def freeze(self):
        """Let it hang: connections stay open, and nothing answers."""
        for pid in self._pids():
            os.kill(pid, signal.SIGSTOP)

    def thaw(self):
        """Let it go on."""
        for pid in self._pids():
            os.kill(pid, signal.SIGCONT)

    def remove(self):
        """Stop it for good and take its folder away."""
        try:
            self.thaw()
            self.stop("immediate")
        except (FileNotFoundError, AssertionError):
            pass  # it is down already
        shutil.rmtree(self.folder)

    def database(self, name):
        """Make an empty database, and return its address."""
        self.ask(f'CREATE DATABASE "{name}"', database="postgres")
        return f"postgresql://postgres@127.0.0.1:{self.port}/{name}"

    def ask(self, query, database):
        """Return the rows of a query."""
        where = {"host": "127.0.0.1", "port": self.port, "dbname": database}
        connection = psycopg2.connect(user="postgres", **where)
        connection.autocommit = True
        try:
            with connection.cursor() as cursor:
                cursor.execute(query)
                return cursor.fetchall() if cursor.description else []
        finally:
            connection.close()

    def _pids(self):
        first = int((self.folder / "data/postmaster.pid").read_text().split()[0])
        children = Path(f"/proc/{first}/task/{first}/children").read_text().split()
        return [first, *map(int, children)]

    def _run(self, command):
        done = subprocess.run(
            command,
            cwd=self.folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            timeout=2 * WAIT_S,
            check=False,
            **self._as,
        )
        assert done.returncode == 0, done.stderr


def _free_port():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]
