"""Runs inside the peers' environment: libcachesim's LRU over the reads of a file; prints seconds of processor and hits.

Arguments: a file of (key, second, bytes), bytes of the cache, seconds to live.
"""

import json
import sys
import time

import libcachesim
import numpy as np

rows = np.load(sys.argv[1])
cache = libcachesim.LRU(cache_size=int(sys.argv[2]), default_ttl=int(sys.argv[3]))
requests = [
    libcachesim.Request(obj_id=key, clock_time=second, obj_size=size, ttl=int(sys.argv[3])) for key, second, size in rows.tolist()
]
began = time.process_time()
hits = sum(map(cache.get, requests))
print(json.dumps({"seconds": time.process_time() - began, "hits": hits / len(rows)}))
