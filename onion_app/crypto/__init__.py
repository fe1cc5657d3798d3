"""Seals, codes, keys and passphrases, all from libsodium through PyNaCl; this room does no input or output."""
