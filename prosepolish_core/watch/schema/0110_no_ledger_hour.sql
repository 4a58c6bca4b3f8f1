-- The sums of the ledger per hour that were kept before 0080. Nobody writes or reads them any more: llm_ledger_sum is those sums.

DROP TABLE llm_ledger_hour;
