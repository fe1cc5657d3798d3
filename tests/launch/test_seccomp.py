"""The filter of system calls as the kernel reads it, for both machines: each answer is worked out from the program."""

import ctypes
import errno
import socket
import struct

import pytest

from onion_app.launch.seccomp import MACHINES, program

ALLOWED, REFUSED = 0x7FFF0000, 0x00050000 | errno.ENOSYS
FAMILIES = (socket.AF_UNIX, socket.AF_INET)
THREAD = 0x3D0F00  # the flags with which glibc begins a thread
FORK = 0x1200011
NAMESPACES = (0x20000, 0x2000000, 0x4000000, 0x8000000, 0x10000000, 0x20000000, 0x40000000)
NEEDED = ("read", "write", "openat", "futex", "accept4", "mmap", "execve", "prctl", "seccomp", "getrandom", "ppoll")


def resolved(machine: str, name: str) -> int:
    """Ask the library that tor's sandbox is made with for the number of a system call."""
    asked: int = ctypes.CDLL("libseccomp.so.2").seccomp_syscall_resolve_name_arch(
        MACHINES[machine].audit, name.encode()
    )
    return asked


def answer(machine: str, number: int, *arguments: int, audit: int | None = None) -> int:
    """Run the program on one call, and give the answer to the kernel."""
    words = [argument & 0xFFFFFFFFFFFFFFFF for argument in (*arguments, *[0] * 6)[:6]]
    called_by = MACHINES[machine].audit if audit is None else audit
    data = struct.pack("<IIQ6Q", number & 0xFFFFFFFF, called_by, 0, *words)
    lines = list(struct.iter_unpack("<HBBI", program(MACHINES[machine], FAMILIES)))
    at = loaded = 0
    while True:
        code, holds, fails, value = lines[at]
        at += 1
        match code:
            case 0x20:
                [loaded] = struct.unpack_from("<I", data, value)
            case 0x06:
                return int(value)
            case 0x15:
                at += holds if loaded == value else fails
            case 0x25:
                at += holds if loaded > value else fails
            case 0x45:
                at += holds if loaded & value else fails


@pytest.fixture(params=sorted(MACHINES))
def machine(request: pytest.FixtureRequest) -> str:
    name: str = request.param
    return name


def test_each_number_of_the_table_is_the_one_of_its_name(machine: str) -> None:
    table = MACHINES[machine]
    named = table.refused | {"clone": table.clone, "ioctl": table.ioctl, "socket": table.socket}
    assert {name: resolved(machine, name) for name in named} == named


def test_each_call_of_the_table_is_refused_and_what_a_process_needs_is_not(machine: str) -> None:
    assert len(MACHINES[machine].refused) > 50
    for name, number in MACHINES[machine].refused.items():
        assert answer(machine, number) == REFUSED, name
    for name in NEEDED:
        assert answer(machine, resolved(machine, name)) == ALLOWED, name


def test_the_kinds_of_calls_that_attackers_of_a_kernel_need_are_in_the_table(machine: str) -> None:
    named = MACHINES[machine].refused
    kinds = (
        "unshare setns mount umount2 pivot_root chroot open_tree move_mount fsopen fsconfig fsmount fspick "
        "mount_setattr io_uring_setup io_uring_enter io_uring_register bpf keyctl add_key request_key "
        "perf_event_open ptrace process_vm_readv process_vm_writev userfaultfd kexec_load kexec_file_load "
        "init_module finit_module delete_module personality quotactl acct syslog clone3"
    )
    assert set(kinds.split()) <= named.keys()


def test_a_process_and_a_thread_begin_and_no_namespace_does(machine: str) -> None:
    clone = MACHINES[machine].clone
    assert answer(machine, clone, THREAD) == answer(machine, clone, FORK) == ALLOWED
    for flag in NAMESPACES:
        assert answer(machine, clone, FORK | flag) == answer(machine, clone, flag) == REFUSED


def test_nobody_types_for_another_program(machine: str) -> None:
    ioctl = MACHINES[machine].ioctl
    assert answer(machine, ioctl, 0, 0x5401) == ALLOWED
    for request in (0x5412, 0x541C, 1 << 32 | 0x5412):  # the kernel reads the lower half
        assert answer(machine, ioctl, 0, request) == REFUSED


def test_only_sockets_of_the_given_families_are_made(machine: str) -> None:
    families = {family for family in range(64) if answer(machine, MACHINES[machine].socket, family) == ALLOWED}
    assert families == set(FAMILIES)


def test_numbers_of_another_machine_of_x32_and_newer_than_the_table_are_refused(machine: str) -> None:
    reading = resolved(machine, "read")
    other = {table.audit for table in MACHINES.values()} - {MACHINES[machine].audit}
    for audit in (*other, 0x40000003, 0x40000028, 0):  # i386 and ARM
        assert answer(machine, reading, audit=audit) == REFUSED
    for number in (reading | 0x40000000, 463, 470, 512, 547, -1):
        assert answer(machine, number) == REFUSED
