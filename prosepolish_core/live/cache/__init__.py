"""The cache of the live path: value codec, leases, fenced fills, single flight, stale-while-revalidate, clearing.

One `FamilyCache` per key family, all over one `CacheLink` (`core.cache_link`):

    cache = FamilyCache(core.cache_link, keys.LLM, core.recorder)    # ttl_s=, seal=, grace=, fits= too
    cache.get(identifier) -> Stored | None                           # one plain GET; .value, .created_ms
    cache.get_or_load(identifier, loader, deadline_s) -> Cached      # .value .outcome .age_s .step .extra ...
    cache.invalidate(identifier) -> bool                             # voids the lease, deletes; True: acknowledged

Many keys at once: `batch.Batch`. An identifier is one part or a tuple of parts: ("correct", digest) is
`llm:correct:<digest>`.

`loader(until) -> Loaded(value, keep=True, ttl_s=None, extra=None)` is called only when this caller was elected:
`value` is anything JSON can hold (an `orjson` dictionary as a rule), `until` an instant of `time.perf_counter()`. It
runs on a background thread, so that the caller's deadline holds whatever the loader does; its late answer is still
stored. A loader that is always quick (one SQL query) is run in the caller's thread with `inline=True`; it may return
`Later(finish)` to go on in the background with `finish(until) -> Loaded`. `keep=False` answers everybody who waits,
in every process, and stores nothing: use it for outcomes that must not be cached. An exception of the loader reaches
the callers of this process.

`Cached.outcome` is HIT (from Redis), STALE_HIT (from Redis, in its grace; being refreshed), MISS (loaded now) or
COALESCED (another caller's load was waited for).
`shared` says that another caller's load was used: it cost this call nothing. `step` is the TraceStep of tier `redis`,
to be put before the loader's own. `degraded` says that Redis could not do its work. `extra` is the loader's, in this
process only. Treat values as read-only. No answer within `deadline_s`, or no room to load: `NoLoad` with `.outcome`
and `.detail`. A fault of Redis never raises. The fill counts only while the lease stands: no value from before an
acknowledged `invalidate` is ever served after it.
"""

from .cache_link import CacheLink
from .clearing import Cleared, Clearing, Progress
from .family_cache import Cached, FamilyCache
from .results import Later, Loaded, NoLoad
from .stored_value import Seal, Stored

__all__ = ["CacheLink", "Cached", "Cleared", "Clearing", "FamilyCache", "Later", "Loaded", "NoLoad", "Progress", "Seal", "Stored"]
