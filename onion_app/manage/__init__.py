"""`scripts/manage` and `scripts/update`: the operator's commands for a running launcher, its state and its program.

It promises to change nothing when it refuses. Commands for the launcher need no passphrase and learn counts only.
"""
