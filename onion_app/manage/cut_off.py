"""Takes every network from this process and from all that it starts; unix sockets go on working.

What leads through tor is then no matter of settings that git, pip or apt may read another way: there is nothing else.
"""

import ctypes
import fcntl
import os
import socket
import struct
from pathlib import Path
from typing import Final

_NEW_NETWORK: Final = 0x40000000  # CLONE_NEWNET of unshare(2)
_NEW_ACCOUNTS: Final = 0x10000000  # CLONE_NEWUSER, within which anybody may make a network
_SET_FLAGS: Final = 0x8914  # SIOCSIFFLAGS of netdevice(7)
_UP: Final = 1  # IFF_UP


def cut_off() -> None:
    """Go into a network that has a loopback of its own and nothing else; call it before any thread is started.

    Raises:
        OSError: the system allows no such thing.
    """
    account, group = os.geteuid(), os.getegid()
    system = ctypes.CDLL(None, use_errno=True)
    if system.unshare(_NEW_NETWORK | (_NEW_ACCOUNTS if account else 0)):
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
    if account:  # it stays who it is
        own = {"setgroups": "deny", "uid_map": f"{account} {account} 1", "gid_map": f"{group} {group} 1"}
        for name, words in own.items():
            Path("/proc/self", name).write_text(words, encoding="ascii")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        fcntl.ioctl(any_socket, _SET_FLAGS, struct.pack("16sh14x", b"lo", _UP))
