"""A place on Tor to tell what happened, to ask for help and to read."""
