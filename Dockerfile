# One image for all our processes; the command selects the process (docker-compose.yml).
#
# Base images are pinned by tag, because where this file was written no registry could be reached
# to read their digests: pin those where you build (docs/deploy.md). Debian 12 is what the tests run
# on; Node is that of stack/settings.py.
ARG DEBIAN_IMAGE=debian:12.15-slim
ARG NODE_IMAGE=node:24.19.0-bookworm-slim

FROM ${NODE_IMAGE} AS client
WORKDIR /build
COPY app/web/client/.npmrc app/web/client/package.json app/web/client/package-lock.json ./
RUN npm ci --no-audit --no-fund
COPY app/web/client ./
RUN npm run build

FROM ${DEBIAN_IMAGE} AS packages
# Debian keeps one version of a package at a time, the one with all fixes: none can be pinned.
# hadolint ignore=DL3008
RUN apt-get update \
 && apt-get install --yes --no-install-recommends ca-certificates python3 python3-venv \
 && rm -rf /var/lib/apt/lists/*
WORKDIR /build
COPY requirements.lock stack/locks/requirements-cyclonedx-bom.lock ./
RUN python3 -m venv /opt/house \
 && /opt/house/bin/pip install --no-cache-dir --require-hashes --only-binary :all: \
    --requirement requirements.lock
# The SBOM (CycloneDX), made by a tool that is not part of the image.
RUN python3 -m venv /opt/sbom \
 && /opt/sbom/bin/pip install --no-cache-dir --require-hashes --only-binary :all: \
    --requirement requirements-cyclonedx-bom.lock \
 && /opt/sbom/bin/cyclonedx-py environment --output-format JSON \
    --output-file /build/sbom.cdx.json /opt/house/bin/python

FROM packages AS house
WORKDIR /srv/house
COPY . .
# The root of a running container is read-only: all bytecode is written here.
RUN rm -r app/web/client requirements.lock stack \
 && python3 -m compileall -q .
COPY --from=client /build/dist app/web/client/dist

FROM ${DEBIAN_IMAGE}
ARG VERSION=0.1.0
ARG REVISION=unknown
ARG CREATED=unknown
LABEL org.opencontainers.image.title="auction-house" \
      org.opencontainers.image.description="A live auction house: gateway, bridge, workers, beat, Flower, migrations" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}" \
      org.opencontainers.image.created="${CREATED}" \
      house.sbom.format="CycloneDX" \
      house.sbom.path="/usr/share/house/sbom.cdx.json"
# openssl makes the secrets of docker-compose.yml (deploy/secrets.sh).
# hadolint ignore=DL3008
RUN apt-get update \
 && apt-get install --yes --no-install-recommends ca-certificates openssl python3 \
 && rm -rf /var/lib/apt/lists/* /var/log/apt /var/log/dpkg.log \
 && useradd --uid 10001 --user-group --no-create-home --home-dir /tmp --shell /usr/sbin/nologin house \
 && install --directory --owner=house --mode=0700 /run/metrics
COPY --from=packages /opt/house /opt/house
COPY --from=packages /build/sbom.cdx.json /usr/share/house/sbom.cdx.json
COPY --from=house /srv/house /srv/house
ENV PATH=/opt/house/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    HOME=/tmp
WORKDIR /srv/house
# By number, so that Kubernetes can see that it is not root.
USER 10001:10001
EXPOSE 8080 9464 5555
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s --retries=3 \
  CMD ["python", "-m", "app.probe", "http://127.0.0.1:8080/healthz"]
CMD ["gunicorn", "wsgi:app"]
