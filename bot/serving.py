"""The running service: one process, one port, and only the routes we named."""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import json
import signal
import socket
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from rasa.core.agent import Agent
from rasa.core.channels.channel import register
from rasa.core.tracker_store import TrackerStore
from rasa.shared.constants import DEFAULT_ENDPOINTS_PATH
from rasa.utils.endpoints import read_endpoint_config
from sanic import Sanic
from sanic.exceptions import (
    MethodNotSupported,
    NotFound,
    PayloadTooLarge,
    RequestTimeout,
    SanicException,
    ServiceUnavailable,
)
from sanic.handlers import ErrorHandler
from sanic.request import Request
from sanic.response import HTTPResponse

from bot import log
from bot.assembly import Assistant, assemble
from bot.channel import HEADERS, WebChat
from bot.gate import LARGEST_BODY
from bot.graph import InOrder
from bot.knowledge import loaded
from bot.lighter import copy_slots_quickly
from bot.metrics import Metrics
from bot.model import ensure
from bot.nlu.understanding import has_reader
from bot.pages import Page, environment, rendered
from bot.plain import PlainChat
from bot.reader_process import ProcessReader
from bot.refusals import Refused, help_contacts
from bot.session import ServerKey, new_key
from bot.settings import Settings
from bot.store import ConversationStore
from bot.wire import UNREADABLE, PatientProtocol, StrictRequest

LARGEST_HEADERS = 8 * 1024
HEAD_S = 6  # Sanic looks twice in that time: 9 s at most, of a request's 10
ANSWER_S = 25  # above any turn's own limits
IDLE_CONNECTION_S = 15
BACKLOG = 100
RUNNING_AFTER_S = 0.1
KEY_FILE = "session.key"
LOCK_FILE = "running.lock"
Say = Callable[[str], None]

CODES: Sequence[tuple[type[Exception], str]] = (
    (NotFound, "not_found"),
    (MethodNotSupported, "method"),
    (PayloadTooLarge, "too_large"),
    (RequestTimeout, "slow"),
    (ServiceUnavailable, "stopping"),
)


class CannotServe(Exception):
    """The service must not start here and now; the message says why."""


class PlainErrors(ErrorHandler):
    """Answers whatever fails outside our handlers in the words of the channel."""

    def __init__(self, chat: WebChat) -> None:
        """Take the channel."""
        super().__init__()
        self._chat = chat

    def response(self, request: Request, exception: Exception) -> HTTPResponse:
        """Return the answer for an error."""
        code = next((code for kind, code in CODES if isinstance(exception, kind)), None)
        if code is None:
            mine = isinstance(exception, SanicException)
            status = getattr(exception, "status_code", 500) if mine else 500
            if request.method == UNREADABLE:
                status = 400
            code = "bad_request" if 400 <= status < 500 else "not_kept"
            if code == "not_kept":
                name = type(exception).__name__
                log.event("request.failed", level="error", error=name)
        return self._chat.refusal(request, Refused(code))


def load_agent(model: Path, endpoints: str = DEFAULT_ENDPOINTS_PATH) -> Agent:
    """Return Rasa's agent with this model and the store that endpoints.yml names.

    Raises:
        CannotServe: another tracker store is named there, or the model is no good.
    """
    store = TrackerStore.create(read_endpoint_config(endpoints, "tracker_store"))
    if not isinstance(store, ConversationStore):
        wanted = "bot.store.ConversationStore"
        raise CannotServe(f"endpoints.yml: tracker_store must be {wanted}")
    try:
        copy_slots_quickly()
        agent = Agent.load(model, tracker_store=store)
        if agent.processor is not None:
            agent.processor.graph_runner = InOrder(agent.processor.graph_runner)
        return agent
    except Exception as error:  # whatever a broken archive makes Rasa raise
        why = type(log.cause_of(error)).__name__
        raise CannotServe(
            f"the model {model.name} cannot be loaded ({why}); delete it, and "
            "`bot train` makes another"
        ) from None


@contextlib.contextmanager
def reading(model: Path) -> Iterator[ProcessReader | None]:
    """Read in a process of its own while this lasts; None if the model has no reader."""
    if not has_reader(model):
        yield None
        return
    reader = ProcessReader(model)
    try:
        yield reader
    finally:
        reader.stop()


def server_keys(settings: Settings, say: Say) -> list[ServerKey]:
    """Return the server keys, making one for trying things out when none is set.

    Raises:
        WeakKey: one that is set is short or an example.
        CannotServe: the data folder cannot be written.
    """
    if settings.session_keys:
        return [ServerKey.from_text(text) for text in settings.session_keys]
    file = settings.data_dir / KEY_FILE
    try:
        if not file.exists():
            file.touch(mode=0o600)
            file.write_text(new_key(), encoding="ascii")
        text = file.read_text(encoding="ascii")
    except (OSError, UnicodeDecodeError):
        raise CannotServe(f"{file} cannot be written and read") from None
    say(f"No session key is set. Using one made for trying things out, in {file}.")
    return [ServerKey.from_text(text)]


@contextlib.contextmanager
def alone_in(folder: Path) -> Iterator[None]:
    """Make the data folder, and keep it for this process while it runs.

    Raises:
        CannotServe: it cannot be made, or another process serves from it.
    """
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        lock = (folder / LOCK_FILE).open("w")
    except OSError as error:
        raise CannotServe(f"{folder} cannot be used: {error.strerror}") from None
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise CannotServe(f"another First Contact is running on {folder}") from None
        yield


def make_app(
    assistant: Assistant,
    contacts: Sequence[dict[str, str]],
    pages: Mapping[str, Page],
    origins: Sequence[str] = (),
    embedders: Sequence[str] = (),
    name: str = "first_contact",
) -> Sanic:
    """Return the web application: the chat, the pages, and the two questions of health.

    Args:
        assistant: put together, not yet started; it starts and stops with the app.
        contacts: who can help when there is no answer.
        pages: everything else that may be asked for, by its path.
        origins: other addresses whose pages may call.
        embedders: other addresses whose pages may hold the frame.
        name: of the application, one of its kind in a process.
    """
    chat = WebChat(assistant, contacts, origins)
    app = Sanic(
        name,
        configure_logging=False,
        error_handler=PlainErrors(chat),
        request_class=StrictRequest,
        strict_slashes=True,
    )
    app.config.update(
        ACCESS_LOG=False,
        GRACEFUL_SHUTDOWN_TIMEOUT=2.0,
        KEEP_ALIVE_TIMEOUT=IDLE_CONNECTION_S,
        REQUEST_MAX_HEADER_SIZE=LARGEST_HEADERS,
        REQUEST_MAX_SIZE=LARGEST_BODY,
        REQUEST_TIMEOUT=HEAD_S,
        RESPONSE_TIMEOUT=ANSWER_S,
    )
    app.ctx.agent = assistant.agent
    register([chat], app, route="/")
    _add_pages(app, pages, (*origins, *embedders))
    _add_health(app, assistant)

    async def start(app: Sanic, _: Any) -> None:
        await assistant.start()

    async def stop(app: Sanic, _: Any) -> None:
        await assistant.stop()

    app.register_listener(start, "before_server_start")
    app.register_listener(stop, "before_server_stop")
    return app


def serve(settings: Settings, root: Path, say: Say) -> None:
    """Train if needed, check everything, and serve until told to stop.

    Raises:
        CannotServe: or any of the errors that name what stops a start.
    """
    facts = loaded(settings.force)
    pages = rendered(facts, settings.origins, settings.frame_ancestors)
    # A database file is for one process; PostgreSQL is for as many as there are, each
    # with a data folder of its own.
    metrics = Metrics(settings.metrics_window_s)
    with (
        alone_in(settings.data_dir),
        _listening(settings) as listener,
        _shown(metrics, settings.metrics_port),
        contextlib.ExitStack() as waiting,
    ):
        keys = server_keys(settings, say)
        model = ensure(root, settings.models_dir, say)
        say("Loading the model and checking everything.")
        reader = waiting.enter_context(reading(model))
        agent = load_agent(model)
        # Rasa has set up logging of its own.
        log.configure(settings.log_level, for_good=True)
        assistant = assemble(
            settings, agent, keys, facts=facts, metrics=metrics, reader=reader
        )
        around = (settings.origins, settings.frame_ancestors)
        contacts = help_contacts(facts)
        app = make_app(assistant, contacts, pages, *around)
        plain = PlainChat(assistant, environment(facts), contacts, keys)
        app.blueprint(plain.blueprint())
        address = f"{settings.host}:{settings.port}"
        _listen_when_ready(app, listener, address)
        _announce(app, f"http://{address}", say)
        app.run(
            sock=listener,
            protocol=PatientProtocol,
            register_sys_signals=False,
            motd=False,
            access_log=False,
        )


@contextlib.contextmanager
def _shown(metrics: Metrics, port: int) -> Iterator[None]:
    """Show the metrics while the service runs, if a port is set.

    Raises:
        CannotServe: it cannot be used.
    """
    with contextlib.ExitStack() as stack:
        if port:
            from bot.scraping import HOST, exposed  # most need none of it

            try:
                stack.enter_context(exposed(metrics, port))
            except OSError as error:
                why = f"cannot show metrics on {HOST}:{port}: {error.strerror}"
                raise CannotServe(why) from None
        yield


def _listen_when_ready(app: Sanic, listener: socket.socket, address: str) -> None:
    """Listen once everything has started.

    Two may bind a port and one may listen. uvloop would not tell the other, which would
    then say that it is ready and hear nobody.
    """

    async def begin(app: Sanic, _: Any) -> None:
        try:
            listener.listen(BACKLOG)
        except OSError as error:
            why = f"cannot listen on {address}: {error.strerror}"
            raise CannotServe(why) from None

    app.register_listener(begin, "before_server_start")


def _announce(app: Sanic, address: str, say: Say) -> None:
    """Say the address, and be told to stop, once the server runs for good.

    Sanic would listen for the signal before that, and lose it when it comes early. It
    stops once, however often it is told.
    """

    async def begin(app: Sanic, loop: asyncio.AbstractEventLoop) -> None:
        def running() -> None:
            for each in (signal.SIGTERM, signal.SIGINT):
                loop.add_signal_handler(each, app.stop)
            say(f"First Contact is ready at {address}")

        loop.call_later(RUNNING_AFTER_S, running)

    app.register_listener(begin, "after_server_start")


def _listening(settings: Settings) -> socket.socket:
    """Return the bound port; it answers nothing before everything is checked."""
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((settings.host, settings.port))
    except OSError as error:
        listener.close()
        where = f"{settings.host}:{settings.port}"
        raise CannotServe(f"cannot listen on {where}: {error.strerror}") from None
    return listener


def _add_pages(app: Sanic, pages: Mapping[str, Page], origins: Sequence[str]) -> None:
    shared_with = frozenset(origins)

    async def show(request: Request) -> HTTPResponse:
        # One query is understood, the language; a page that has no other is itself.
        path = request.path
        page = pages.get(f"{path}?lang={request.args.get('lang')}", pages[path])
        headers = {**HEADERS, **page.headers}
        sort, vary = headers.pop("Content-Type"), ["Accept-Encoding"]
        if "frame-ancestors 'none'" not in headers["Content-Security-Policy"]:
            del headers["X-Frame-Options"]  # it knows no list; the policy says who may
        origin = request.headers.get("origin")
        if origin in shared_with:
            headers["Access-Control-Allow-Origin"] = origin
            vary.append("Origin")
        headers["Vary"] = ", ".join(vary)
        body = page.body
        if "gzip" in request.headers.get("accept-encoding", ""):
            body, headers["Content-Encoding"] = page.gzipped, "gzip"
        return HTTPResponse(body, 200, headers, sort)

    for at, path in enumerate(sorted(path for path in pages if "?" not in path)):
        app.add_route(show, path, methods=["GET", "HEAD"], name=f"page_{at}")


def _add_health(app: Sanic, assistant: Assistant) -> None:
    async def live(request: Request) -> HTTPResponse:
        return _state({"live": True}, 200)

    async def ready(request: Request) -> HTTPResponse:
        is_ready = await assistant.is_ready()
        return _state({"ready": is_ready}, 200 if is_ready else 503)

    app.add_route(live, "/live", methods=["GET", "HEAD"])
    app.add_route(ready, "/ready", methods=["GET", "HEAD"])


def _state(body: dict[str, bool], status: int) -> HTTPResponse:
    return HTTPResponse(json.dumps(body), status, dict(HEADERS), "application/json")
