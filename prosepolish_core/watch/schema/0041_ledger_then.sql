-- What an avoided call cost on the day it was paid, beside what it would cost on the day of the hit. NULL: unknown, never zero.
--
-- Until now the rows of definitions carried the price of the day they were paid, and those of corrections are a day old at most.

ALTER TABLE llm_ledger ADD COLUMN then_usd numeric;
UPDATE llm_ledger SET then_usd = cost_usd;

ALTER TABLE llm_ledger_hour ADD COLUMN then_usd numeric NOT NULL DEFAULT 0;
ALTER TABLE llm_ledger_hour ADD COLUMN then_unpriced bigint NOT NULL DEFAULT 0;
UPDATE llm_ledger_hour SET then_usd = cost_usd, then_unpriced = unpriced;
