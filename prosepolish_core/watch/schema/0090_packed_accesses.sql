-- The access trace, packed: `records` holds 14 bytes a read (prosepolish_core/model/access.py), half of what three arrays
-- took, with who answered and the price of the call. Processes of the version before may still write the arrays, which
-- nothing reads; their rows go with their time.
ALTER TABLE access_chunk
    ADD COLUMN records bytea,
    ALTER COLUMN key_hashes DROP NOT NULL,
    ALTER COLUMN offsets_ms DROP NOT NULL,
    ALTER COLUMN sizes DROP NOT NULL;
ALTER TABLE access_chunk ALTER COLUMN records SET STORAGE EXTERNAL; -- hashes do not compress
DROP VIEW access_trace;
