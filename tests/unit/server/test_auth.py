import jwt
import pytest

from ocr_frames.server.auth import Tokens, Unauthorized

CLIENTS = {"me": "my secret", "you": "yours"}


@pytest.mark.parametrize("scheme", ["Bearer", "bearer"])
def test_a_token_names_its_client(scheme):
    tokens = Tokens(CLIENTS)
    token = tokens.issue("me", "my secret")

    assert token.expires_in == 3600
    assert tokens.client(f"{scheme} {token.access_token}") == "me"


@pytest.mark.parametrize(("client", "secret"), [("me", "yours"), ("no", "my secret"), ("", "")])
def test_wrong_credentials_give_no_token(client, secret):
    assert Tokens(CLIENTS).issue(client, secret) is None


def test_an_expired_token():
    tokens = Tokens(CLIENTS, lifetime_s=0.001)
    now = tokens.issue("me", "my secret")
    claims = jwt.decode(now.access_token, options={"verify_signature": False})

    past = jwt.encode({**claims, "exp": 1}, tokens._key, "HS256")

    with pytest.raises(Unauthorized, match="expired"):
        tokens.client(f"Bearer {past}")


@pytest.mark.parametrize("header", [None, "", "Bearer", "Basic bWU6eA==", "Bearer x.y.z"])
def test_no_valid_token(header):
    with pytest.raises(Unauthorized):
        Tokens(CLIENTS).client(header)


def test_a_token_of_another_server():
    token = Tokens(CLIENTS).issue("me", "my secret")

    with pytest.raises(Unauthorized, match="not valid"):
        Tokens(CLIENTS).client(f"Bearer {token.access_token}")
