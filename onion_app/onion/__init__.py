"""The onion room: starts tor and obfs4proxy, publishes our services, and notices when one of them is gone.

It never touches another service than ours, never writes the key or address of one anywhere, and knows nothing of what
people write.
"""
