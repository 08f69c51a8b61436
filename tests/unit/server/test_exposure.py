import pytest

from ocr_frames.errors import MisuseError
from ocr_frames.server.exposure import check_exposure, is_local

LOCAL = ["127.0.0.1", "127.1.2.3", "::1", "localhost", "LOCALHOST"]
PUBLIC = ["0.0.0.0", "::", "", "192.168.1.2", "10.0.0.1", "example.com", "localhost.example.com"]


@pytest.mark.parametrize("host", LOCAL)
def test_this_machine_alone(host):
    assert is_local(host)
    check_exposure(host, has_clients=True, has_tls=False, insecure=False)


@pytest.mark.parametrize("host", PUBLIC)
def test_other_machines_need_tls_or_an_explicit_word(host):
    assert not is_local(host)
    with pytest.raises(MisuseError, match="--insecure"):
        check_exposure(host, has_clients=True, has_tls=False, insecure=False)
    check_exposure(host, has_clients=True, has_tls=True, insecure=False)
    check_exposure(host, has_clients=True, has_tls=False, insecure=True)


@pytest.mark.parametrize("host", LOCAL + PUBLIC)
def test_credentials_are_never_optional(host):
    with pytest.raises(MisuseError, match="--client-id"):
        check_exposure(host, has_clients=False, has_tls=True, insecure=True)
