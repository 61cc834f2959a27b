"""`python -m stack.providers`: serves them at PROVIDERS_BIND, on loopback, until it is ended."""

import os
import sys

from werkzeug.serving import WSGIRequestHandler, make_server

from app.store_security import PRODUCTION
from stack.ports import HOST
from stack.providers.grants import Grants
from stack.providers.server import make_dialects, make_provider_app


class SilentHandler(WSGIRequestHandler):
    """Logs no requests: their addresses have codes in them."""

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Nothing."""


def main() -> int:
    """Serve; 2 where the profile is production, or none is named."""
    environment = os.environ
    if environment.get("PROFILE", PRODUCTION) == PRODUCTION:
        print(f"stack.providers: not with PROFILE={PRODUCTION}", file=sys.stderr)
        return 2
    port = int(environment["PROVIDERS_PORT"])
    dialects = make_dialects(
        f"http://{HOST}:{port}",
        client_id=environment["PROVIDERS_CLIENT_ID"],
        client_secret=environment["PROVIDERS_CLIENT_SECRET"],
    )
    app = make_provider_app(dialects, Grants())
    make_server(HOST, port, app, threaded=True, request_handler=SilentHandler).serve_forever()
    return 0


if __name__ == "__main__":
    sys.exit(main())
