"""Addresses: in the open or not."""

import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ocr_frames.remote.addresses import is_address, is_public

PRIVATE = [
    "127.0.0.1", "127.8.9.1", "0.0.0.0", "10.0.0.1", "172.16.5.4", "192.168.1.1", "100.64.0.1",
    "169.254.169.254", "224.0.0.1", "239.1.1.1", "255.255.255.255", "240.0.0.1", "198.18.0.1",
    "::1", "::", "fe80::1", "fe80::1%eth0", "fc00::1", "fd12:3456::1", "ff02::1", "2001:db8::1",
    "::ffff:127.0.0.1", "::ffff:10.1.2.3", "::ffff:169.254.169.254",
    "64:ff9b::7f00:1", "64:ff9b::a9fe:a9fe", "2002:7f00:1::", "2002:a00:1::",
]  # fmt: skip
PUBLIC = [
    "8.8.8.8", "1.1.1.1", "93.184.216.34", "2606:4700:4700::1111", "::ffff:8.8.8.8",
    "64:ff9b::808:808", "2002:808:808::",
]  # fmt: skip


@pytest.mark.parametrize("address", PRIVATE)
def test_what_is_not_in_the_open(address: str):
    assert not is_public(address)


@pytest.mark.parametrize("address", PUBLIC)
def test_what_is_in_the_open(address: str):
    assert is_public(address)


@given(st.ip_addresses(v=4))
def test_the_same_however_it_is_written(address: ipaddress.IPv4Address):
    assert is_public(f"::ffff:{address}") == is_public(str(address))
    assert is_public(f"64:ff9b::{address}") == is_public(str(address))


@pytest.mark.parametrize("host", ["localhost", "a.example", "2130706433", "127.1", "0x7f.1", ""])
def test_names_are_no_addresses(host: str):
    assert not is_address(host)
