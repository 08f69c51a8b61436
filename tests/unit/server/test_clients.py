import pytest

from ocr_frames.errors import MisuseError
from ocr_frames.server.clients import VARIABLE, known_clients

SECRET = "quite a secret"


@pytest.fixture
def file(tmp_path):
    def file(text, name="clients.toml", mode=0o600):
        path = tmp_path / name
        path.write_text(text)
        path.chmod(mode)
        return path

    return file


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("clients.toml", 'me = "my secret"\n"you.example" = "yours"\n'),
        ("clients.json", '{"me": "my secret", "you.example": "yours"}'),
    ],
)
def test_several_clients_from_a_file(file, name, text):
    assert known_clients(file(text, name), None, None, {}) == {
        "me": "my secret",
        "you.example": "yours",
    }


def test_clients_from_all_places_at_once(file):
    environment = {VARIABLE: '{"one": "1", "two": "2"}'}

    known = known_clients(file('two = "II"\nthree = "III"'), "three", "3", environment)

    assert known == {"one": "1", "two": "II", "three": "3"}


def test_nobody_at_all():
    assert known_clients(None, None, None, {}) == {}


@pytest.mark.parametrize("mode", [0o644, 0o640, 0o604, 0o666])
def test_a_file_that_others_can_read_is_refused(file, mode):
    with pytest.raises(MisuseError, match="chmod 600"):
        known_clients(file(f'me = "{SECRET}"', mode=mode), None, None, {})


@pytest.mark.parametrize(
    ("name", "text", "says"),
    [
        ("clients.toml", f'me = "{SECRET}', "not TOML"),
        ("clients.json", f'{{"me": "{SECRET}"', "not JSON"),
        ("clients.json", f'["{SECRET}"]', "give"),
        ("clients.toml", f'[clients]\nme = "{SECRET}"', "no secret"),
        ("clients.json", f'{{"": "{SECRET}"}}', "no id"),
        ("clients.json", '{"me": ""}', "no secret"),
        ("clients.json", '{"me": 5}', "no secret"),
    ],
)
def test_what_is_wrong_is_told_without_the_secret(file, name, text, says):
    with pytest.raises(MisuseError, match=says) as told:
        known_clients(file(text, name), None, None, {})

    assert SECRET not in str(told.value)
    assert told.value.__cause__ is None or SECRET not in str(told.value.__cause__)


def test_a_file_that_is_not_there(tmp_path):
    with pytest.raises(MisuseError, match="cannot be read"):
        known_clients(tmp_path / "none.toml", None, None, {})


def test_a_broken_variable_is_told_without_its_value():
    with pytest.raises(MisuseError, match=f"{VARIABLE} is not JSON") as told:
        known_clients(None, None, None, {VARIABLE: SECRET})
    assert told.value.__cause__ is None


@pytest.mark.parametrize(("client_id", "secret"), [("me", None), (None, SECRET)])
def test_an_id_without_its_secret(client_id, secret):
    with pytest.raises(MisuseError, match="belong together"):
        known_clients(None, client_id, secret, {})
