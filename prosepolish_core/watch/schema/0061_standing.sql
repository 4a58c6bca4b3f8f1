-- How each dependency stands, as the processes that look agree on it: so that "since" outlives every one of them.
CREATE TABLE standing (
    name text PRIMARY KEY CHECK (length(name) <= 100),
    state text NOT NULL CHECK (state IN ('up', 'unknown', 'degraded', 'down')),
    since timestamptz NOT NULL,
    reason text NOT NULL DEFAULT '',
    action text NOT NULL DEFAULT '',
    last_good timestamptz,
    onset timestamptz,
    past_began timestamptz,
    past_ended timestamptz,
    past_worst text,
    past_reason text,
    effect_calls integer,
    effect_lost integer,
    effect_instead text,
    effect_added_s double precision,
    judged_at timestamptz NOT NULL
);
