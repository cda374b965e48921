"""The channel over a real port: who is let in, what is answered, and in which words."""

import gzip
import json

import pytest
from toy.house import body, new_id, texts
from toy.server import Server

from bot.limits import Limit, Limits
from bot.parts import UnfitReply, offering, reply_from, shown_alone
from bot.refusals import REFUSALS

FOREIGN = "https://chat.example.org"


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    # All tests call from one address; what one address may ask has a test of its own.
    busy = (Limit(10_000, 60.0),)
    limits = Limits(messages_from=busy, sessions_from=busy)
    server = Server(tmp_path_factory.mktemp("served"), limits)
    yield server
    server.stop()


def is_error(answer, code):
    contacts = [contact["contact"] for contact in answer["help"]]
    return (
        answer["error"] == code
        and answer["say"] == REFUSALS[code].say
        and contacts == ["999", "101", "0808 802 0300"]
    )


def test_a_conversation_can_be_held_from_outside(server):
    status, _, opened = server.call("POST", "/chat/session", {})
    token = opened["token"]
    door = opened["messages"][0]["choices"][0]["id"]

    said = server.say(token, 1, "hello")
    picked = server.say(token, 2, choice=door)
    since = server.call("GET", "/chat/messages?after=1", token=token)
    ended = server.call("POST", "/chat/end", {}, token)

    assert status == 201
    assert opened["idle_s"] == 1800
    assert said == (200, {"n": 1, "messages": [{"kind": "text", "text": "Hello."}]})
    assert picked[1]["messages"] == [{"kind": "text", "text": "You picked first."}]
    assert since[2] == {"n": 2, "messages": picked[1]["messages"]}
    assert (ended[0], ended[2]) == (204, b"")
    assert is_error(server.say(token, 3, "hello")[1], "session")


def test_a_token_that_the_tab_keeps_waits_less_long(server):
    status, _, opened = server.call("POST", "/chat/session", {"keep": "tab"})

    assert (status, opened["idle_s"]) == (201, 600)


def test_the_routes_are_those_we_named_and_no_others(server):
    """S13."""
    named = {
        "/" + "/".join(route.parts) for route in server.app.router.routes_all.values()
    }

    assert named == {
        "/",
        "/embed.js",
        "/frame",
        "/live",
        "/ready",
        "/chat/session",
        "/chat/messages",
        "/chat/end",
    }


@pytest.mark.parametrize(
    "path",
    [
        "/webhooks/rest/webhook",
        "/webhooks/web_chat",
        "/socket.io/",
        "/conversations/x/tracker",
        "/model",
        "/status",
        "/version",
        "/docs",
        "/chat",
        "/.env",
        "/..%2f..%2fetc/passwd",
        "/%00",
        "/" + "a" * 4000,
    ],
)
def test_an_address_that_is_not_there_says_so_and_nothing_more(server, path):
    """S13."""
    status, headers, answer = server.call("GET", path)

    assert status == 404
    assert is_error(answer, "not_found")
    assert not any("sanic" in str(item).lower() for item in headers.items())


def test_an_address_is_written_in_one_way(server):
    """S13."""
    assert server.call("POST", "/chat/session/", {})[0] == 404
    assert server.call("POST", "/chat//session", {})[0] == 404
    assert server.call("POST", "/CHAT/session", {})[0] == 404


@pytest.mark.parametrize("path", ["/chat/session", "/chat/messages", "/chat/end"])
@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "TRACE"])
def test_other_methods_are_refused(server, method, path):
    """S13."""
    status, _, answer = server.call(method, path)

    assert status == 405
    assert is_error(answer, "method")


def bad_tokens(server):
    """Return tokens that open nothing, for every reason there is."""
    good, _ = server.begin()
    ended, _ = server.begin()
    server.call("POST", "/chat/end", {}, ended)
    flipped = good[:50] + ("A" if good[50] != "A" else "B") + good[51:]
    return [ended, flipped, good[:-1], good + "A", "", "x", "null", "A" * 124]


def test_every_wrong_token_gets_the_same_answer(server):
    """S1, SES-5."""
    answers = {
        json.dumps([status, answer])
        for token in bad_tokens(server)
        for status, _, answer in (
            server.call("POST", "/chat/messages", body(1, "hello"), token),
            server.call("POST", "/chat/end", {}, token),
            server.call("GET", "/chat/messages?after=0", token=token),
        )
    }
    answers.add(json.dumps(list(server.call("POST", "/chat/end", {}))[::2]))

    assert len(answers) == 1
    assert is_error(json.loads(answers.pop())[1], "session")


def test_the_token_is_heard_before_the_body_is_read(server):
    """S1."""
    status, _, _ = server.call("POST", "/chat/messages", raw=b"nonsense", token="x")

    assert status == 401


def test_another_conversation_cannot_be_named(server):
    """S1, I9, INP-5."""
    token, _ = server.begin()
    other, _ = server.begin()
    server.say(other, 1, "note canary")

    for name in ("sender", "conversation_id", "metadata"):
        value = {**body(1, "hello"), name: other}
        status, _, answer = server.call("POST", "/chat/messages", value, token)
        assert (status, answer["error"]) == (400, "bad_request")
    since = server.call("GET", "/chat/messages?after=0", token=token)
    assert since[2]["messages"] == []


@pytest.mark.parametrize(
    ("path", "headers"),
    [
        ("/chat/messages?token={}", {}),
        ("/chat/messages?after=0&token={}", {}),
        ("/chat/messages", {"Cookie": "token={}"}),
        ("/chat/messages", {"Cookie": 'a=1; session="{}"'}),
    ],
)
def test_a_token_in_the_wrong_place_is_refused_even_if_it_is_good(
    server, path, headers
):
    """S2."""
    token, _ = server.begin()
    headers = {name: value.format(token) for name, value in headers.items()}

    posted = server.call(
        "POST", path.format(token), body(1, "hello"), token, headers=headers
    )

    assert posted[0] == 400
    assert is_error(posted[2], "token_place")


def test_a_cookie_of_the_site_around_us_does_no_harm(server):
    token, _ = server.begin()
    status, _ = server.say(token, 1, "hello", headers={"Cookie": "consent=yes; id=1"})

    assert status == 200


ORIGINS = [
    None,
    "",
    "null",
    "http://127.0.0.1",
    "https://127.0.0.1:{port}",
    "http://127.0.0.1:{port}.evil.test",
    "http://127.0.0.1:{port}/",
    "HTTP://127.0.0.1:{port}",
    "http://evil.test",
    "http://127.0.0.2:{port}",
    "http://user@127.0.0.1:{port}",
    "http://127.0.0.1:{port}, http://evil.test",
]


@pytest.mark.parametrize("origin", ORIGINS)
@pytest.mark.parametrize("path", ["/chat/session", "/chat/messages", "/chat/end"])
def test_a_foreign_page_may_not_call(server, origin, path):
    """S3."""
    token, _ = server.begin()
    value = body(1, "hello") if path == "/chat/messages" else {}
    told = origin.format(port=server.port) if origin else origin

    status, headers, answer = server.call(
        "POST", path, value, token, headers={"Origin": told}
    )

    assert status == 403
    assert is_error(answer, "origin")
    assert not [name for name in headers if name.lower().startswith("access-control")]


def test_a_foreign_page_may_not_read_either(server):
    """S3."""
    token, _ = server.begin()
    path, headers = "/chat/messages?after=-0", {"Origin": "http://evil.test"}

    assert server.call("GET", path, token=token, headers=headers)[0] == 403


@pytest.mark.parametrize(
    "sort",
    [
        None,
        "text/plain",
        "application/x-www-form-urlencoded",
        "multipart/form-data",
        "",
    ],
)
def test_what_is_no_json_is_refused(server, sort):
    """SES-4."""
    status, _, answer = server.call(
        "POST", "/chat/session", raw=b"{}", headers={"Content-Type": sort}
    )

    assert status == 415
    assert is_error(answer, "content_type")


def test_a_packed_body_is_refused(server):
    """I6."""
    headers = {"Content-Encoding": "gzip"}

    assert server.call("POST", "/chat/session", {}, headers=headers)[0] == 415


@pytest.mark.parametrize(
    ("text", "status", "code"),
    [("", 422, "empty"), ("\u200b", 422, "empty"), ("a" * 4001, 422, "too_long")],
)
def test_words_that_cannot_be_taken_get_words_back(server, text, status, code):
    """I2, INP-2."""
    token, _ = server.begin()

    got, answer = server.say(token, 1, text)

    assert got == status
    assert is_error(answer, code)


def test_danger_in_a_message_too_long_is_heard(server):
    """I2, TRN-6."""
    token, _ = server.begin()

    _, answer = server.say(token, 1, "he is outside my door right now. " * 200)

    assert [part["kind"] for part in answer["messages"]] == ["danger"]


def test_the_longest_message_is_answered(server):
    """I2."""
    token, _ = server.begin()

    assert server.say(token, 1, ("note " * 800)[:4000])[0] == 200


@pytest.mark.parametrize("size", [65_537, 100_000, 1_000_000])
def test_a_body_too_large_is_not_read(server, size):
    """I2."""
    head = (
        "POST /chat/messages HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
        f"Origin: {server.origin}\r\nContent-Length: {size}\r\n\r\n"
    )

    answer = server.raw(head.encode() + b"a" * 1000)

    assert answer.startswith(b"HTTP/1.1 413")


@pytest.mark.parametrize(
    "head",
    [
        b"NONSENSE\r\n\r\n",
        b"GET / HTTP/9.9\r\n\r\n",
        b"POST /chat/end HTTP/1.1\r\nContent-Length: 5\r\nContent-Length: 9\r\n\r\n",
        b"POST /chat/end HTTP/1.1\r\nContent-Length: 5\r\n"
        b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        b"POST /chat/end HTTP/1.1\r\nTransfer-Encoding: gzip\r\n\r\n",
        b"POST /chat/end HTTP/1.1\r\nContent-Length: -5\r\n\r\n",
        b"POST /chat/end HTTP/1.1\r\nContent-Length: five\r\n\r\n",
        b"GET /live HTTP/1.1\r\nOrigin: a\r\nOrigin: b\r\n\r\n",
        b"GET /live HTTP/1.1\r\nno colon here\r\n\r\n",
    ],
    ids=lambda head: repr(head[:60]),
)
def test_a_request_that_can_be_read_in_two_ways_is_refused(server, head):
    """I6, I12."""
    answer = server.raw(head)

    assert answer.startswith(b"HTTP/1.1 400")
    assert b"connection: close" in answer


def test_headers_too_large_are_refused(server):
    """I12."""
    assert server.raw(
        b"GET / HTTP/1.1\r\nX: " + b"a" * 16_000 + b"\r\n\r\n"
    ).startswith(b"HTTP/1.1 413")


@pytest.mark.parametrize(
    "path", ["/", "/frame", "/live", "/ready", "/chat/session", "/nowhere"]
)
def test_every_answer_carries_the_same_protection(server, path):
    """WID-2."""
    _, headers, _ = server.call("GET", path)

    assert headers["Cache-Control"] == "no-store"
    assert headers["Referrer-Policy"] == "no-referrer"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert "default-src 'none'" in headers["Content-Security-Policy"]
    assert "Server" not in headers
    assert "Set-Cookie" not in headers


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/", b"front"),
        ("/?lang=cy&x=1", b"front"),
        ("/frame", b"frame"),
        ("/frame?lang=cy", b"ffram"),
        ("/frame?lang=xx", b"frame"),
        ("/embed.js", b"script"),
    ],
)
def test_a_page_is_answered_as_it_is_and_smaller_when_asked(server, path, body):
    plain = server.call("GET", path)
    packed = server.call("GET", path, headers={"Accept-Encoding": "br, gzip"})

    assert (plain[0], plain[2]) == (200, body)
    assert gzip.decompress(packed[2]) == body
    assert packed[1]["Content-Encoding"] == "gzip"
    assert plain[1]["Vary"] == "Accept-Encoding"


def test_a_page_may_be_framed_only_where_it_says_so(server):
    """S9."""
    assert server.call("GET", "/")[1]["X-Frame-Options"] == "DENY"
    assert "X-Frame-Options" not in server.call("GET", "/frame")[1]
    assert "a.example" in server.call("GET", "/frame")[1]["Content-Security-Policy"]


def test_the_health_of_the_service_can_be_asked(server):
    """OPS-1."""
    assert server.call("GET", "/live")[::2] == (200, {"live": True})
    assert server.call("GET", "/ready")[::2] == (200, {"ready": True})


def test_a_turn_that_fails_is_said_in_kind_words(server):
    """TRN-1."""
    token, _ = server.begin()

    status, answer = server.say(token, 1, "fail")
    again = server.say(token, 1, "hello")

    assert status == 503
    assert is_error(answer, "not_kept")
    assert again[0] == 200


def test_the_same_message_again_gets_the_same_bytes(server):
    """F22."""
    token, _ = server.begin()
    name = new_id()

    answers = [server.say(token, 1, "pick", id=name) for _ in range(3)]

    assert answers[0] == answers[1] == answers[2]


@pytest.mark.parametrize("query", ["", "?after=", "?after=x", "?after=-1", "?n=1"])
def test_answers_are_asked_for_by_number_alone(server, query):
    token, _ = server.begin()

    assert server.call("GET", f"/chat/messages{query}", token=token)[0] == 400


def test_somebody_in_a_hurry_is_told_when_to_go_on(server):
    """INP-6, S5."""
    token, _ = server.begin()
    statuses = [server.say(token, n, "hello")[0] for n in range(1, 6)]

    status, headers, answer = server.call(
        "POST", "/chat/messages", body(6, "hello"), token
    )

    assert statuses == [200] * 5
    assert status == 429
    assert is_error(answer, "rate")
    assert 1 <= int(headers["Retry-After"]) <= 5


def test_danger_is_answered_even_in_a_hurry(server):
    """S5, TRN-6."""
    token, _ = server.begin()
    for n in range(1, 6):
        server.say(token, n, "hello")

    _, answer = server.say(token, 6, "he is outside my door right now")

    assert [part["kind"] for part in answer["messages"]] == ["danger"]


def test_a_configured_page_elsewhere_may_call_and_read(tmp_path):
    """S3, SES-4."""
    server = Server(tmp_path, origins=(FOREIGN,))
    there = {"Origin": FOREIGN}

    before = server.call("OPTIONS", "/chat/messages", headers=there)
    opened = server.call("POST", "/chat/session", {}, headers=there)
    ours = server.call("POST", "/chat/session", {})
    script = server.call("GET", "/embed.js", headers=there)
    server.stop()

    assert before[0] == 204
    assert before[1]["Access-Control-Allow-Headers"] == "authorization, content-type"
    assert opened[0] == 201
    assert opened[1]["Access-Control-Allow-Origin"] == FOREIGN
    assert "Access-Control-Allow-Credentials" not in opened[1]
    assert script[1]["Access-Control-Allow-Origin"] == FOREIGN
    assert ours[0] == 403


def test_text_and_buttons_become_parts():
    said = [
        {"text": "One."},
        {"text": "Two.", "buttons": [{"title": "Yes", "payload": "/yes"}]},
        {
            "custom": {
                "kind": "four",
                "text": "T",
                "types": [{"choices": [{"payload": "/a"}]}],
            }
        },
    ]

    reply = reply_from(said)

    assert texts(reply.parts) == ["One.", "Two.", "T"]
    assert sorted(reply.offered.values()) == ["/a", "/yes"]
    assert "payload" not in json.dumps(reply.parts)
    assert reply.parts[1]["choices"][0]["id"] in reply.offered


@pytest.mark.parametrize(
    "said",
    [
        [],
        [{"text": ""}],
        [{"image": "x.png"}],
        [{"attachment": "x.pdf", "text": "x"}],
        [{"custom": {"kind": "four"}}],
        [{"custom": {"text": "four"}}],
    ],
    ids=repr,
)
def test_what_cannot_be_shown_is_no_reply(said):
    """TRN-5."""
    with pytest.raises(UnfitReply):
        reply_from(said)


def test_an_id_of_an_action_is_not_what_stands_in_the_part():
    reply = offering(
        [{"kind": "x", "text": "", "id": "part", "door": {"id": "report"}}]
    )

    assert reply.parts[0]["id"] == "part"
    assert reply.offered == {}


def test_a_part_can_be_shown_without_its_choices():
    part = {
        "kind": "danger",
        "text": "Call.",
        "choices": [{"payload": "/safe"}],
        "n": [1],
    }

    assert shown_alone(part) == {
        "kind": "danger",
        "text": "Call.",
        "choices": [],
        "n": [1],
    }
