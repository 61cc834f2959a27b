"""How the gateway runs: everything is patched before anything else is imported."""

import gevent
from gevent import monkey

monkey.patch_all()

import gc  # noqa: E402
import os  # noqa: E402
import socket  # noqa: E402
import sys  # noqa: E402
import tempfile  # noqa: E402

gc.disable()  # modules loaded now are never freed: collections would only scan them

# All code is read before the port is taken and before any fork: a new process serves at once.
import app.web.app  # noqa: E402
import app.web.server.worker  # noqa: E402, F401
from app.adapters.postgres.pools import measure_pools  # noqa: E402
from app.observability.logging import configure_logging  # noqa: E402
from app.observability.process import start_sampling  # noqa: E402
from app.observability.receipts import RECEIPTS  # noqa: E402
from app.observability.security_log import open_security_log  # noqa: E402
from app.settings import REFUSED, SettingsError, settings_or_exit  # noqa: E402
from app.unfit_stores import refuse_unfit_stores  # noqa: E402
from app.web.collecting import collect_seldom  # noqa: E402
from app.web.epoch_watch import watch_epoch  # noqa: E402
from app.web.loop_delay import watch_loop  # noqa: E402
from app.web.receipts import write_receipts  # noqa: E402
from lanes.tracing import stop_tracing  # noqa: E402

gc.freeze()  # forked processes do not scan it either, so that all share its memory
gc.enable()

settings = settings_or_exit()  # before the port is taken, and before any fork
refuse_unfit_stores(settings)
configure_logging(settings.log_level, process=settings.process_name or "gateway")
try:
    open_security_log(settings, process=settings.process_name or "gateway")
except SettingsError as error:
    print(error, file=sys.stderr)
    raise SystemExit(REFUSED) from error
errorlog = None  # logged as everything else
backlog = 2_048


def listen(address: str) -> str:
    """Take the port, which gateways of one machine may share (`make scale pool=gateway n=2`).

    gunicorn's own `reuse_port` gives each worker a queue of clients that dies with it; here it is
    the master's, in which they wait for the next worker.
    """
    host, _, port = address.rpartition(":")
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    place = (host.strip("[]"), int(port))
    listener = socket.create_server(place, family=family, backlog=backlog, reuse_port=True)
    return f"fd://{listener.detach()}"


bind = listen(os.environ.get("GATEWAY_BIND", "127.0.0.1:8080"))
workers = int(os.environ.get("GATEWAY_WORKERS", "2"))
worker_class = "app.web.server.worker.EdgeWorker"
worker_connections = 8_000  # above our own limit on sockets, so that health checks find room
# The drain takes 5 s at most, and so does a request that waits for its outcome. What remains then
# are idle connections, which would keep the worker for all of this time.
graceful_timeout = 10
keepalive = 30
# Only app/web/addresses.py reads a proxy's headers about the client; by default gunicorn trusts
# every connection from loopback.
forwarded_allow_ips = ""
secure_scheme_headers: dict[str, str] = {}
preload_app = False  # the application is built after the fork, with its connections
# By default every instance of a user would share one path.
control_socket = os.path.join(tempfile.mkdtemp(prefix="gateway-"), "gunicorn.ctl")


def post_worker_init(worker: object) -> None:
    """The sockets' greenlets start with the worker, and end before it."""
    from app.web.ws.drain import watch  # noqa: PLC0415
    from app.web.ws.routes import gateway_of  # noqa: PLC0415
    from wsgi import app, container  # noqa: PLC0415 - not before the fork

    if settings.receipt_log:
        RECEIPTS.open(bytes_max=settings.limits.receipt_log_bytes_max)
        gevent.spawn(write_receipts, RECEIPTS)
    watch(gateway_of(app), worker)  # type: ignore[arg-type]
    gevent.spawn(watch_loop)
    gevent.spawn(watch_epoch, container)
    start_sampling(settings.process_name or "gateway", [measure_pools])
    collect_seldom()


def worker_exit(_server: object, _worker: object) -> None:
    """Export the last spans: those of requests that outlived the drain."""
    stop_tracing()
