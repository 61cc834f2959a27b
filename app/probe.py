"""`python -m app.probe URL` exits 0 when URL answers 200, and 1, with a line, when it does not.

Health checks of containers are this: their image holds neither curl nor wget.
"""

import sys
import urllib.error
import urllib.request

TIMEOUT_S = 4.0
USAGE = 2
# A proxy that the environment names is for the world outside.
OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}))


def main(arguments: list[str]) -> int:
    """Ask once; 2 for anything but one address that begins with http."""
    if len(arguments) != 1 or not arguments[0].startswith(("http://", "https://")):
        print("usage: python -m app.probe http://HOST:PORT/PATH", file=sys.stderr)
        return USAGE
    try:
        with OPENER.open(arguments[0], timeout=TIMEOUT_S) as answer:
            return 0 if answer.status == 200 else 1
    except (urllib.error.URLError, OSError) as error:
        print(f"{arguments[0]}: {error}", file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
