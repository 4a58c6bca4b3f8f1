"""Corrections of texts by the LLM, behind their cache."""
