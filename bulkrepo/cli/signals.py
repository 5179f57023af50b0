"""What SIGINT, SIGTERM and SIGHUP do to a run."""

import asyncio
import os
import signal
from contextlib import suppress

from bulkrepo.runs.control import Control


def stop_on_signals(control: Control, *, kept: bool) -> None:
    """
    Stop cleanly on the first signal, and at once, as if killed, on the second.

    *kept*: the ledger is a file, so the run can be continued.
    """
    loop = asyncio.get_running_loop()
    seen, last = 0, float("-inf")

    def on(number: int) -> None:
        nonlocal seen, last
        now = loop.time()
        if seen and now - last < 0.5:
            return  # sent both to us and to our process group, as `timeout` does
        seen, last = seen + 1, now
        name = signal.Signals(number).name
        if seen == 1 and not control.sending:
            # The lists are being read, perhaps from a pipe that never ends.
            _write(f"bulkrepo: interrupted by {name}; nothing was sent\n")
            os._exit(128 + number)
        elif seen == 1:
            if os.isatty(2):
                _write(
                    "\r\x1b[Kstopping once the requests in flight are done; "
                    "interrupt again to stop at once\n"
                )
            control.stop(f"interrupted by {name}", exit_code=128 + number)
        else:
            if os.isatty(2):
                _write("\r\x1b[K\x1b[?25h")  # the bar hid the cursor
            then = "continues this run" if kept else "starts over"
            _write(f"bulkrepo: stopped at once by {name}; the same command {then}\n")
            os._exit(128 + number)

    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        # A closed terminal stops a run as cleanly as the others, except under `nohup`.
        if number != signal.SIGHUP or signal.getsignal(number) is not signal.SIG_IGN:
            loop.add_signal_handler(number, on, number)


def _write(text: str) -> None:
    """Write what a signal does; if that fails, the signal still does it."""
    with suppress(OSError):
        os.write(2, text.encode())
