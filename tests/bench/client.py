"""Readers in a process of their own, who write one prepared request again and again and only count what comes back.

Nothing but system calls on sockets that do not wait, so that the server is what is measured: `wrk`, which is written in
C, finds the same ratios.
"""

import json
import select
import socket
import sys
import time


def main() -> None:
    """Ask as standard input says, and write how many answers came, within how many seconds, and what they cost here."""
    orders = json.loads(sys.stdin.read())
    ready = select.epoll()
    readers = {}
    for _ in range(orders["connections"]):
        reader = socket.socket(socket.AF_UNIX)
        reader.connect(orders["to"])
        reader.settimeout(0)
        ready.register(reader, select.EPOLLIN)
        readers[reader.fileno()] = reader
    used, began = time.process_time(), time.perf_counter()
    done = _ask(readers, ready, orders["asked"].encode("latin-1"), orders["size"], began + orders["seconds"])
    sys.stdout.write(json.dumps([done, time.perf_counter() - began, time.process_time() - used]))


def _ask(readers: dict[int, socket.socket], ready: select.epoll, asked: bytes, size: int, until: float) -> int:
    buffer, done = bytearray(65536), 0
    missing = dict.fromkeys(readers, size)
    for reader in readers.values():
        reader.send(asked)
    while time.perf_counter() < until:
        for number, _ in ready.poll(1):
            missing[number] -= readers[number].recv_into(buffer)
            if missing[number] <= 0:
                missing[number] += size
                done += 1
                readers[number].send(asked)
    return done


if __name__ == "__main__":
    main()
