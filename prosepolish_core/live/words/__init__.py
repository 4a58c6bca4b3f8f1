"""The tiered word lookup: the chain as data, leases around it, and an answer that carries its own trace."""

from .dictionary import Dictionary, Invalidated

__all__ = ["Dictionary", "Invalidated"]
