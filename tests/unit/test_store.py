"""The store: whole or nothing, sealed, and forgotten in time."""

import stat

import pytest
import sqlalchemy as sa
from toy.house import Chat, assistant, run, started, texts

from bot.database import UnsafeStore
from bot.sealing import Damaged, seal, tag, unseal
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
KEY = bytes(range(32))


@pytest.fixture(params=["file", "memory"])
def store(request, tmp_path):
    url = f"sqlite:///{tmp_path}/kept.db" if request.param == "file" else "sqlite://"
    conversations = Conversations(url, ABSOLUTE_S)
    yield conversations
    conversations.close()


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
    """F23, STO-3."""

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
    """P3."""

    async def work():
        await store.open()
        await keep(store, 1)
        return await store.find("one", NOW + after_s)

    kept, _ = run(work())
    assert (kept is not None) is there


def test_no_conversation_outlives_the_absolute_limit(store):
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
    """P3, P4."""

    async def work():
        await store.open()
        await keep(store, 1, NOW - IDLE_S - 1, "old")
        await keep(store, 1, NOW, "new")
        gone = await store.sweep(NOW)
        return gone, await store.count(), await store.answers_after("old", -1, NOW)

    assert run(work()) == (1, 1, [])


def test_erasing_says_whether_there_was_anything(store):
    async def work():
        await store.open()
        await keep(store, 1)
        return await store.erase("one"), await store.erase("one"), await store.count()

    assert run(work()) == (True, False, 0)


def test_the_file_is_for_nobody_else(tmp_path):
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
    """F11."""
    with pytest.raises(UnsafeStore):
        Conversations(url, ABSOLUTE_S)


def test_a_file_that_others_can_read_is_refused(tmp_path):
    """F11."""
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
    """F12."""
    sealed = seal(KEY, "here", {"text": "words"})

    with pytest.raises(Damaged):
        unseal(KEY, "here", spoil(sealed))


def test_what_was_moved_or_taken_does_not_open():
    sealed = seal(KEY, "here", {"text": "words"})

    for key, place in ((KEY, "there"), (bytes(32), "here")):
        with pytest.raises(Damaged):
            unseal(key, place, sealed)
    assert unseal(KEY, "here", sealed) == {"text": "words"}


def test_a_tag_is_the_same_each_time_and_says_nothing():
    assert tag(KEY, "a") == tag(KEY, "a")
    assert tag(KEY, "a") != tag(KEY, "b") != tag(bytes(32), "b")


def test_nothing_readable_is_in_the_files_while_people_talk(tmp_path):
    """P2."""

    async def talk():
        async with started(tmp_path) as toy:
            chat = Chat(toy)
            await chat.begin()
            await chat.say("note canaryword")
            await chat.say("tell")
            await chat.say("canaryname")
            files = [path.read_bytes() for path in tmp_path.iterdir()]
            return chat, b"".join(files)

    chat, stored = run(talk())

    assert chat.session.conversation_id.encode() in stored
    for word in (b"canary", b"action_echo", b"toy_form", b"note", chat.token.encode()):
        assert word not in stored


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
bob
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
        with conversations._engine.begin() as connection:
            connection.execute(sa.text("DROP TABLE turns"))
        await keep(conversations, 1, name="CANARY")

    with pytest.raises(StoreUnavailable) as failure:
        run(work())
    conversations.close()
    assert "CANARY" not in f"{failure.value!r}{failure.value.__cause__!r}"
