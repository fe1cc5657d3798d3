"""Seals a stream too large for one message, such as a backup: pieces that open in order and to the last one only.

XChaCha20-Poly1305 as libsodium's secretstream: a piece that is missing, moved, repeated or changed is refused. So is an
end that was cut off, because the last piece says that it is the last.
"""

from nacl.bindings import (
    crypto_secretstream_xchacha20poly1305_ABYTES,
    crypto_secretstream_xchacha20poly1305_HEADERBYTES,
    crypto_secretstream_xchacha20poly1305_init_pull,
    crypto_secretstream_xchacha20poly1305_init_push,
    crypto_secretstream_xchacha20poly1305_pull,
    crypto_secretstream_xchacha20poly1305_push,
    crypto_secretstream_xchacha20poly1305_state,
    crypto_secretstream_xchacha20poly1305_TAG_FINAL,
    crypto_secretstream_xchacha20poly1305_TAG_MESSAGE,
)
from nacl.exceptions import CryptoError

from onion_app.errors import SealBroken

HEADER_BYTES = crypto_secretstream_xchacha20poly1305_HEADERBYTES
MORE_BYTES = crypto_secretstream_xchacha20poly1305_ABYTES  # by which a sealed piece is longer


class SealingStream:
    """The writing end. `clear` stands readable beside the stream, and is authenticated with each piece."""

    def __init__(self, key: bytes, clear: bytes) -> None:
        """Begin a stream under a key of 32 bytes that serves no other purpose."""
        self._state = crypto_secretstream_xchacha20poly1305_state()
        self._clear = clear
        self.header = bytes(crypto_secretstream_xchacha20poly1305_init_push(self._state, key))

    def seal(self, piece: bytes, *, last: bool = False) -> bytes:
        """Seal the next piece."""
        tag = (
            crypto_secretstream_xchacha20poly1305_TAG_FINAL
            if last
            else crypto_secretstream_xchacha20poly1305_TAG_MESSAGE
        )
        return bytes(crypto_secretstream_xchacha20poly1305_push(self._state, piece, self._clear, tag))


class OpeningStream:
    """The reading end."""

    def __init__(self, key: bytes, clear: bytes, header: bytes) -> None:
        """Begin to read a stream.

        Raises:
            SealBroken: that is no header.
        """
        self._state = crypto_secretstream_xchacha20poly1305_state()
        self._clear = clear
        if len(header) != HEADER_BYTES:
            raise SealBroken
        crypto_secretstream_xchacha20poly1305_init_pull(self._state, header, key)

    def open(self, sealed: bytes, *, last: bool = False) -> bytes:
        """Open the next piece.

        Raises:
            SealBroken: it was changed or moved, or is the last and should not be, or the other way round.
        """
        try:
            piece, tag = crypto_secretstream_xchacha20poly1305_pull(self._state, sealed, self._clear)
        except (CryptoError, ValueError):
            raise SealBroken from None
        if (tag == crypto_secretstream_xchacha20poly1305_TAG_FINAL) != last:
            raise SealBroken
        return bytes(piece)
