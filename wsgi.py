"""What gunicorn serves: `gunicorn wsgi:app`."""

from app.bootstrap.gateway import build_gateway_container
from app.observability.bid_log import set_sample
from app.observability.logging import configure_logging
from app.observability.tracing import configure_tracing
from app.settings import settings_or_exit
from app.web.app import create_app

settings = settings_or_exit()
configure_logging(settings.log_level, process=settings.process_name or "gateway")
set_sample(every=settings.bid_log_every, steps_per_s=settings.bid_log_steps_per_s)
configure_tracing(settings, process="gateway")
container = build_gateway_container(settings)
app = create_app(container)
