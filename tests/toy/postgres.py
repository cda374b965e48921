"""A PostgreSQL of our own for the tests: started, stopped, killed and hung at will."""

import contextlib
import ctypes
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
from pathlib import Path

import psycopg2

from toy.machine import free_port, until

KEPT = "kept"
PR_SET_PDEATHSIG = 1
SETTINGS = {
    "fsync": "off",  # a killed server is tried, a machine without power is not
    "listen_addresses": "127.0.0.1",
    "max_connections": "40",
    "shared_buffers": "16MB",
    "unix_socket_directories": "",
}


def programs():
    """Return the folder of PostgreSQL's programs."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/postgres"))
    found += [Path(path) for path in [shutil.which("postgres")] if path]
    assert found, "the store tests need PostgreSQL: apt-get install postgresql"
    return found[-1].resolve().parent


def somebody():
    """Return who runs it: PostgreSQL refuses to be run by root."""
    if os.geteuid() != 0:
        return {}
    nobody = pwd.getpwnam("nobody")
    return {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}


def end_with_the_tests():
    """Have the kernel end this process when the one that started it is gone."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGQUIT)


class Postgres:
    """One server in a folder of its own, on a free port of this machine."""

    def __init__(self):
        self.folder = Path(tempfile.mkdtemp(prefix="first-contact-"))
        self.port = free_port()
        self._who = somebody()
        if self._who:
            os.chown(self.folder, self._who["user"], self._who["group"])
        made = self._program(
            "initdb", "--no-sync", "--auth=trust", "--no-locale", "--username=bot"
        )
        assert made.returncode == 0, made.stderr
        self.start()
        self.ask(f"CREATE DATABASE {KEPT}", "postgres")

    def start(self):
        """Start it, and wait until it answers."""
        given = [f"-c{name}={value}" for name, value in SETTINGS.items()]
        command = [programs() / "postgres", "-D", self.folder / "data", *given]
        with (self.folder / "log").open("a") as log:
            self.process = subprocess.Popen(
                [*map(str, command), f"-p{self.port}"],
                stdout=log,
                stderr=log,
                cwd=self.folder,
                preexec_fn=end_with_the_tests,
                **self._who,
            )
        until(self.answers)

    def answers(self):
        try:
            return self.ask("SELECT 1", "postgres")
        except psycopg2.OperationalError:
            return None

    def stop(self, how=signal.SIGINT):
        """Stop it: SIGINT ends what runs, SIGQUIT at once, without writing it down."""
        self.process.send_signal(how)
        self.process.wait(30)

    def kill(self):
        """Kill it with everything it started."""
        self._signal_all(signal.SIGKILL)
        self.process.wait(30)

    def hang(self):
        """Let nothing in it move."""
        self._signal_all(signal.SIGSTOP)

    def go_on(self):
        """Let it move again."""
        self._signal_all(signal.SIGCONT)

    def remove(self):
        """Stop it for good and leave nothing behind."""
        self.go_on()
        self.stop(signal.SIGQUIT)
        shutil.rmtree(self.folder)

    def database(self):
        """Return the address of the database, emptied; whoever used it is sent away."""
        others = f"datname = '{KEPT}' AND pid <> pg_backend_pid()"
        self.ask(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE " + others
        )
        self.ask("DROP TABLE IF EXISTS turns, conversations")
        return f"postgresql://bot@127.0.0.1:{self.port}/{KEPT}"

    def connected(self, database=KEPT):
        """Return a connection in which every statement is its own transaction."""
        connection = psycopg2.connect(
            host="127.0.0.1", port=self.port, user="bot", dbname=database
        )
        connection.autocommit = True
        return connection

    def ask(self, statement, database=KEPT):
        """Return the rows of a statement, if it has any."""
        connection = self.connected(database)
        try:
            with connection.cursor() as cursor:
                cursor.execute(statement)
                return cursor.fetchall() if cursor.description else []
        finally:
            connection.close()

    def contents(self):
        """Return every byte of our database, its free space, and the journal."""
        self.ask("CHECKPOINT")
        query = f"SELECT oid FROM pg_database WHERE datname = '{KEPT}'"
        ((database,),) = self.ask(query)
        folders = [self.folder / "data" / "base" / str(database)]
        folders.append(self.folder / "data" / "pg_wal")
        files = [path for each in folders for path in each.iterdir() if path.is_file()]
        return b"".join(path.read_bytes() for path in files)

    def _signal_all(self, how):
        children = f"/proc/{self.process.pid}/task/{self.process.pid}/children"
        for pid in [self.process.pid, *Path(children).read_text().split()]:
            # One that has just ended need not be told.
            with contextlib.suppress(ProcessLookupError):
                os.kill(int(pid), how)

    def _program(self, name, *arguments):
        command = [programs() / name, "-D", self.folder / "data", *arguments]
        return subprocess.run(
            [str(part) for part in command],
            capture_output=True,
            text=True,
            cwd=self.folder,
            check=False,
            **self._who,
        )
