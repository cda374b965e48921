"""The store: whole or nothing, sealed, and forgotten in time."""

import asyncio
import base64
import contextlib
import hmac
import sqlite3
import stat

import pytest
import sqlalchemy as sa
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from toy.house import Chat, assistant, run, started, texts
from toy.keys import KEY, ORIGIN, OTHER_KEY

from bot.database import (
    CONNECTIONS,
    UnsafeStore,
    conversations,
    postgresql_limits,
    turns,
)
from bot.erasure import BATCH
from bot.refusals import Refused
from bot.sealing import Damaged, seal, tag, unseal
from bot.session import ServerKey, Sessions
from bot.snapshot import KEPT_TURNS, as_json, compacted, revived
from bot.store import (
    Answered,
    Conversations,
    ConversationStore,
    Kept,
    RunningTurn,
    StoreConflict,
    StoreUnavailable,
    running,
)

NOW = 1_800_000_000
IDLE_S, ABSOLUTE_S = 1800, 14_400
SEALING_KEY = bytes(range(32))
UNREADABLE = (b"canary", b"action_echo", b"toy_form", b"note")


@pytest.fixture(params=["file", "memory", "postgres"])
def url(request, tmp_path):
    """The address of a database of each kind."""
    if request.param == "postgres":
        return request.getfixturevalue("postgres").database()
    return f"sqlite:///{tmp_path}/kept.db" if request.param == "file" else "sqlite://"


@pytest.fixture
def store(url):
    made = Conversations(url, ABSOLUTE_S)
    yield made
    made.close()


def asked(store, *queries):
    """Return what the store's own connections say of themselves, or of the tables."""

    def ask(connection):
        return [connection.exec_driver_sql(query).scalar() for query in queries]

    async def work():
        await store.open()
        return await store._database.write(ask)

    return run(work())


async def keep(store, version, now=NOW, name="one", message="id"):
    await store.keep(
        name,
        Kept(version, version - 1, b"snapshot %d" % version),
        Answered(version - 1, f"{message}-{version}", b"answer"),
        now,
        IDLE_S,
    )


def test_what_was_kept_is_found_with_its_answer(store):
    async def work():
        await store.open()
        await keep(store, 1)
        await keep(store, 2)
        return await store.find("one", NOW, tag="id-2")

    kept, answered = run(work())

    assert kept == Kept(2, 1, b"snapshot 2")
    assert answered == [Answered(1, "id-2", b"answer")]


def test_an_unknown_conversation_is_none_and_not_new(store):
    async def work():
        await store.open()
        return await store.find("nobody", NOW)

    assert run(work()) == (None, [])


@pytest.mark.parametrize("version", [1, 2])
def test_two_turns_cannot_both_be_the_next(store, version):
    """F23, STO-3: of two turns that both want to be the next, one is refused."""

    async def work():
        await store.open()
        for earlier in range(1, version + 1):
            await keep(store, earlier)
        with pytest.raises(StoreConflict):
            await keep(store, version, message="other")
        return await store.find("one", NOW)

    kept, _ = run(work())
    assert kept.version == version


def test_a_turn_that_conflicts_leaves_nothing(store):
    async def work():
        await store.open()
        await keep(store, 1)
        with pytest.raises(StoreConflict):
            await keep(store, 3, message="lost")
        return await store.find("one", NOW, tag="lost-3", n=2)

    kept, answered = run(work())
    assert kept.version == 1
    assert answered == []


@pytest.mark.parametrize(
    ("after_s", "there"),
    [(IDLE_S, True), (IDLE_S + 1, False), (ABSOLUTE_S + 1, False)],
)
def test_a_conversation_is_gone_when_it_is_idle(store, after_s, there):
    """P3: not a second after its idle limit."""

    async def work():
        await store.open()
        await keep(store, 1)
        return await store.find("one", NOW + after_s)

    kept, _ = run(work())
    assert (kept is not None) is there


def test_no_conversation_outlives_the_absolute_limit(store):
    """P3: however often somebody speaks."""

    async def work():
        await store.open()
        now = NOW
        for version in range(1, 11):
            await keep(store, version, now)
            now += IDLE_S - 100
        return await store.find("one", now), now

    (kept, _), now = run(work())
    assert now - NOW > ABSOLUTE_S
    assert kept is None


def test_asking_for_answers_is_a_sign_of_life(store):
    async def work():
        await store.open()
        await keep(store, 1)
        answers = await store.answers_after("one", -1, NOW + 1000)
        return answers, await store.find("one", NOW + IDLE_S + 500)

    answers, (kept, _) = run(work())
    assert [answer.n for answer in answers] == [0]
    assert kept is not None


def test_the_sweep_erases_what_is_over_and_nothing_else(store):
    """P3, P4: the rows of conversations whose time has passed, with their answers."""

    async def work():
        await store.open()
        await keep(store, 1, NOW - IDLE_S - 1, "old")
        await keep(store, 1, NOW, "new")
        gone = await store.sweep(NOW)
        return gone, await store.count(), await store.answers_after("old", -1, NOW)

    assert run(work()) == (1, 1, None)
    assert asked(store, "SELECT count(*) FROM turns") == [1]


def test_everything_that_is_over_is_erased_however_much_it_is(store):
    """P4: more than one batch."""
    row = {"version": 1, "last_n": 0, "seen_at": 0, "idle_s": 60, "snapshot": b"x"}

    async def work():
        await store.open()
        many = [{"id": f"old-{n}", "created_at": 0, **row} for n in range(BATCH + 1)]
        await store._database.write(
            lambda each: each.execute(sa.insert(conversations), many)
        )
        return await store.sweep(NOW), await store.count()

    assert run(work()) == (BATCH + 1, 0)


@pytest.mark.parametrize(
    ("age_s", "alarms"),
    [
        (0, set()),
        (IDLE_S + 200, set()),
        (IDLE_S + 3600, {"late"}),
        (24 * 3600 + 1, {"late", "day"}),
        (-3600, {"future"}),
    ],
)
def test_what_should_have_gone_long_before_is_told(store, caplog, age_s, alarms):
    """P4, PRV-1: an error in the log says so, by what is wrong."""

    async def work():
        await store.open()
        await keep(store, 1, NOW - age_s)
        caplog.clear()
        await store.sweep(NOW)

    run(work())
    told = [r for r in caplog.records if r.getMessage() == "conversations.overdue"]
    assert {record.first_contact_fields["code"] for record in told} == alarms
    assert all(record.levelname == "ERROR" for record in told)


def test_who_comes_back_while_the_sweep_looks_is_not_erased(store):
    """PRV-1: an erasure is for what is over when it happens, not when it was found."""

    async def work():
        await store.open()
        await keep(store, 1, NOW - IDLE_S - 1)
        await keep(store, 2, NOW)
        return await store.sweep(NOW), await store.count()

    assert run(work()) == (0, 1)


def test_no_answer_outlives_its_conversation(store):
    """P3: an answer that is kept while its conversation is erased goes with it."""

    async def work():
        await store.open()
        await keep(store, 1)
        await store.erase("one")
        orphan = {"conversation_id": "one", "n": 1, "tag": "t", "answer": b"x"}
        with pytest.raises(StoreConflict):
            await store._database.write(
                lambda each: each.execute(sa.insert(turns), orphan)
            )

    run(work())
    assert asked(store, "SELECT count(*) FROM turns") == [0]


def test_what_could_not_be_erased_is_over_and_the_sweep_erases_it(tmp_path):
    """P3: who leaves while the database is locked has left."""
    file = tmp_path / "kept.db"
    store = Conversations(f"sqlite:///{file}", ABSOLUTE_S)

    async def work():
        await store.open()
        await keep(store, 1)
        lock = sqlite3.connect(file, isolation_level=None)
        lock.execute("BEGIN EXCLUSIVE")
        with pytest.raises(StoreUnavailable):
            await store.erase("one")
        lock.close()
        found = await store.find("one", NOW), await store.answers_after("one", -1, NOW)
        with pytest.raises(StoreConflict):
            await keep(store, 2)
        return found, await store.count(), await store.sweep(NOW), await store.count()

    assert run(work()) == (((None, []), None), 1, 1, 0)
    store.close()


def test_several_processes_may_start_on_a_new_database_at_once(postgres):
    """STO-7: they do not all make the tables."""
    url = postgres.database()
    stores = [Conversations(url, ABSOLUTE_S) for _ in range(4)]

    async def work():
        await asyncio.gather(*(store.open() for store in stores))
        await keep(stores[0], 1)
        return await stores[3].find("one", NOW)

    kept, _ = run(work())
    assert kept.version == 1
    for store in stores:
        store.close()


def test_a_file_is_opened_with_the_settings_that_erase_and_bound(tmp_path):
    """STO-5: seen on a live connection."""
    store = Conversations(f"sqlite:///{tmp_path}/kept.db", ABSOLUTE_S)
    names = (
        "journal_mode busy_timeout secure_delete auto_vacuum trusted_schema "
        "foreign_keys"
    ).split()

    assert asked(store, *(f"PRAGMA {name}" for name in names)) == [
        "wal",
        3000,
        1,
        1,
        0,
        1,
    ]
    store.close()


def test_postgresql_is_asked_for_nothing_without_a_limit(postgres):
    """STO-5: seen on a live connection; the pool is small and looks before it gives."""
    store = Conversations(postgres.database(), ABSOLUTE_S)
    names = "statement_timeout lock_timeout idle_in_transaction_session_timeout".split()

    assert asked(store, *(f"SHOW {name}" for name in names)) == ["3s"] * 3
    assert postgresql_limits()["connect_timeout"] == 3
    pool = store._database.engine.pool
    assert (pool.size(), pool._max_overflow, pool._timeout) == (CONNECTIONS, 0, 3)
    assert pool._pre_ping
    store.close()


def test_a_conversation_goes_on_alike_on_both_databases(tmp_path, postgres):
    """STO-5: PostgreSQL by one setting, and not a word is different."""

    async def talk(**given):
        async with started(tmp_path, **given) as toy:
            chat = Chat(toy)
            await chat.begin()
            said = []
            for line in TALK:
                toy.turns.forget_idle(after_s=0)
                said.append(texts(await chat.say(line)))
            await toy.turns.end(chat.session)
            return said, await toy.conversations.count()

    said, left = run(talk(database_url=postgres.database()))
    assert (said, left) == run(talk())
    assert left == 0


def test_erasing_says_whether_there_was_anything(store):
    async def work():
        await store.open()
        await keep(store, 1)
        return await store.erase("one"), await store.erase("one"), await store.count()

    assert run(work()) == (True, False, 0)


def test_the_file_is_for_nobody_else(tmp_path):
    """STO-5: nor is its journal."""
    file = tmp_path / "kept.db"
    conversations = Conversations(f"sqlite:///{file}", ABSOLUTE_S)
    run(conversations.open())

    modes = {stat.S_IMODE(path.stat().st_mode) for path in tmp_path.iterdir()}

    conversations.close()
    assert modes == {0o600}


@pytest.mark.parametrize(
    "url",
    ["", "nonsense", "mysql://host/name", "sqlite:////nowhere/at/all.db"],
)
def test_a_database_that_is_not_fit_is_refused(url):
    """F11: it stops the start."""
    with pytest.raises(UnsafeStore):
        Conversations(url, ABSOLUTE_S)


def test_a_file_that_others_can_read_is_refused(tmp_path):
    """F11, STO-5: with the command that mends it."""
    file = tmp_path / "kept.db"
    file.touch(mode=0o644)
    file.chmod(0o644)

    with pytest.raises(UnsafeStore, match="chmod 600"):
        Conversations(f"sqlite:///{file}", ABSOLUTE_S)


@pytest.mark.parametrize(
    "spoil",
    [
        lambda sealed: sealed[:-1],
        lambda sealed: b"",
        lambda sealed: bytes([sealed[0] ^ 1]) + sealed[1:],
        lambda sealed: sealed[:-1] + bytes([sealed[-1] ^ 1]),
    ],
    ids=["cut", "empty", "start", "end"],
)
def test_what_was_altered_does_not_open(spoil):
    """F12: bad ciphertext is an error, whatever was done to it."""
    sealed = seal(SEALING_KEY, "here", {"text": "words"})

    with pytest.raises(Damaged):
        unseal(SEALING_KEY, "here", spoil(sealed))


def test_what_was_moved_or_taken_does_not_open():
    sealed = seal(SEALING_KEY, "here", {"text": "words"})

    for key, place in ((SEALING_KEY, "there"), (bytes(32), "here")):
        with pytest.raises(Damaged):
            unseal(key, place, sealed)
    assert unseal(SEALING_KEY, "here", sealed) == {"text": "words"}


def test_a_tag_is_the_same_each_time_and_says_nothing():
    assert tag(SEALING_KEY, "a") == tag(SEALING_KEY, "a")
    assert tag(SEALING_KEY, "a") != tag(SEALING_KEY, "b") != tag(bytes(32), "b")


def test_nothing_readable_is_in_the_files_while_people_talk(tmp_path):
    """P2, STO-6: not in the database, not in its journal, not in free pages."""

    async def talk():
        async with started(tmp_path) as toy:
            chat = await spoken(toy)
            files = [path.read_bytes() for path in tmp_path.iterdir()]
            return chat, b"".join(files)

    chat, stored = run(talk())

    assert chat.session.conversation_id.encode() in stored
    for word in (*UNREADABLE, chat.token.encode()):
        assert word not in stored


def test_nothing_readable_is_in_postgresql_while_people_talk_or_after(
    tmp_path, postgres
):
    """P2, P3, STO-6: not in tables, their free space, or the server's own journal."""
    url = postgres.database()

    async def talk():
        async with started(tmp_path, database_url=url) as toy:
            chat = await spoken(toy)
            open_ = postgres.contents()
            await toy.turns.end(chat.session)
            await toy.conversations.sweep(toy.clock())
            return chat, open_, postgres.contents()

    chat, open_, ended = run(talk())

    assert chat.session.conversation_id.encode() in open_
    for word in (b"canary", b"action_echo", b"toy_form", chat.token.encode()):
        assert word not in open_
        assert word not in ended
    for table in ("conversations", "turns"):
        assert postgres.ask(f"SELECT count(*) FROM {table}") == [(0,)]


class Clock:
    """A clock that is moved by hand."""

    def __init__(self):
        self.now = float(NOW)

    def __call__(self):
        return self.now


@pytest.mark.parametrize("way", ["end", "idle", "absolute"])
def test_a_conversation_that_is_over_is_in_no_file_and_its_token_opens_nothing(
    tmp_path, way
):
    """P3: end, idle and absolute limit alike; the bytes are gone, sealed as they were."""
    clock = Clock()

    async def talk():
        async with started(tmp_path, clock=clock) as toy:
            chat = await spoken(toy)
            name = chat.session.conversation_id
            row, _ = await toy.conversations.find(name, clock())
            if way == "end":
                await toy.turns.end(chat.session)
            elif way == "idle":
                clock.now += 1801
            else:
                for _ in range(9):
                    clock.now += 1700
                    with contextlib.suppress(Refused):
                        await toy.turns.answers_after(chat.session, 0)
            await toy.conversations.sweep(clock())
            with pytest.raises(Refused) as refusal:
                await chat.say("note again")
            toy.turns.forget_idle(after_s=0)
            memory = toy.turns._answering._live
            files = b"".join(path.read_bytes() for path in tmp_path.iterdir())
            return name, row.snapshot, refusal.value.code, memory, files

    name, sealed, code, memory, files = run(talk())

    assert code == "session"
    assert name not in memory
    assert name.encode() not in files
    assert sealed[:24] not in files
    assert sealed[-24:] not in files


def test_the_database_and_the_server_key_together_open_nothing(tmp_path):
    """STO-6: without the person's token, what was stolen stays sealed."""

    async def talk():
        async with started(tmp_path) as toy:
            chat = await spoken(toy)
            name = chat.session.conversation_id
            row, answers = await toy.conversations.find(name, toy.clock(), n=1)
            return chat, name, row, answers[0]

    chat, name, row, answer = run(talk())
    server = ServerKey.from_text(KEY)
    ours = [server.signing, server.naming, server.sealing, KEY.encode()[:32]]
    known = [name.encode(), base64.urlsafe_b64decode(name + "="), answer.tag.encode()]
    guessed = [
        HKDF(hashes.SHA256(), 32, salt=salt, info=b"conversation").derive(secret)
        for salt in (*ours, None)
        for secret in (*ours, *known)
    ]
    guessed += [hmac.digest(key, word, "sha256") for key in ours for word in known]

    for key in (*ours, *guessed):
        for place, sealed in (
            (f"{name}/snapshot/{row.version}", row.snapshot),
            (f"{name}/answer/1", answer.answer),
        ):
            with pytest.raises(Damaged):
                unseal(key, place, sealed)
    assert unseal(chat.session.key, f"{name}/answer/1", answer.answer)
    # Nor does the token open anything without the server key.
    _, other = Sessions([ServerKey.from_text(OTHER_KEY)], 60).issue(ORIGIN, NOW)
    assert other.conversation_id != name


def test_a_turn_costs_the_same_however_long_the_conversation_is(tmp_path):
    """L5: what is kept and read again does not grow: counted in events and bytes."""

    async def talk():
        sizes = []
        async with started(tmp_path) as toy:
            chat = Chat(toy)
            await chat.begin()
            name, key = chat.session.conversation_id, chat.session.key
            for _ in range(60):
                await chat.say("hello")
                row, answered = await toy.conversations.find(name, toy.clock(), n=1)
                place = f"{name}/snapshot/{row.version}"
                events = unseal(key, place, row.snapshot)["events"]
                memory = toy.turns._answering._live[name].tracker.events
                assert len(answered) == 1
                sizes.append((len(events), len(memory), len(row.snapshot)))
        return sizes

    early, late = (lambda sizes: (sizes[9], sizes[-1]))(run(talk()))
    assert late[:2] == early[:2]
    assert late[2] < 1.1 * early[2]


async def spoken(toy):
    """Return a conversation in which something was told."""
    chat = Chat(toy)
    await chat.begin()
    await chat.say("note canaryword")
    await chat.say("tell")
    await chat.say("canaryname")
    return chat


def test_rasa_sees_the_running_conversation_and_no_other():
    store = ConversationStore()

    async def work():
        running.set(RunningTurn("mine"))
        assert await store.retrieve("mine") is None
        with pytest.raises(StoreUnavailable):
            await store.retrieve("other")
        with pytest.raises(StoreUnavailable):
            await store.save(store.init_tracker("other"))

    run(work())


def test_without_a_token_conversations_stay_in_memory():
    """As under `rasa shell`."""
    store = ConversationStore(host=None)
    tracker = store.init_tracker("shell")

    async def work():
        await store.save(tracker)
        return await store.retrieve("shell"), await store.keys()

    assert run(work()) == (tracker, ["shell"])


TALK = """hello
tell
hello
somebody
note in between
somewhere else
note two
tell
unheard of
hello
again
there
pick
note three
tell
hello
hello""".splitlines()


def test_a_conversation_goes_on_from_memory_and_disk_as_if_nothing_were_dropped(
    tmp_path,
):
    """The compacted conversation answers as the whole one does, turn by turn."""

    async def talk():
        said, whole, kept = [], [], []
        async with started(tmp_path) as toy:
            chat = Chat(toy)
            await chat.begin()
            for line in TALK:
                whole.append(await spoken_by_rasa_alone(toy, line))
                if len(whole) % 3 == 0:
                    toy.turns.forget_idle(after_s=0)  # as after a restart
                said.append(texts(await chat.say(line)))
                name = chat.session.conversation_id
                row, _ = await toy.conversations.find(name, toy.clock())
                kept.append(len(row.snapshot))
        return said, whole, kept

    said, whole, kept = run(talk())

    assert said == whole
    assert max(kept[9:]) < 2 * max(kept[:9])


async def spoken_by_rasa_alone(toy, line):
    """Return what the same agent says to the same line in a conversation kept whole."""
    messages = await toy.agent.handle_text(line, sender_id="whole")
    return [m.get("text") or m["custom"]["text"] for m in messages]


def test_a_compacted_conversation_is_in_the_same_state(tmp_path):
    domain = assistant(tmp_path).agent.domain

    async def talk():
        async with started(tmp_path) as toy:
            for line in TALK:
                await toy.agent.handle_text(line, sender_id="state")
        return await toy.agent.tracker_store.retrieve("state")

    tracker = run(talk())
    short = revived("state", as_json(compacted(tracker)), domain)

    assert short.current_slot_values() == tracker.current_slot_values()
    assert short.active_loop_name == tracker.active_loop_name
    assert short.is_active_loop_rejected == tracker.is_active_loop_rejected
    assert short.latest_action == tracker.latest_action
    assert short.past_states(domain)[-2:] == tracker.past_states(domain)[-2:]
    assert len(short.events) < len(tracker.events) / 2
    assert sum(event.type_name == "user" for event in short.events) == KEPT_TURNS


def test_what_was_forgotten_is_not_kept_in_any_form(tmp_path):
    """Beginning again leaves no word from before: not sealed, not in memory."""

    async def talk():
        async with started(tmp_path) as toy:
            chat = Chat(toy)
            await chat.begin()
            await chat.say("note a canary")
            await chat.say("again")
            name, key = chat.session.conversation_id, chat.session.key
            row, _ = await toy.conversations.find(name, toy.clock())
            kept = unseal(key, f"{name}/snapshot/{row.version}", row.snapshot)
            answers = await toy.turns.answers_after(chat.session, -1)
            return kept, answers, texts(await chat.say("note a bird"))

    kept, answers, said = run(talk())

    assert "canary" not in str(kept)
    assert [texts(answer.messages) for answer in answers] == [["Forgotten."]]
    assert said == ["1: note a bird"]


def test_no_sql_is_quoted_when_the_database_fails(tmp_path):
    conversations = Conversations(f"sqlite:///{tmp_path}/kept.db", ABSOLUTE_S)

    async def work():
        await conversations.open()
        with conversations._database.engine.begin() as connection:
            connection.execute(sa.text("DROP TABLE turns"))
        await keep(conversations, 1, name="CANARY")

    with pytest.raises(StoreUnavailable) as failure:
        run(work())
    conversations.close()
    assert "CANARY" not in f"{failure.value!r}{failure.value.__cause__!r}"
