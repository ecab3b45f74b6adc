"""Becomes the program given as arguments, after telling the kernel to kill it as soon as whoever started it is gone.

``python guard.py PARENT PROGRAM [ARGUMENT...]``: the process keeps its id, and what the kernel was told outlives the change of program
(Linux, ``prctl(2)``, PR_SET_PDEATHSIG). Elsewhere nothing is told. Fixtures end what they started anyway; this is for a test run that
is killed. It is a program of its own because code between fork and exec is not safe in a process that has threads.
"""

import ctypes
import os
import signal
import sys

_PR_SET_PDEATHSIG = 1

if sys.platform == "linux":
    ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != int(sys.argv[1]):
        sys.exit("whoever started this is gone already")
os.execv(sys.argv[2], sys.argv[2:])
