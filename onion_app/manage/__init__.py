"""`scripts/manage`: what the operator asks of a running launcher, and does to the state it runs on.

It promises to change nothing when it refuses. What speaks to the launcher needs no passphrase and learns counts only.
"""
