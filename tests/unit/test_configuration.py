"""Arguments, then the environment, then a file of the project; secrets stay where they are."""

import sys
from collections.abc import Iterator
from pathlib import Path

import keyring
import pytest
from keyring.backend import KeyringBackend
from keyring.errors import KeyringLocked

from ocr_frames.configuration import NAMES, VARIABLES, Configuration, Setting
from ocr_frames.errors import MisuseError
from ocr_frames.request import Options, Request
from ocr_frames.settings import CLOUD_URL, Endpoint
from ocr_frames.transform import Transform


class Keys(KeyringBackend):
    """A keyring in memory that counts how often it was asked."""

    priority = 1  # type: ignore[assignment]

    def __init__(self, **secrets: str) -> None:
        super().__init__()
        self.secrets = secrets
        self.asked: list[tuple[str, str]] = []
        self.locked = False

    def get_password(self, service: str, username: str) -> str | None:
        self.asked.append((service, username))
        if self.locked:
            raise KeyringLocked("dismissed")
        return self.secrets.get(username)

    def set_password(self, service: str, username: str, password: str) -> None:
        raise NotImplementedError

    def delete_password(self, service: str, username: str) -> None:
        raise NotImplementedError


@pytest.fixture
def keys() -> Iterator[Keys]:
    before = keyring.get_keyring()
    mine = Keys(mine="from the keyring")
    keyring.set_keyring(mine)
    yield mine
    keyring.set_keyring(before)


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of a project, with a folder below it as the working directory."""
    below = tmp_path / "project" / "notebooks"
    below.mkdir(parents=True)
    monkeypatch.chdir(below)
    return below.parent


def write(folder: Path, text: str, name: str = "ocr-frames.toml") -> Path:
    path = folder / name
    path.write_text(text, "utf-8")
    return path


def read(**environment: str) -> Configuration:
    return Configuration.read(environment=environment)


def test_every_plain_argument_can_be_configured():
    # The last one must not be switched on by a file that lies about.
    per_call = {"kind", "regions", "endpoint", "details", "allow_private_urls"}
    assert set(Options.__annotations__) - per_call <= set(NAMES)


def test_with_nothing_found_there_is_nothing_to_say(project: Path):
    nothing = read()
    assert nothing.options() == {}
    assert nothing.file is None
    assert nothing.endpoint() == Endpoint.local()
    assert {held.source for held in nothing.all().values()} == {"default"}


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("ocr-frames.toml", "language = 'German'\nmax_calls = 150\n"),
        ("pyproject.toml", "[tool.ocr-frames]\nlanguage = 'German'\nmax_calls = 150\n"),
    ],
)
def test_a_file_above_the_working_directory_is_found(project: Path, name: str, text: str):
    path = write(project, text, name)
    found = read()
    assert found.file == path
    assert found.options() == {"language": "German", "max_calls": 150}
    assert found.all()["language"] == Setting("German", str(path))


def test_the_nearest_file_holds_and_our_own_before_pyproject(project: Path):
    write(project.parent, "rotate = 1")
    write(project, "[tool.ocr-frames]\nrotate = 2", "pyproject.toml")
    assert read().options() == {"rotate": 2}
    write(project, "rotate = 3")
    assert read().options() == {"rotate": 3}
    write(Path.cwd(), "[tool.other]\nrotate = 4", "pyproject.toml")
    assert read().options() == {"rotate": 3}
    write(Path.cwd(), "")
    assert read().options() == {}


def test_argument_before_environment_before_file(project: Path, monkeypatch):
    write(project, "language = 'German'\nmax_outstanding = 3\ndeadline_s = 60\nmax_calls = 5")
    monkeypatch.setenv("OCR_FRAMES_LANGUAGE", "French")
    monkeypatch.setenv("OCR_FRAMES_MAX_OUTSTANDING", "4")
    made = Request.of({"language": "Polish", "max_calls": None, "endpoint": Endpoint.local()})
    assert '"Polish"' in made.settings_json
    assert made.policy.max_outstanding == 4
    assert made.policy.deadline_s == 60.0
    assert made.policy.max_calls is None


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("make_skew_correct", "false", False),
        ("rotate", "90", 90),
        ("calls_per_second", "2.5", 2.5),
        ("retry_failed", "true", True),
        ("on_doubt", "hold", "hold"),
        ("progress", "0", False),
        ("progress", "True", True),
        ("prefix", "read_", "read_"),
        ("ledger", "none", False),
        ("ledger", "here/l.sqlite", "here/l.sqlite"),
    ],
)
def test_variables_are_read_as_what_they_mean(project: Path, name: str, text: str, value: object):
    found = read(**{VARIABLES[name]: text})
    assert found.options() == {name: value}
    assert found.all()[name].source == f"OCR_FRAMES_{name.upper()}"


def test_an_empty_variable_is_none(project: Path):
    assert read(OCR_FRAMES_LANGUAGE="", ASPOSE_CLIENT_ID="").options() == {}


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("langauge = 'German'", "unknown setting 'langauge'; did you mean 'language'?"),
        ("language = 'Germn'", "did you mean 'German'?"),
        ("max_calls = -1", "max_calls=-1"),
        ("max_calls = 'many'", "max_calls='many'"),
        ("on_doubt = 'hodl'", "on_doubt='hodl'"),
        ("prefix = 3", "prefix=3 is not a string"),
        ("progress = 'maybe'", "neither true nor false"),
        ("ledger = 7", "neither true, false nor a path"),
        ("client_secret = 'hush'", "keyring set ocr-frames"),
        ("language = ", "could not be read"),
        ("endpoint = 'ftp://host'\nclient_id = 'mine'", "http"),
    ],
)
def test_what_is_wrong_in_a_file_names_the_file(project: Path, keys: Keys, text: str, says: str):
    write(project, text)
    with pytest.raises(MisuseError, match=r"ocr-frames.toml|endpoint 'ftp") as caught:
        read().endpoint()
    assert says in str(caught.value)
    assert "hush" not in str(caught.value)


def test_what_is_wrong_in_the_environment_names_the_variable(project: Path):
    with pytest.raises(MisuseError, match=r"OCR_FRAMES_LANGUAGE: .*did you mean 'English'"):
        read(OCR_FRAMES_LANGUAGE="Englsh")


def test_a_table_that_is_none_and_a_broken_pyproject(project: Path):
    write(project, "[tool]\nocr-frames = 3", "pyproject.toml")
    with pytest.raises(MisuseError, match=r"write \[tool.ocr-frames\]"):
        read()
    write(project, "this is not toml", "pyproject.toml")
    assert read().file is None


def test_the_ledger_of_a_file_lies_beside_the_file(project: Path):
    write(project, "ledger = 'ocr.sqlite'")
    assert read().ledger == project / "ocr.sqlite"
    assert Request.of({"endpoint": Endpoint.local()}).ledger is not None
    assert read(OCR_FRAMES_LEDGER="other.sqlite").ledger == Path("other.sqlite")
    write(project, "ledger = false")
    assert read().options() == {"ledger": False}
    assert read().ledger.name == "ledger.sqlite"


def test_credentials_in_the_environment_mean_the_vendor(project: Path, keys: Keys):
    found = read(ASPOSE_CLIENT_ID="mine", ASPOSE_CLIENT_SECRET="said")
    assert found.endpoint() == Endpoint.cloud("mine", "said")
    assert found.all()["endpoint"] == Setting(CLOUD_URL, "default")
    assert keys.asked == []


def test_a_secret_that_is_nowhere_else_comes_from_the_keyring(project: Path, keys: Keys):
    path = write(project, "endpoint = 'https://ocr.house'\nclient_id = 'mine'")
    found = read()
    assert found.endpoint() == Endpoint("https://ocr.house", "mine", "from the keyring")
    assert keys.asked == [("ocr-frames", "mine")]
    held = found.all()
    assert held["client_secret"] == Setting("********", "keyring")
    assert held["client_id"] == Setting("mine", str(path))
    assert "from the keyring" not in repr(found)
    assert "from the keyring" not in str(held)


def test_the_keyring_is_not_asked_without_need(project: Path, keys: Keys):
    assert read().endpoint() == Endpoint.local()
    write(project, "client_id = 'mine'")
    Request.of({"endpoint": Endpoint.local()})
    assert keys.asked == []


@pytest.mark.parametrize("without", ["entry", "module"])
def test_a_secret_that_is_nowhere_is_misuse(project: Path, keys: Keys, monkeypatch, without: str):
    keys.secrets.clear()
    if without == "module":
        monkeypatch.setitem(sys.modules, "keyring", None)
    with pytest.raises(MisuseError) as caught:
        read(ASPOSE_CLIENT_ID="mine").endpoint()
    assert "ASPOSE_CLIENT_ID names the client 'mine'" in str(caught.value)
    assert "keyring set ocr-frames mine" in str(caught.value)


def test_a_locked_keyring_says_so(project: Path, keys: Keys):
    keys.locked = True
    with pytest.raises(MisuseError, match=r"dismissed.*unlock it, or set ASPOSE_CLIENT_SECRET"):
        read(ASPOSE_CLIENT_ID="mine").endpoint()


def test_a_folder_cannot_name_the_host_that_gets_your_secret(project: Path, keys: Keys):
    mine = {"ASPOSE_CLIENT_ID": "mine", "ASPOSE_CLIENT_SECRET": "said"}
    write(project, "endpoint = 'https://thief'")
    with pytest.raises(MisuseError, match="write the client_id beside it"):
        read(**mine).endpoint()
    write(project, "endpoint = 'https://thief'\nclient_id = 'guess'")
    with pytest.raises(MisuseError, match="make them agree"):
        read(**mine).endpoint()
    write(project, "endpoint = 'https://house'\nclient_id = 'mine'")
    assert read(**mine).endpoint() == Endpoint("https://house", "mine", "said")
    named = read(**mine, OCR_FRAMES_ENDPOINT="https://other")
    assert named.endpoint() == Endpoint("https://other", "mine", "said")
    assert named.endpoint("https://given") == Endpoint("https://given", "mine", "said")


def test_parts_that_were_made_under_another_configuration_are_other_parts(project, monkeypatch):
    Path("in.csv").write_text("path\na.png\n")

    def part() -> str:
        made = Transform("in.csv", "out", "path", {"endpoint": Endpoint.local()})
        return made._parts.of(made._source.fragments[0], 0).path

    german = write(project, "language = 'German'")
    first = part()
    german.write_text("language = 'French'")
    assert part() != first
    german.write_text("language = 'German'\nmax_calls = 3")
    assert part() == first
