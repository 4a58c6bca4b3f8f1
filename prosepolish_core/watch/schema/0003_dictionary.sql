-- Words, kept for good (tier 2). A row without an entry is a word that does not exist, or one that was invalidated.
CREATE TABLE dictionary_words (
    word         text PRIMARY KEY CHECK (octet_length(word) BETWEEN 1 AND 256),
    entry        json,
    source       text NOT NULL DEFAULT '',
    paid         json,
    -- Grows with every invalidation: a fill counts only while the fence it has read still stands.
    fence        bigint NOT NULL DEFAULT 0,
    absences     integer NOT NULL DEFAULT 0,
    absent_until timestamptz,
    -- The LLM has said that there is no such word; it is not paid to say so twice.
    judged       boolean NOT NULL DEFAULT false,
    updated_at   timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE dictionary_words IS 'Tier 2 of the word lookup: entries, absences and the fence against late fills';
