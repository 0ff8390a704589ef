"""`hqnn` as in a terminal, with a stand-in for a device that costs. Each argument is a command with its words.

After each it says how it ended and how many circuits arrived at the device.
"""

from __future__ import annotations

import fcntl
import signal
import sys
import termios

from test_budget import Paid, place_paid

from hqnn_dsl.backends.primitive import executable
from hqnn_dsl.cli.main import main

executable.place = place_paid
fcntl.ioctl(0, termios.TIOCSCTTY, 0)  # so that Ctrl-C reaches this process
signal.signal(signal.SIGINT, signal.default_int_handler)  # a job in the background was told to ignore it
for line in sys.argv[1:]:
    Paid.arrived = 0
    sys.argv = ["hqnn", *line.split()]
    try:
        main()
        code = 0
    except SystemExit as left:
        code = int(left.code or 0)
    print(f"ended {code} arrived {Paid.arrived}", flush=True)
