-- Profiles and settings of users: PostgreSQL is the truth, Redis keeps copies.
CREATE TABLE user_profile (
    user_id    text        PRIMARY KEY CHECK (octet_length(user_id) BETWEEN 1 AND 256),
    data       jsonb       NOT NULL,
    version    bigint      NOT NULL DEFAULT 1,
    updated_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT user_profile_size CHECK (jsonb_typeof(data) = 'object' AND octet_length(data::text) <= 65536)
);

CREATE TABLE user_settings (
    user_id    text        PRIMARY KEY CHECK (octet_length(user_id) BETWEEN 1 AND 256),
    data       jsonb       NOT NULL,
    version    bigint      NOT NULL DEFAULT 1,
    updated_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT user_settings_size CHECK (jsonb_typeof(data) = 'object' AND octet_length(data::text) <= 65536)
);
