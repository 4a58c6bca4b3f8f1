"""The panels of the playground: a word, a text, a limit, sessions. Each calls the live path and shows what it did."""
