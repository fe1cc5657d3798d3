"""The desk on a volunteer's machine in another place: a key of its own, a tor of its own, and one door on loopback.

It promises that the key and the desk's address are locked under a passphrase, that it listens on this machine only,
and that all it carries goes through tor to the one onion that the operator named. It sees no case and keeps no page.
"""
