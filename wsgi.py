"""What gunicorn serves: `gunicorn wsgi:app`."""

from app.bootstrap import build_gateway_container
from app.observability.logging import configure_logging
from app.observability.tracing import follow_every
from app.settings import read_settings
from app.web.app import create_app

settings = read_settings()
configure_logging(settings.log_level, process=settings.process_name or "gateway")
follow_every(settings.trace_every)
app = create_app(build_gateway_container(settings))
