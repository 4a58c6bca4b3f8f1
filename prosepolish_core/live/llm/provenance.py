"""How a process's own calls are marked in the ledger: as its settings say, else by the address of the LLM."""

from ipaddress import ip_address
from urllib.parse import urlsplit

from ...config import Config
from ...model.provenance import Provenance


def usual_provenance(config: Config) -> Provenance:
    """The mark of calls that users cause: a named stand-in, or one on this machine, is nobody's bill."""
    if config.provenance:
        return Provenance(config.provenance)
    stand_in = "gemini" in config.stand_in_names() or _on_this_machine(config.gemini_api_endpoint)
    return Provenance.STAND_IN if stand_in else Provenance.LIVE


def _on_this_machine(url: str) -> bool:
    host = urlsplit(url).hostname or ""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
