"""Who is calling: client credentials for a token, a token for the client's id."""

import hmac
import secrets
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

import jwt

from ocr_frames.wire import Token

_ALGORITHM = "HS256"


class Unauthorized(Exception):  # noqa: N818 - an answer of the server
    """A request without a token that is valid now; the message says which it is."""


class Tokens:
    """Issues and checks tokens, which are valid for `lifetime_s` seconds and this server only."""

    def __init__(self, clients: Mapping[str, str], lifetime_s: float = 3600.0) -> None:
        self._clients = dict(clients)
        self._lifetime_s = lifetime_s
        self._key = secrets.token_bytes(32)

    def issue(self, client_id: str, client_secret: str) -> Token | None:
        """Make a token, or None where id and secret do not belong together."""
        # an unknown id takes as long as a wrong secret
        expected = self._clients.get(client_id, secrets.token_hex())
        if not hmac.compare_digest(expected.encode(), client_secret.encode()):
            return None
        expires = datetime.now(UTC) + timedelta(seconds=self._lifetime_s)
        text = jwt.encode({"sub": client_id, "exp": expires}, self._key, _ALGORITHM)
        return Token(access_token=text, expires_in=self._lifetime_s)

    def client(self, authorization: str | None) -> str:
        """Read the client's id from an Authorization header. Raises Unauthorized."""
        scheme, _, text = (authorization or "").partition(" ")
        if scheme.lower() != "bearer" or not text.strip():
            raise Unauthorized("the Authorization header holds no bearer token")
        try:
            claims = jwt.decode(
                text.strip(), self._key, [_ALGORITHM], options={"require": ["sub", "exp"]}
            )
        except jwt.ExpiredSignatureError as error:
            raise Unauthorized("the token has expired") from error
        except jwt.InvalidTokenError as error:
            raise Unauthorized("the token is not valid") from error
        return str(claims["sub"])
