"""From options to a server's configuration; the server itself is not started."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from ocr_frames.cli import app
from ocr_frames.errors import MisuseError
from ocr_frames.server import serve as server
from ocr_frames.server.config import Certificate, ServerConfig

ME = {"ASPOSE_CLIENT_ID": "me", "ASPOSE_CLIENT_SECRET": "secret"}


@pytest.fixture
def configured(monkeypatch):
    """Run `ocr-frames serve` with these options and variables; the configuration comes back."""
    configs = []
    monkeypatch.setattr(server, "run", lambda config, on_ready: configs.append(config))

    def configured(*options, **variables):
        result = CliRunner().invoke(app, ["serve", *map(str, options)], env=ME | variables)
        if result.exception:
            raise result.exception
        return configs[-1]

    return configured


def test_the_defaults_are_for_this_machine_alone(configured, tmp_path):
    config = configured()

    assert (config.host, config.port, config.certificate) == ("127.0.0.1", 8080, None)
    assert config.clients == {"me": "secret"}
    assert config.data == tmp_path / "server"
    assert (config.keep_s, config.max_body) == (24 * 3600, 64 << 20)
    assert config.check_images
    assert "secret" not in repr(config)


def test_without_a_folder_it_is_the_users(configured, monkeypatch):
    monkeypatch.delenv("OCR_FRAMES_SERVER_DATA")
    monkeypatch.setattr("platformdirs.user_data_path", lambda name: Path("/users") / name)

    assert configured().data == Path("/users/ocr_frames/server")


def test_every_option_reaches_the_server(configured, tmp_path):
    clients = tmp_path / "clients.toml"
    clients.touch(mode=0o600)
    clients.write_text('other = "theirs"')
    options = {
        "--host": "0.0.0.0",
        "--port": 1234,
        "--cert": "chain.pem",
        "--key": "key.pem",
        "--data": "folder",
        "--keep-hours": 0.5,
        "--workers": 3,
        "--max-body-mb": 2,
        "--max-queued": 7,
        "--max-queued-mb": 5,
        "--trial-per-minute": 0,
        "--stop-limit-s": 1.5,
        "--clients": clients,
    }

    config = configured(*(word for option in options.items() for word in option))

    assert config == ServerConfig(
        {"other": "theirs", "me": "secret"},
        "0.0.0.0",
        1234,
        data=Path("folder"),
        certificate=Certificate(Path("chain.pem"), Path("key.pem")),
        max_body=2 << 20,
        max_queued=7,
        max_queued_bytes=5 << 20,
        trial_per_minute=0.0,
        keep_s=1800.0,
        stop_limit_s=1.5,
        pool=config.pool,
    )
    assert config.pool.workers == 3


def test_clients_from_the_environment_alone(configured):
    variables = {"ASPOSE_CLIENT_ID": None, "ASPOSE_CLIENT_SECRET": None}

    config = configured(**variables, OCR_FRAMES_CLIENTS='{"one": "1", "two": "2"}')

    assert config.clients == {"one": "1", "two": "2"}


@pytest.mark.parametrize(
    ("options", "variables", "says"),
    [
        ((), {"ASPOSE_CLIENT_ID": None, "ASPOSE_CLIENT_SECRET": None}, "--clients FILE"),
        ((), {"ASPOSE_CLIENT_SECRET": None}, "belong together"),
        (("--host", "0.0.0.0"), {}, "--insecure"),
        (("--host", "::"), {}, "--cert"),
        (("--key", "key.pem"), {}, "without --cert"),
        (("--clients", "nowhere.toml"), {}, "cannot be read"),
    ],
)
def test_misuse_is_told_before_anything_is_started(configured, options, variables, says):
    with pytest.raises(MisuseError, match=says):
        configured(*options, **variables)


def test_plain_http_for_others_takes_an_explicit_word(configured):
    assert configured("--host", "0.0.0.0", "--insecure").host == "0.0.0.0"


def test_the_help_shows_examples():
    told = CliRunner().invoke(app, ["serve", "--help"], env={"COLUMNS": "200"}).output

    assert "ocr-frames serve --host 0.0.0.0 --cert chain.pem" in " ".join(told.split())
    assert "--keep-hours" in told
