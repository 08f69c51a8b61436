"""The recognition API as its callers see it: token, submit, fetch. No retry, no polling."""

import io
from types import TracebackType
from typing import Self

import aiohttp

from ocr_frames import wire
from ocr_frames.clock import Clock
from ocr_frames.cloud.exchange import Gate, Reply, billed, exchange
from ocr_frames.cloud.token import TokenSource
from ocr_frames.errors import CallFailed, CallFailure, CredentialsError, UnreachableError
from ocr_frames.model import Answer, CallKind, Kind
from ocr_frames.settings import Endpoint, Policy

_CONNECT_S = 10.0
_REFUSALS = (CallFailure.REJECTED, CallFailure.UNAUTHORIZED, CallFailure.ACCOUNT)


class CloudClient:
    """One endpoint, one session. Use as an async context manager; entering sends nothing."""

    def __init__(
        self,
        endpoint: Endpoint,
        policy: Policy,
        clock: Clock,
        gate: Gate,
        *,
        holds_answers: bool = False,
    ) -> None:
        self._endpoint = endpoint
        self._policy = policy
        self._clock = clock
        self._gate = gate
        self.holds_answers = holds_answers

    async def __aenter__(self) -> Self:
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=self._policy.max_connections),
            timeout=self._timeout(),
        )
        # aiohttp repeats a GET by itself when a kept connection breaks: a call nobody counted.
        self._session._retry_connection = False
        self._tokens = TokenSource(self._fetch_token, self._clock)
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self._session.close()

    async def open(self) -> None:
        """Prove that the endpoint answers and accepts the credentials; nothing is submitted.

        Costs a token, or an unbilled request where none is needed. Raises UnreachableError or
        CredentialsError, and CallFailed where trying again may help.
        """
        try:
            if self._endpoint.is_trial:
                await exchange(self._session, "HEAD", self._endpoint.url + "/")
            else:
                await self._tokens.get()
        except CallFailed as failed:
            if failed.failure is CallFailure.NOT_SENT:
                raise UnreachableError(failed.message) from failed
            if self._endpoint.is_trial:
                return
            if failed.failure in _REFUSALS:
                raise CredentialsError(
                    f"{self._endpoint.url} does not accept the client id and secret; check both "
                    "(ASPOSE_CLIENT_ID, ASPOSE_CLIENT_SECRET or endpoint=): " + failed.message
                ) from failed
            raise

    async def submit(self, kind: Kind, settings_json: str, image: bytes) -> str:
        """Send one image; return its task id. Raises CallFailed."""
        reply = await self._authorized(
            "submit",
            "POST",
            self._path(kind),
            data=io.BytesIO(wire.encode_submit(image, settings_json)),
            headers={"Content-Type": "application/json", "Accept": "text/plain"},
        )
        try:
            return wire.decode_task_id(reply.body)
        except wire.WireError as error:
            raise CallFailed(CallFailure.IN_DOUBT, "protocol", str(error)) from error

    async def fetch(self, kind: Kind, task_id: str, wait_s: float) -> Answer:
        """Ask for a task once. Raises CallFailed.

        The server is asked to hold its answer for up to `wait_s` seconds until the task has
        ended; `holds_answers` tells whether it was seen to do so.
        """
        reply = await self._authorized(
            "fetch",
            "GET",
            self._path(kind),
            params={"id": task_id},
            headers={"Accept": "application/json", "Prefer": f"wait={wait_s:.0f}"},
            timeout=self._timeout(wait_s),
        )
        self.holds_answers = "wait=" in reply.headers.get("Preference-Applied", "")
        try:
            return wire.decode_answer(reply.body)
        except wire.WireError as error:
            raise CallFailed(CallFailure.IN_DOUBT, "protocol", str(error)) from error

    def _path(self, kind: Kind) -> str:
        return wire.TRIAL_PATH if self._endpoint.is_trial else wire.SUBMIT_PATHS[kind]

    async def _authorized(
        self,
        kind: CallKind,
        method: str,
        path: str,
        *,
        headers: dict[str, str],
        **arguments: object,
    ) -> Reply:
        url = self._endpoint.url + path
        arguments["headers"] = headers
        if self._endpoint.is_trial:
            return await billed(self._gate, kind, self._session, method, url, **arguments)
        token = await self._tokens.get()
        headers["Authorization"] = f"Bearer {token}"
        try:
            return await billed(self._gate, kind, self._session, method, url, **arguments)
        except CallFailed as failed:
            if failed.failure is CallFailure.UNAUTHORIZED:
                self._tokens.refuse(token)
            raise

    async def _fetch_token(self) -> wire.Token:
        client_id, client_secret = self._endpoint.client_id, self._endpoint.client_secret
        assert client_id is not None  # noqa: S101 - a trial asks for no token
        assert client_secret is not None  # noqa: S101
        reply = await billed(
            self._gate,
            "token",
            self._session,
            "POST",
            self._endpoint.url + wire.TOKEN_PATH,
            data=wire.token_form(client_id, client_secret),
            headers={"Accept": "application/json"},
        )
        try:
            return wire.decode_token(reply.body)
        except wire.WireError as error:
            raise CallFailed(CallFailure.IN_DOUBT, "protocol", str(error)) from error

    def _timeout(self, wait_s: float = 0.0) -> aiohttp.ClientTimeout:
        return aiohttp.ClientTimeout(
            total=self._policy.call_timeout_s + wait_s, sock_connect=_CONNECT_S
        )
