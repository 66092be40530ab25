"""Runs a program at a terminal of its own and types what it is asked for, for tests.

Usage: at_terminal.py PROMPT ANSWER [PROMPT ANSWER]... -- PROGRAM ARGUMENT... What the terminal shows
goes to standard output; ends as the program ends, and passes SIGTERM on to it.
"""
import os
import pty
import signal
import sys


def main():
    end = sys.argv.index("--")
    script = list(zip(sys.argv[1:end:2], sys.argv[2:end:2]))
    process, terminal = pty.fork()
    if process == 0:
        os.execvp(sys.argv[end + 1], sys.argv[end + 1:])
    signal.signal(signal.SIGTERM, lambda *_: os.kill(process, signal.SIGTERM))
    seen = ""
    while True:
        try:
            piece = os.read(terminal, 4096)
        except OSError:  # Linux says EIO when the other side is gone
            break
        if not piece:
            break
        os.write(1, piece)
        seen += piece.decode(errors="replace")
        while script and script[0][0] in seen:
            prompt, answer = script.pop(0)
            seen = seen.split(prompt, 1)[1]
            os.write(terminal, answer.encode() + b"\n")
    return os.waitstatus_to_exitcode(os.waitpid(process, 0)[1])


sys.exit(main())
