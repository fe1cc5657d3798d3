"""The filter of system calls: a BPF program for the kernel, made from a table. It knows two machines and no other.

Refused is what none of our processes needs and what attackers of a kernel come through: flatpak's list, and what has
been added to Linux since. A refused call answers ENOSYS, as on a kernel that does not have it: the C library then takes
another way (that is how `clone3`, whose flags no filter can see, becomes `clone`), and a test can tell our refusal from
any other. Calls that are newer than this list are refused too.
"""

import errno
import struct
from typing import Final, NamedTuple

_NEWEST: Final = 462  # mseal, of Linux 6.10; from 424 on a call has the same number on all machines
# CLONE_NEWNS, NEWCGROUP, NEWUTS, NEWIPC, NEWUSER, NEWPID and NEWNET of linux/sched.h
_NEW_NAMESPACES: Final = 0x7E02_0000
_FEIGNED_INPUT: Final = (0x5412, 0x541C)  # TIOCSTI and TIOCLINUX, which type for another program

# Of linux/filter.h: load a word of seccomp_data, compare, test bits, answer.
_LOAD, _EQUAL, _GREATER, _ANY_BIT, _ANSWER = 0x20, 0x15, 0x25, 0x45, 0x06
_NUMBER, _MACHINE, _FIRST, _SECOND = 0, 4, 16, 24  # offsets in seccomp_data; of an argument the lower half
_ALLOW, _REFUSE = 0x7FFF_0000, 0x0005_0000 | errno.ENOSYS


class Machine(NamedTuple):
    """A machine's number in linux/audit.h, and its numbers of system calls."""

    audit: int
    clone: int
    ioctl: int
    socket: int
    refused: dict[str, int]


_EVERYWHERE: Final = {
    "io_uring_setup": 425, "io_uring_enter": 426, "io_uring_register": 427, "open_tree": 428, "move_mount": 429,
    "fsopen": 430, "fsconfig": 431, "fsmount": 432, "fspick": 433, "clone3": 435, "pidfd_getfd": 438,
    "process_madvise": 440, "mount_setattr": 442, "quotactl_fd": 443,
}  # fmt: skip

MACHINES: Final = {
    "x86_64": Machine(audit=0xC000_003E, clone=56, ioctl=16, socket=41, refused=_EVERYWHERE | {
        "acct": 163, "add_key": 248, "adjtimex": 159, "bpf": 321, "chroot": 161, "clock_adjtime": 305,
        "clock_settime": 227, "delete_module": 176, "fanotify_init": 300, "finit_module": 313, "get_mempolicy": 239,
        "init_module": 175, "ioperm": 173, "iopl": 172, "kcmp": 312, "kexec_file_load": 320, "kexec_load": 246,
        "keyctl": 250, "lookup_dcookie": 212, "mbind": 237, "migrate_pages": 256, "modify_ldt": 154, "mount": 165,
        "move_pages": 279, "name_to_handle_at": 303, "open_by_handle_at": 304, "perf_event_open": 298,
        "personality": 135, "pivot_root": 155, "process_vm_readv": 310, "process_vm_writev": 311, "ptrace": 101,
        "quotactl": 179, "reboot": 169, "request_key": 249, "set_mempolicy": 238, "setdomainname": 171,
        "sethostname": 170, "setns": 308, "settimeofday": 164, "swapoff": 168, "swapon": 167, "syslog": 103,
        "umount2": 166, "unshare": 272, "uselib": 134, "userfaultfd": 323, "vhangup": 153,
    }),
    "aarch64": Machine(audit=0xC000_00B7, clone=220, ioctl=29, socket=198, refused=_EVERYWHERE | {
        "acct": 89, "add_key": 217, "adjtimex": 171, "bpf": 280, "chroot": 51, "clock_adjtime": 266,
        "clock_settime": 112, "delete_module": 106, "fanotify_init": 262, "finit_module": 273, "get_mempolicy": 236,
        "init_module": 105, "kcmp": 272, "kexec_file_load": 294, "kexec_load": 104, "keyctl": 219,
        "lookup_dcookie": 18, "mbind": 235, "migrate_pages": 238, "mount": 40, "move_pages": 239,
        "name_to_handle_at": 264, "open_by_handle_at": 265, "perf_event_open": 241, "personality": 92,
        "pivot_root": 41, "process_vm_readv": 270, "process_vm_writev": 271, "ptrace": 117, "quotactl": 60,
        "reboot": 142, "request_key": 218, "set_mempolicy": 237, "setdomainname": 162, "sethostname": 161,
        "setns": 268, "settimeofday": 170, "swapoff": 225, "swapon": 224, "syslog": 116, "umount2": 39,
        "unshare": 97, "userfaultfd": 282, "vhangup": 58,
    }),
}  # fmt: skip


_Line = tuple[int, int, int, int]
"""A code, the lines to skip when it holds and when it does not, and its value: struct sock_filter."""

_REFUSED: Final[_Line] = (_ANSWER, 0, 0, _REFUSE)
_ALLOWED: Final[_Line] = (_ANSWER, 0, 0, _ALLOW)


def program(machine: Machine, families: tuple[int, ...]) -> bytes:
    """Make the filter; a process that runs under it makes new sockets of these address families only."""
    lines: list[_Line] = [
        *((_LOAD, 0, 0, _MACHINE), (_EQUAL, 1, 0, machine.audit), _REFUSED),  # elsewhere the numbers mean other calls
        *((_LOAD, 0, 0, _NUMBER), (_GREATER, 0, 1, _NEWEST), _REFUSED),  # x32 too, whose numbers begin at 0x40000000
    ]
    for number in sorted(machine.refused.values()):
        lines += [(_EQUAL, 0, 1, number), _REFUSED]
    lines += _by_argument(machine.clone, _FIRST, _ANY_BIT, (_NEW_NAMESPACES,), _REFUSED, _ALLOWED)
    lines += _by_argument(machine.ioctl, _SECOND, _EQUAL, _FEIGNED_INPUT, _REFUSED, _ALLOWED)
    lines += _by_argument(machine.socket, _FIRST, _EQUAL, families, _ALLOWED, _REFUSED)
    return b"".join(struct.pack("=HBBI", *line) for line in [*lines, _ALLOWED])


def _by_argument(
    number: int, argument: int, test: int, values: tuple[int, ...], then: _Line, otherwise: _Line
) -> list[_Line]:
    """Answer a call by one of its arguments; the kernel reads the lower half of each of these, as we do."""
    tests = [line for value in values for line in ((test, 0, 1, value), then)]
    return [(_EQUAL, 0, len(tests) + 2, number), (_LOAD, 0, 0, argument), *tests, otherwise]
