"""The LLM: prompts, checks of its answers, dated prices, ledger rows, the choice of a backend."""
