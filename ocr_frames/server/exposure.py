"""May a server listen there, with what it has? Pure."""

import ipaddress

from ocr_frames.errors import MisuseError


def check_exposure(host: str, *, has_clients: bool, has_tls: bool, insecure: bool) -> None:
    """Raise MisuseError where strangers could call, or read what clients send.

    On this machine alone neither matters as much: credentials are asked for, TLS is not.
    """
    if not has_clients:
        raise MisuseError(
            "nobody may call: name clients with --clients FILE, with --client-id and "
            "--client-secret (ASPOSE_CLIENT_ID, ASPOSE_CLIENT_SECRET), or in OCR_FRAMES_CLIENTS"
        )
    if is_local(host) or has_tls or insecure:
        return
    raise MisuseError(
        f"on {host} others could read secrets and images that are sent in the clear: give --cert "
        "and --key, or --insecure if a proxy in front does TLS or the network is trusted"
    )


def is_local(host: str) -> bool:
    """Whether only this machine reaches `host`; a name that may lead anywhere does not count."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host.lower() == "localhost"
