"""REDIS_URL: what each address leads to, what is forgiven, and what is refused with one sentence."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prosepolish_core.addresses.redis_address import IGNORED, KNOWN, SCHEMES, RedisAddress, RedisKind
from prosepolish_core.drivers.redis_client import connect
from prosepolish_core.errors import ConfigError
from tests.support.refusals import refusal

#: How an address differs from `redis://h` -> how it is read.
READ = {
    "redis://h": (RedisKind.SERVER, False, (("h", 6379),), {}),
    "redis:///3": (RedisKind.SERVER, False, (("localhost", 6379),), {"db": 3}),
    "redis://:6380": (RedisKind.SERVER, False, (("localhost", 6380),), {}),
    "valkey://[::1]:7000/": (RedisKind.SERVER, False, (("::1", 7000),), {}),
    "REDISS://h/1": (RedisKind.SERVER, True, (("h", 6379),), {"db": 1}),
    "redis://u:p%40%25@h": (RedisKind.SERVER, False, (("h", 6379),), {"username": "u", "password": "p@%"}),
    "redis://:a@b#c@h": (RedisKind.SERVER, False, (("h", 6379),), {"password": "a@b#c"}),
    "redis://secret word@h": (RedisKind.SERVER, False, (("h", 6379),), {"username": "secret word"}),
    "redis://h/0?ssl_cert_reqs=CERT_NONE&tls=true": (RedisKind.SERVER, True, (("h", 6379),), {"db": 0, "ssl_cert_reqs": "none"}),
    "rediss://h?skip_verify=true": (RedisKind.SERVER, True, (("h", 6379),), {"ssl_cert_reqs": "none"}),
    "redis://h?database=4&Protocol=3": (RedisKind.SERVER, False, (("h", 6379),), {"db": 4, "protocol": 3}),
    "redis://h/2?db=2": (RedisKind.SERVER, False, (("h", 6379),), {"db": 2}),
    "unix:///run/redis.sock?db=1": (RedisKind.SOCKET, False, (), {"db": 1}),
    "redis+sentinel://a,b:1/main/2": (RedisKind.SENTINEL, False, (("a", 26379), ("b", 1)), {"db": 2}),
    "redis+cluster://a,b:1/0": (RedisKind.CLUSTER, False, (("a", 6379), ("b", 1)), {}),
    "rediss+cluster://:p@a": (RedisKind.CLUSTER, True, (("a", 6379),), {"password": "p"}),
}
#: Addresses that mean nothing, or not one thing -> a part of the sentence that says what to do.
REFUSED = {
    "": "scheme",
    "localhost:6379": "scheme",
    "//h": "scheme",
    "http://h": "redis://",
    "redis://h/abc": "database must be a number",
    "redis://h/0/1": "database must be a number",
    "redis://h/-1": "database must be a number",
    "redis://h/²": "database must be a number",
    "redis://h/1?db=2": "twice",
    "redis://h?db=x": "whole number",
    "redis://h:0": "port",
    "redis://h:65536": "port",
    "redis://h:99999999999999": "port",
    "redis://h:٣": "port",
    "redis://::1": "brackets",
    "redis://[::1": "in brackets",
    "redis://[::1]6379": "colon and the port",
    "redis://a b": "host",
    "redis://ü": "xn--",
    "redis://" + "a" * 64: "host",
    "redis://a%00b": "host",
    "redis://:hush/x@h": "%2F",
    "redis://:1?hush=x@h": "%3F",
    "redis://:1/hush#x@h": "%23",
    "redis://a,b": "redis+sentinel://",
    "redis://h?nonsense=1": "nonsense is not known here",
    "redis://h?hush": "without a value",
    "redis://h?=1": "no name",
    "redis://h?ssl_ca_certs=/x": "rediss://",
    "redis://h?sentinel_password=hush": "redis+sentinel://",
    "redis+cluster://h/1": "database 0 only",
    "redis+cluster://": "host",
    "redis+sentinel:///main": "host",
    "redis+sentinel://h/main/x": "database must be a number",
    "unix://tmp/redis.sock": "unix:///",
    "unix://": "unix:///",
}
#: Pieces that addresses are made of, and pieces that do not belong there.
PIECES = st.lists(
    st.sampled_from(
        [*SCHEMES, *KNOWN, *IGNORED, "://", "/", "?", "&", "=", "@", ":", ",", "%", "%00", "[", "]", "#", "0", "6379", "h"]
    )
    | st.text(max_size=5)
).map("".join)
WITH_SCHEME = st.tuples(st.sampled_from(list(SCHEMES)), PIECES).map(lambda two: f"{two[0]}://{two[1]}")


@pytest.mark.parametrize("url", READ)
def test_an_address_leads_where_it_says(url: str) -> None:
    """Kind, TLS, hosts and settings of each dialect."""
    found = RedisAddress.read(url)
    assert (found.kind, found.tls, found.hosts, found.settings) == READ[url]


@pytest.mark.parametrize("url", REFUSED)
def test_an_address_that_means_nothing_is_one_sentence_with_the_fix(url: str) -> None:
    """Nothing is guessed, and no part of a log-in is shown."""
    with pytest.raises(ConfigError) as caught:
        RedisAddress.read(url)
    assert REFUSED[url] in str(caught.value)
    assert "hush" not in str(caught.value)


def test_a_sentinels_log_in_is_not_the_data_servers() -> None:
    """Both can be given, each in its place; the files of TLS are for both."""
    found = RedisAddress.read("rediss+sentinel://u:p@h/main?sentinel_username=s&sentinel_password=q%26&ssl_ca_certs=/ca")
    assert (found.service, found.settings) == ("main", {"username": "u", "password": "p", "ssl_ca_certs": "/ca"})
    assert found.sentinel_settings == {"username": "s", "password": "q&", "ssl_ca_certs": "/ca"}


@pytest.mark.parametrize("name", sorted(IGNORED))
def test_options_of_other_clients_are_passed_over_and_named(name: str) -> None:
    """They change nothing but the list of what was ignored."""
    found = RedisAddress.read(f"redis://h?{name.upper()}=anything")
    assert (found, found.ignored) == (RedisAddress.read("redis://h"), (name.upper(),))


def test_no_option_is_both_taken_and_ignored() -> None:
    """The tables do not overlap."""
    assert not KNOWN.keys() & IGNORED


@given(PIECES | WITH_SCHEME)
def test_any_text_is_an_address_that_redis_py_takes_or_one_sentence(url: str) -> None:
    """Whatever is accepted makes a client whose connections can be built; nothing else is raised."""
    if refusal(lambda: RedisAddress.read(url)):
        return
    client = connect(url, timeout_s=0.05, pool_size=1, role="test")
    if RedisAddress.read(url).kind is not RedisKind.CLUSTER:  # a cluster's client has no connections before it has found the nodes
        client.connection_pool.make_connection()
    client.close()


@given(st.sampled_from(list(SCHEMES)), st.text(max_size=8), st.text(max_size=8))
def test_a_password_is_in_no_message_and_no_representation(scheme: str, before: str, behind: str) -> None:
    """Whatever characters the password has, written as they are."""
    secret = f"{before}hush{behind}"
    for url in (f"{scheme}://:{secret}@h", f"{scheme}://u:{secret}@h:x/", f"{scheme}://u:{secret}@h?nonsense=1"):
        told = refusal(lambda url=url: RedisAddress.read(url))
        assert "hush" not in (told or repr(RedisAddress.read(url)))
