"""The onion room: starts tor, publishes our one service through it, and notices when either is gone.

It never touches another service than ours, never writes the service's key or address anywhere, and knows nothing of
what people write.
"""
