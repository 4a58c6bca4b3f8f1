"""Corrections of texts by the LLM, behind their cache."""

from .corrector import Corrector

__all__ = ["Corrector"]
