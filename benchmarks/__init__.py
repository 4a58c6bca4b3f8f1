"""Side-by-side measurements: one file per question;
each prints medians and the ratio to a peer or a limit from the same run.
"""
