"""Tasks in a real SQLite file."""

import os
import sqlite3
import stat
import uuid

import pytest

from ocr_frames.errors import LocalEngineError
from ocr_frames.model import Status
from ocr_frames.server.store import Added, Dropped, Ended, Head, Store, StoreFailed
from ocr_frames.settings import RecognitionSettings, Region
from ocr_frames.wire import Submission

SECRET = b"a picture of something private"
TEXT = "something that was read in it"


def head(number=1, client="me", submitted_s=100.0):
    return Head(number, uuid.uuid4(), client, submitted_s, len(SECRET))


def submission(image=SECRET):
    return Submission(
        image=image,
        settings=RecognitionSettings(language="German", rotate=90),
        regions=(Region(x0=1, y0=2, x1=3, y1=4),),
    )


def ended(of, text=TEXT):
    return Ended(of, Status.COMPLETED, f"brief {of.number}", f"document {of.number} {text}")


@pytest.fixture
def path(tmp_path):
    return tmp_path / "tasks.sqlite"


@pytest.fixture
def reopened(path):
    """Open the file, as often as one likes, as another process would."""
    stores = []

    def reopened(at=path):
        for store in stores:
            store.close()
        stores[:] = [Store(at)]
        return stores[0]

    yield reopened
    stores[0].close()


def test_what_was_added_is_there_for_the_next_process(reopened):
    tasks = [head(number) for number in (1, 2, 3)]
    reopened().apply([Added(one, submission()) for one in tasks])

    store = reopened()

    assert store.unfinished() == tasks
    assert store.last_number() == 3
    assert store.submission(tasks[1]) == submission()
    assert store.record(tasks[0].id, results=True) is None


@pytest.mark.parametrize("durable", [True, False])
def test_an_end_is_on_record_without_the_image(reopened, path, durable):
    store = reopened(path if durable else None)
    one, other = head(1), head(2)
    store.apply([Added(one, submission()), Added(other, submission())])

    store.apply([ended(one)])

    record = store.record(one.id, results=True)
    assert (record.head, record.brief, record.document) == (one, "brief 1", f"document 1 {TEXT}")
    assert store.record(one.id, results=False).document is None
    assert store.unfinished() == ([other] if durable else [])
    with pytest.raises(ValueError, match="not on record"):
        store.submission(one)


def test_dropped_is_dropped_whatever_else_is_said_at_the_same_time(reopened):
    store = reopened()
    one = head()

    store.apply([Dropped(one), ended(one), Added(one, submission())])

    assert store.record(one.id, results=True) is None
    assert store.unfinished() == []


def test_results_that_were_damaged_are_known_to_be(reopened, path):
    store = reopened()
    one = head()
    store.apply([ended(one)])
    with sqlite3.connect(path) as sqlite:
        sqlite.execute("UPDATE tasks SET document = replace(document, 'read', 'reed')")
    sqlite.close()

    record = store.record(one.id, results=True)

    assert (record.brief, record.document) == ("brief 1", None)


def test_a_change_that_fails_leaves_nothing_of_its_batch(reopened):
    store = reopened()
    one = head(1)
    store.apply([Added(one, submission())])

    with pytest.raises(StoreFailed):
        store.apply([Added(head(2), submission()), Added(one, submission())])

    assert store.unfinished() == [one]


def test_purging_deletes_what_is_older_and_leaves_no_trace_on_disk(reopened, path):
    store = reopened()
    old = [head(number, submitted_s=100.0) for number in range(1, 251)]
    young = head(251, submitted_s=200.0)
    store.apply([Added(one, submission()) for one in [*old, young]])
    store.apply([ended(one) for one in [*old[:100], young]])
    assert traces(path) == {SECRET, TEXT.encode()}

    purged = [store.purge(150.0) for _ in range(3)]
    store.apply([Dropped(young)])
    store.shrink()

    assert purged == [200, 50, 0]
    assert store.unfinished() == []
    assert traces(path) == set()


def test_space_is_given_back(reopened, path):
    store = reopened()
    store.apply([Added(head(n), submission(os.urandom(50_000))) for n in range(1, 101)])
    store.shrink()
    full = path.stat().st_size

    while store.purge(1e9):
        pass
    store.shrink()

    assert path.stat().st_size < full / 5


def traces(path):
    files = [file for file in path.parent.iterdir() if file.name.startswith(path.name)]
    held = b"".join(file.read_bytes() for file in files)
    return {word for word in (SECRET, TEXT.encode()) if word in held}


def test_only_this_user_can_read_it(reopened, path):
    reopened().apply([Added(head(), submission())])

    for file in path.parent.iterdir():
        assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_settings_of_another_version_are_told(reopened, path):
    one = head()
    reopened().apply([Added(one, submission())])
    with sqlite3.connect(path) as sqlite:
        sqlite.execute("UPDATE inputs SET settings = '{\"from the future\": 1}'")
    sqlite.close()

    with pytest.raises(ValueError, match="future"):
        reopened().submission(one)


@pytest.mark.parametrize("damage", ["garbage", "newer", "foreign"])
def test_a_file_that_is_not_ours_is_left_as_it_is(path, damage):
    if damage == "garbage":
        path.write_bytes(b"not a database " * 1000)
    else:
        with sqlite3.connect(path) as sqlite:
            sqlite.execute(
                "PRAGMA user_version = 2" if damage == "newer" else "CREATE TABLE theirs (a)"
            )
        sqlite.close()
    before = path.read_bytes()

    with pytest.raises(LocalEngineError, match="move it away"):
        Store(path)

    assert path.read_bytes() == before
