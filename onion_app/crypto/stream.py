"""Seals a stream too large for one message, such as a backup: pieces that open in order and to the last one only.

XChaCha20-Poly1305 as libsodium's secretstream: a piece that is missing, moved, repeated or changed is refused. So is an
end that was cut off, because the last piece says that it is the last.
"""

from nacl import bindings as sodium
from nacl.exceptions import CryptoError

from onion_app.errors import SealBroken

HEADER_BYTES = sodium.crypto_secretstream_xchacha20poly1305_HEADERBYTES
MORE_BYTES = sodium.crypto_secretstream_xchacha20poly1305_ABYTES  # by which a sealed piece is longer
_MORE = sodium.crypto_secretstream_xchacha20poly1305_TAG_MESSAGE
_LAST = sodium.crypto_secretstream_xchacha20poly1305_TAG_FINAL


class SealingStream:
    """The writing end. `clear` stands readable beside the stream, and is authenticated with each piece."""

    def __init__(self, key: bytes, clear: bytes) -> None:
        """Begin a stream under a key of 32 bytes that serves no other purpose."""
        self._state = sodium.crypto_secretstream_xchacha20poly1305_state()
        self._clear = clear
        self.header = bytes(sodium.crypto_secretstream_xchacha20poly1305_init_push(self._state, key))

    def seal(self, piece: bytes, *, last: bool = False) -> bytes:
        """Seal the next piece."""
        tag = _LAST if last else _MORE
        return bytes(sodium.crypto_secretstream_xchacha20poly1305_push(self._state, piece, self._clear, tag))


class OpeningStream:
    """The reading end."""

    def __init__(self, key: bytes, clear: bytes, header: bytes) -> None:
        """Begin to read a stream.

        Raises:
            SealBroken: that is no header.
        """
        self._state = sodium.crypto_secretstream_xchacha20poly1305_state()
        self._clear = clear
        if len(header) != HEADER_BYTES:
            raise SealBroken
        sodium.crypto_secretstream_xchacha20poly1305_init_pull(self._state, header, key)

    def open(self, sealed: bytes, *, last: bool = False) -> bytes:
        """Open the next piece.

        Raises:
            SealBroken: it was changed or moved, or is the last and should not be, or the other way round.
        """
        try:
            piece, tag = sodium.crypto_secretstream_xchacha20poly1305_pull(self._state, sealed, self._clear)
        except (CryptoError, ValueError):
            raise SealBroken from None
        if (tag == _LAST) != last:
            raise SealBroken
        return bytes(piece)
