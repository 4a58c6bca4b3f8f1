"""DICTIONARY_API_URL and GEMINI_API_ENDPOINT:
the base, or the base with the path everybody writes, and nothing else.
"""

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from prosepolish_core.addresses.upstream_address import DICTIONARY_PATH, GEMINI_PATH, base_of
from prosepolish_core.errors import ConfigError
from tests.support.refusals import refusal

DICTIONARY_FORMS = (
    "",
    "/",
    "/api",
    "/api/v2",
    "/api/v2/entries",
    "/api/v2/entries/en",
    "/api/v2/entries/en/",
    "/api/v2/entries/en/<word>",
)
GEMINI_FORMS = (
    "",
    "/",
    "/v1beta",
    "/v1beta/",
    "/v1",
    "/v1beta/models",
    "/v1beta/openai/",
    "/v1beta/models/gemini-3:generateContent",
)
BASES = ("https://api.example", "http://127.0.0.1:8080", "http://[::1]:8080", "https://proxy.example/some/where")


@pytest.mark.parametrize("base", BASES)
@pytest.mark.parametrize("form", DICTIONARY_FORMS)
def test_the_dictionarys_usual_path_is_taken_off(base: str, form: str) -> None:
    """Every form leads to the same base."""
    assert base_of(base + form, DICTIONARY_PATH) == base


@pytest.mark.parametrize("base", BASES)
@pytest.mark.parametrize("form", GEMINI_FORMS)
def test_geminis_usual_path_is_taken_off(base: str, form: str) -> None:
    """Every form leads to the same base."""
    assert base_of(base + form, GEMINI_PATH) == base


@pytest.mark.parametrize(
    ("address", "part"),
    [
        ("", "scheme"),
        ("api.example", "scheme"),
        ("ftp://api.example", "http://"),
        ("https://", "http://"),
        ("https://u:hush@api.example", "user, password"),
        ("https://api.example/v1beta?key=hush", "GEMINI_API_KEY"),
        ("https://api.example/api/v1/entries/en", "path"),
        ("https://api.example/api/v2/entries/es", "path"),
        ("https://a,b", "one host"),
        ("https://api example", "host"),
        ("https://api.example/a b", "path"),
        ("https://api.example:99999", "port"),
        ("https://api.example#hush", "host"),
    ],
)
def test_anything_else_is_one_sentence(address: str, part: str) -> None:
    """A secret in the address is told where it belongs, and is not shown."""
    with pytest.raises(ConfigError) as caught:
        base_of(address, DICTIONARY_PATH, "; the key goes into GEMINI_API_KEY")
    assert part in str(caught.value)
    assert "hush" not in str(caught.value)


@given(
    st.lists(
        st.sampled_from(["https://", "http://", "/", "/api/v2", "/v1beta", ":", "@", "?", "%", "h", "1", "[::1]"])
        | st.text(max_size=4)
    )
)
def test_any_text_is_an_address_that_httpx_takes_or_one_sentence(pieces: list[str]) -> None:
    """Whatever is accepted makes a request that can be sent; nothing else is raised."""
    if not refusal(lambda: base_of("".join(pieces), DICTIONARY_PATH)):
        base = base_of("".join(pieces), DICTIONARY_PATH)
        assert httpx.Request("GET", f"{base}/api/v2/entries/en/word").url.host
