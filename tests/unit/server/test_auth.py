import stat
import time

import jwt
import pytest

from ocr_frames.server.auth import Tokens, signing_key
from ocr_frames.server.refusals import Unauthorized

CLIENTS = {"me": "my secret", "you": "yours"}
KEY = bytes(range(32))


def bearer(tokens, client="me", secret="my secret"):
    return f"Bearer {tokens.issue(client, secret).access_token}"


@pytest.mark.parametrize("scheme", ["Bearer", "bearer"])
def test_a_token_names_its_client(scheme):
    tokens = Tokens(CLIENTS)
    token = tokens.issue("me", "my secret")

    assert token.expires_in == 3600
    assert tokens.client(f"{scheme} {token.access_token}") == "me"
    assert tokens.client(f"{scheme} {token.access_token}") == "me"


@pytest.mark.parametrize(
    ("client", "secret"),
    [("me", "yours"), ("no", "my secret"), ("", ""), ("me", "my secret "), ("me", "\ud800")],
)
def test_wrong_credentials_give_no_token(client, secret):
    assert Tokens(CLIENTS).issue(client, secret) is None


def test_an_expired_token():
    tokens = Tokens(CLIENTS, lifetime_s=0.001, key=KEY)
    now = tokens.issue("me", "my secret")
    claims = jwt.decode(now.access_token, options={"verify_signature": False})

    past = jwt.encode({**claims, "exp": 1}, KEY, "HS256")

    with pytest.raises(Unauthorized, match="expired"):
        tokens.client(f"Bearer {past}")


def test_a_token_that_was_accepted_expires_all_the_same(monkeypatch):
    tokens = Tokens(CLIENTS, lifetime_s=3600)
    mine = bearer(tokens)
    assert tokens.client(mine) == "me"
    later = time.time() + 3601

    monkeypatch.setattr("time.time", lambda: later)
    monkeypatch.setattr(jwt.api_jwt, "datetime", _Clock(later))

    with pytest.raises(Unauthorized, match="expired"):
        tokens.client(mine)


class _Clock:
    """The part of `datetime.datetime` that tells the time."""

    def __init__(self, now_s):
        self._now_s = now_s

    def now(self, tz=None):
        return self

    def timestamp(self):
        return self._now_s


@pytest.mark.parametrize(
    "header", [None, "", "Bearer", "Basic bWU6eA==", "Bearer x.y.z", "Bearer \ud800"]
)
def test_no_valid_token(header):
    with pytest.raises(Unauthorized):
        Tokens(CLIENTS).client(header)


@pytest.mark.parametrize("algorithm", ["none", "HS512"])
def test_only_our_algorithm_counts(algorithm):
    claims = {
        "sub": "me",
        "exp": 4_000_000_000,
        "proof": Tokens(CLIENTS, key=KEY)._proof("my secret"),
    }
    forged = jwt.encode(claims, None if algorithm == "none" else KEY * 2, algorithm)

    with pytest.raises(Unauthorized, match="not valid"):
        Tokens(CLIENTS, key=KEY).client(f"Bearer {forged}")


def test_a_token_of_another_server():
    with pytest.raises(Unauthorized, match="not valid"):
        Tokens(CLIENTS).client(bearer(Tokens(CLIENTS)))


def test_with_the_same_key_a_token_outlives_the_process():
    assert Tokens(CLIENTS, key=KEY).client(bearer(Tokens(CLIENTS, key=KEY))) == "me"


@pytest.mark.parametrize("now", [{"you": "yours"}, {"me": "changed", "you": "yours"}])
def test_a_token_ends_with_its_clients_secret(now):
    mine = bearer(Tokens(CLIENTS, key=KEY))

    with pytest.raises(Unauthorized, match="any more"):
        Tokens(now, key=KEY).client(mine)


def test_nobody_can_make_the_server_remember_without_end():
    tokens = Tokens(CLIENTS)
    for number in range(1010):
        claims = {
            "sub": "me",
            "exp": 4_000_000_000,
            "n": number,
            "proof": tokens._proof("my secret"),
        }
        assert tokens.client(f"Bearer {jwt.encode(claims, tokens._key, 'HS256')}") == "me"

    assert len(tokens._accepted) == 1000


def test_a_signing_key_is_made_once_and_private(tmp_path):
    path = tmp_path / "signing.key"

    key = signing_key(path)

    assert len(key) == 32
    assert signing_key(path) == key
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [file.name for file in tmp_path.iterdir()] == ["signing.key"]


def test_a_damaged_key_is_replaced(tmp_path):
    path = tmp_path / "signing.key"
    path.write_bytes(b"short")
    (tmp_path / "signing.key.new").write_bytes(b"left by a process that was killed")

    key = signing_key(path)

    assert len(key) == 32
    assert path.read_bytes() == key
