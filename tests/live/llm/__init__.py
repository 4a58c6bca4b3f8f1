"""Prompts, answers, prices, ledger rows."""
