-- Sessions: the durable truth behind Redis. No token and nothing a token could be made from is kept here.

-- The key of every session hash, for installations that set none; Redis never sees it.
CREATE TABLE session_secret (
    id     smallint PRIMARY KEY CHECK (id = 1),
    pepper bytea NOT NULL CHECK (length(pepper) = 32)
);

-- Log out everywhere is one more generation: sessions of an older one are dead.
CREATE TABLE session_generation (
    user_id    text PRIMARY KEY,
    generation bigint NOT NULL DEFAULT 1
);

-- One row per log-in. Rotation moves `seq` and `current_hash`; `salt` and `nonce_hash` let a lost reply be asked for again.
CREATE TABLE session_family (
    family       bytea PRIMARY KEY,
    user_id      text NOT NULL REFERENCES session_generation,
    tag          text NOT NULL,
    device       text NOT NULL,
    generation   bigint NOT NULL,
    seq          bigint NOT NULL DEFAULT 0,
    current_hash text NOT NULL UNIQUE,
    nonce_hash   bytea,
    salt         bytea,
    rotated_at   timestamptz,
    created_at   timestamptz NOT NULL DEFAULT clock_timestamp(),
    seen_at      timestamptz NOT NULL DEFAULT clock_timestamp(),
    expires_at   timestamptz NOT NULL,
    ended_at     timestamptz,
    ended_why    text
);
CREATE INDEX session_family_live ON session_family (user_id, created_at) WHERE ended_at IS NULL;
CREATE INDEX session_family_expiry ON session_family (expires_at);

-- What Redis must not forget: replayed to it after a restart, a failover or a failed call.
CREATE TABLE session_change (
    seq        bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at         timestamptz NOT NULL DEFAULT clock_timestamp(),
    tag        text NOT NULL,
    dead_hash  text,
    generation bigint,
    CHECK ((dead_hash IS NULL) <> (generation IS NULL))
);
CREATE INDEX session_change_at ON session_change (at);
