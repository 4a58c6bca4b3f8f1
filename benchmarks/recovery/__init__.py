"""Does everything come back by itself?

Every server is taken away in every way, for seconds or minutes, and given back.
"""
