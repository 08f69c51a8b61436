"""Who is calling: client credentials for a token, a token for the client's id."""

import hashlib
import hmac
import os
import secrets
import time
from collections import OrderedDict
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

import jwt

from ocr_frames.server.refusals import Unauthorized
from ocr_frames.wire import Token

_ALGORITHM = "HS256"
_KEY_BYTES = 32
_REMEMBERED = 1000
"""Tokens that were verified and need not be again: that takes longer than all else."""

_CLAIMS = ("sub", "exp", "proof")


class Tokens:
    """Issues and checks tokens, which are valid for `lifetime_s` seconds.

    `key` signs them: who keeps it, knows the tokens of an earlier process. A token ends early
    when its client is taken from `clients` or gets another secret.
    """

    def __init__(
        self, clients: Mapping[str, str], lifetime_s: float = 3600.0, key: bytes | None = None
    ) -> None:
        self._lifetime_s = lifetime_s
        self._key = key or secrets.token_bytes(_KEY_BYTES)
        self._proofs = {client: self._proof(secret) for client, secret in clients.items()}
        self._nobody = secrets.token_hex()
        self._accepted: OrderedDict[bytes, tuple[str, float]] = OrderedDict()

    def issue(self, client_id: str, client_secret: str) -> Token | None:
        """Make a token, or None where id and secret do not belong together."""
        # an unknown id takes as long as a wrong secret, and every secret is of one length
        proof = self._proof(client_secret)
        if not hmac.compare_digest(self._proofs.get(client_id, self._nobody), proof):
            return None
        expires = datetime.now(UTC) + timedelta(seconds=self._lifetime_s)
        claims = {"sub": client_id, "exp": expires, "proof": proof}
        return Token(
            access_token=jwt.encode(claims, self._key, _ALGORITHM), expires_in=self._lifetime_s
        )

    def client(self, authorization: str | None) -> str:
        """Read the client's id from an Authorization header. Raises Unauthorized."""
        scheme, _, text = (authorization or "").partition(" ")
        if scheme.lower() != "bearer" or not text.strip():
            raise Unauthorized("the Authorization header holds no bearer token")
        token = text.strip().encode("utf-8", "replace")
        digest = hashlib.sha256(token).digest()
        client, expires_s = self._accepted.get(digest, ("", 0.0))
        if expires_s > time.time():
            return client
        client, expires_s = self._verified(token)
        self._accepted[digest] = (client, expires_s)
        if len(self._accepted) > _REMEMBERED:
            self._accepted.popitem(last=False)
        return client

    def _verified(self, token: bytes) -> tuple[str, float]:
        try:
            claims = jwt.decode(token, self._key, [_ALGORITHM], options={"require": list(_CLAIMS)})
        except jwt.ExpiredSignatureError as error:
            raise Unauthorized("the token has expired") from error
        except jwt.InvalidTokenError as error:
            raise Unauthorized("the token is not valid") from error
        client = str(claims["sub"])
        known = self._proofs.get(client, self._nobody)
        if not hmac.compare_digest(known, str(claims["proof"])):
            raise Unauthorized("the token is not valid any more")
        return client, float(claims["exp"])

    def _proof(self, secret: str) -> str:
        """Stand in for a secret; tells nothing of it without the key."""
        return hmac.new(self._key, secret.encode("utf-8", "replace"), hashlib.sha256).hexdigest()


def signing_key(path: Path) -> bytes:
    """Read the key at `path`, or make one there that only this user can read.

    A key that is damaged is replaced: tokens of before are refused, and clients get new ones.
    """
    try:
        key = path.read_bytes()
    except FileNotFoundError:
        key = b""
    if len(key) == _KEY_BYTES:
        return key
    key = secrets.token_bytes(_KEY_BYTES)
    beside = path.with_name(path.name + ".new")
    beside.unlink(missing_ok=True)
    with os.fdopen(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(key)
        file.flush()
        os.fsync(file.fileno())
    beside.replace(path)
    return key
