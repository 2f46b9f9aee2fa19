#!/usr/bin/env python3
"""Run a command that may read everything, and below a directory what is named, by Landlock.

landlock.py write[,make] DIRECTORY COMMAND..
"""

import ctypes
import os
import struct
import sys

CREATE_RULESET, ADD_RULE, RESTRICT_SELF = 444, 445, 446
PATH_BENEATH, PR_SET_NO_NEW_PRIVS = 1, 38
# linux/landlock.h, of its third version.
ALL = (1 << 15) - 1
EXECUTE, WRITE, READ, READ_DIRECTORY, MAKE, TRUNCATE = 1 << 0, 1 << 1, 1 << 2, 1 << 3, 1 << 8, 1 << 14
NAMED = {"write": WRITE | TRUNCATE, "make": MAKE}

libc = ctypes.CDLL(None, use_errno=True)


def call(name, *values):
    result = getattr(libc, name)(*values)
    if result < 0:
        sys.exit(f"{name}{values}: {os.strerror(ctypes.get_errno())}")
    return result


def allow(ruleset, path, rights):
    rule = ctypes.create_string_buffer(struct.pack("=Qi", rights, os.open(path, os.O_PATH)))
    call("syscall", ADD_RULE, ruleset, PATH_BENEATH, rule, 0)


rights, directory, command = sys.argv[1].split(","), sys.argv[2], sys.argv[3:]
ruleset = call("syscall", CREATE_RULESET, ctypes.create_string_buffer(struct.pack("=Q", ALL)), 8, 0)
allow(ruleset, "/", EXECUTE | READ | READ_DIRECTORY)
allow(ruleset, directory, sum(NAMED[name] for name in rights))
call("prctl", PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
call("syscall", RESTRICT_SELF, ruleset, 0)
os.execvp(command[0], command)
