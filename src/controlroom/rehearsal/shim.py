"""Sends one command to the stage and prints what it says; standard library only, run without the package.

`shim.py SOCKET COMMAND ARGS…` exits with the command's code, 1 when the stage is gone.
"""

import json
import socket
import sys


def main(path: str, command: str, *args: str) -> int:
    """Run `command` on the stage at `path`."""
    stage = socket.socket(socket.AF_UNIX)
    try:
        stage.connect(path)
        stage.sendall(json.dumps({"command": command, "args": args}).encode() + b"\n")
        for line in stage.makefile("rb"):
            answer = json.loads(line)
            if "code" in answer:
                if answer["error"]:
                    print(answer["error"], file=sys.stderr)  # noqa: T201 - a command line
                return int(answer["code"])
            print(answer["say"], flush=True)  # noqa: T201 - a command line
    except OSError as exc:
        print(f"the stage does not answer: {exc}", file=sys.stderr)  # noqa: T201 - a command line
        return 1
    print("the stage has ended", file=sys.stderr)  # noqa: T201 - a command line
    return 1


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
