-- What somebody predicted with the what-if planner and kept, to be set beside what came after the change was made.
-- `change` is the scenario as it was asked for; `hits` a JSON object: family -> [value, low, high].
CREATE TABLE prediction (
    id          bigint           GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at          timestamptz      NOT NULL,
    change      text             NOT NULL CHECK (length(change) BETWEEN 1 AND 300),
    hits        jsonb            NOT NULL,
    saved_usd   double precision[],
    UNIQUE (at, change)
);
