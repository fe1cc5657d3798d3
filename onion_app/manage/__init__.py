"""`scripts/manage`: the operator's commands for a running launcher, and for the state that it runs on.

It promises to change nothing when it refuses. Commands for the launcher need no passphrase and learn counts only.
"""
