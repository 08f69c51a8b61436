"""The recognition API as its callers see it: token, submit, fetch. No retry, no polling."""

from types import TracebackType
from typing import Self

import aiohttp

from ocr_frames import wire
from ocr_frames.clock import Clock
from ocr_frames.cloud.exchange import Reply, exchange
from ocr_frames.cloud.token import TokenSource
from ocr_frames.errors import CallFailed, CallFailure, CredentialsError, UnreachableError
from ocr_frames.model import Answer, Job, Kind
from ocr_frames.settings import Endpoint, Policy

_CONNECT_S = 10.0


class CloudClient:
    """One endpoint, one session. Use as an async context manager.

    Entering proves that the endpoint answers and accepts the credentials; it raises
    UnreachableError or CredentialsError before anything is submitted.
    """

    def __init__(
        self, endpoint: Endpoint, policy: Policy, clock: Clock, *, holds_answers: bool = False
    ) -> None:
        self._endpoint = endpoint
        self._policy = policy
        self._clock = clock
        self.holds_answers = holds_answers

    async def __aenter__(self) -> Self:
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=self._policy.max_connections),
            timeout=self._timeout(),
            auto_decompress=True,
        )
        self._tokens = TokenSource(self._fetch_token, self._clock)
        try:
            await self._knock()
        except BaseException:
            await self._session.close()
            raise
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self._session.close()

    async def submit(self, job: Job) -> str:
        """Send one image; return its task id. Raises CallFailed."""
        path = wire.TRIAL_PATH if self._endpoint.is_trial else wire.SUBMIT_PATHS[job.kind]
        reply = await self._authorized(
            "POST",
            path,
            data=wire.encode_submit(job.image, job.settings_json),
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
        path = wire.TRIAL_PATH if self._endpoint.is_trial else wire.SUBMIT_PATHS[kind]
        reply = await self._authorized(
            "GET",
            path,
            params={"id": task_id},
            headers={"Accept": "application/json", "Prefer": f"wait={wait_s:.0f}"},
            timeout=self._timeout(wait_s),
        )
        self.holds_answers = "wait=" in reply.headers.get("Preference-Applied", "")
        try:
            return wire.decode_answer(reply.body)
        except wire.WireError as error:
            raise CallFailed(CallFailure.IN_DOUBT, "protocol", str(error)) from error

    async def _authorized(
        self, method: str, path: str, *, headers: dict[str, str], **arguments: object
    ) -> Reply:
        url = self._endpoint.url + path
        if self._endpoint.is_trial:
            return await exchange(self._session, method, url, headers=headers, **arguments)
        token = await self._tokens.get()
        headers = headers | {"Authorization": f"Bearer {token}"}
        try:
            return await exchange(self._session, method, url, headers=headers, **arguments)
        except CallFailed as failed:
            if failed.failure is CallFailure.UNAUTHORIZED:
                self._tokens.refuse(token)
            raise

    async def _fetch_token(self) -> wire.Token:
        client_id, client_secret = self._endpoint.client_id, self._endpoint.client_secret
        assert client_id is not None  # noqa: S101 - a trial asks for no token
        assert client_secret is not None  # noqa: S101
        reply = await exchange(
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

    async def _knock(self) -> None:
        """Prove the endpoint with what costs no recognition: a token, or a bare connection."""
        try:
            if self._endpoint.is_trial:
                await exchange(self._session, "HEAD", self._endpoint.url + "/")
            else:
                await self._tokens.get()
        except CallFailed as failed:
            if failed.failure is CallFailure.NOT_SENT:
                raise UnreachableError(failed.message) from failed
            if not self._endpoint.is_trial:
                raise _token_refused(failed, self._endpoint) from failed

    def _timeout(self, wait_s: float = 0.0) -> aiohttp.ClientTimeout:
        return aiohttp.ClientTimeout(
            total=self._policy.call_timeout_s + wait_s, sock_connect=_CONNECT_S
        )


def _token_refused(failed: CallFailed, endpoint: Endpoint) -> CredentialsError | UnreachableError:
    refused = (CallFailure.REJECTED, CallFailure.UNAUTHORIZED, CallFailure.ACCOUNT)
    if failed.failure in refused:
        return CredentialsError(
            f"{endpoint.url} does not accept the client id and secret; check both "
            f"(ASPOSE_CLIENT_ID, ASPOSE_CLIENT_SECRET or endpoint=): {failed.message}"
        )
    return UnreachableError(f"no token from {endpoint.url}: {failed.message}")
