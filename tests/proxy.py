"""nginx with the configuration of deploy/, in front of assistants of a test's own."""

import http.client
import json
import os
import shutil
import socket
import subprocess
from pathlib import Path

from toy.machine import free_port
from urllib3 import PoolManager, Retry

from bot.knowledge import loaded
from bot.standin import write_answers

ROOT = Path(__file__).parents[1]
FILES = ROOT / "deploy/nginx"
SITE = "https://chat.example.org"
# Root's nginx would otherwise hand over to a user who may not read a test's folder.
AS = "user root;" if os.getuid() == 0 else ""
MISSING = "These tests need nginx. On Debian: apt-get install nginx-light"
# Every test comes from one address; a header says which person is meant, as behind a
# load balancer.
SITE_CONF = """
listen 127.0.0.1:{port};
server_name chat.example.org;
access_log /dev/stdout counts;
set_real_ip_from 127.0.0.1;
real_ip_header X-Forwarded-For;
"""


def program():
    """Return where nginx is; Debian keeps it off the path of ordinary users."""
    found = shutil.which("nginx") or shutil.which("/usr/sbin/nginx")
    assert found, MISSING
    return found


def lay_out(folder, port, assistants):
    """Copy the configuration, with our own address and assistants in it."""
    conf, run = folder / "conf", folder / "run"
    conf.mkdir(parents=True)
    run.mkdir()
    for file in FILES.glob("*.conf"):
        shutil.copy(file, conf)
    upstream = (FILES / "upstreams/machine.conf").read_text()
    lines = [line for line in upstream.splitlines() if not line.startswith("  server")]
    servers = [f"  server 127.0.0.1:{each} max_fails=0;" for each in assistants]
    (conf / "upstream.conf").write_text("\n".join([*lines[:-1], *servers, "}\n"]))
    (conf / "site.conf").write_text(SITE_CONF.format(port=port))
    write_answers(run / "answers", loaded("cheshire"))
    return [program(), "-p", str(run), "-c", str(conf / "nginx.conf")]


class Proxy:
    """One nginx, and what it logged."""

    def __init__(self, folder, assistants):
        self.folder, self.port = folder, free_port()
        command = lay_out(folder, self.port, assistants)
        self.log = folder / "log"
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                [*command, "-g", f"daemon off; {AS}"], stdout=log, stderr=log
            )
        with PoolManager() as pool:
            tries = Retry(60, backoff_factor=0.01, backoff_max=0.2)
            front = f"http://127.0.0.1:{self.port}/ready"
            assert pool.request("GET", front, retries=tries).status == 404

    def stop(self):
        """Stop it, and return what it logged."""
        self.process.terminate()
        self.process.wait(60)
        return self.log.read_text()

    def call(self, method, path, value=None, token=None, who="203.0.113.1", **headers):
        """Make one call; return its status, headers and content."""
        sent = {"Origin": SITE, "X-Forwarded-For": who, **headers}
        if token:
            sent["Authorization"] = f"Bearer {token}"
        data = None
        if value is not None:
            sent.setdefault("Content-Type", "application/json")
            data = value if isinstance(value, bytes) else json.dumps(value).encode()
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        try:
            connection.request(method, path, data, sent)
            answer = connection.getresponse()
            content = answer.read()
        finally:
            connection.close()
        if answer.headers.get_content_type() == "application/json":
            content = json.loads(content)
        return answer.status, answer.headers, content

    def raw(self, data):
        """Send bytes; return everything that comes back until the end."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=30) as wire:
            wire.sendall(data)
            wire.shutdown(socket.SHUT_WR)
            parts = []
            while part := wire.recv(65536):
                parts.append(part)
        return b"".join(parts)
