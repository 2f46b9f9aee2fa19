#!/usr/bin/env python3
"""Run a command for which the kernel refuses one system call, by seccomp.

deny.py NUMBER ERRNO ARGUMENT MASK COMMAND..: refused where the argument has one of the mask's bits;
a mask of 0 refuses always.
"""

import ctypes
import os
import struct
import sys

LOAD, EQUAL, HAS_BITS, RETURN = 0x20, 0x15, 0x45, 0x06
ERRNO, ALLOW = 0x00050000, 0x7FFF0000
PR_SET_SECCOMP, PR_SET_NO_NEW_PRIVS, FILTER = 22, 38, 2

number, errno, argument, mask = map(int, sys.argv[1:5])
steps = [(LOAD, 0, 0, 0), (EQUAL, 0, 3 if mask else 1, number)]
if mask:
    # struct seccomp_data: the arguments begin at byte 16.
    steps += [(LOAD, 0, 0, 16 + 8 * argument), (HAS_BITS, 0, 1, mask)]
steps += [(RETURN, 0, 0, ERRNO | errno), (RETURN, 0, 0, ALLOW)]
code = ctypes.create_string_buffer(b"".join(struct.pack("HBBI", *step) for step in steps))
program = ctypes.create_string_buffer(struct.pack("HxxxxxxP", len(steps), ctypes.addressof(code)))
prctl = ctypes.CDLL(None, use_errno=True).prctl
for arguments in [(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), (PR_SET_SECCOMP, FILTER, program, 0, 0)]:
    if prctl(*arguments) != 0:
        sys.exit(f"prctl: {os.strerror(ctypes.get_errno())}")
os.execvp(sys.argv[5], sys.argv[5:])
