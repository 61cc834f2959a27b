# Stands in for the images of the stores and of Caddy, with Debian's packages and users of their
# numbers (PostgreSQL asks who has one: its own user has to be found first). Kafka's libraries are
# those of stack/kafka, mounted.
ARG DEBIAN_IMAGE
FROM ${DEBIAN_IMAGE}
# hadolint ignore=DL3008
RUN apt-get update \
 && DEBIAN_FRONTEND=noninteractive apt-get install --yes --no-install-recommends \
    caddy netcat-openbsd openjdk-17-jre-headless postgresql-15 redis-server \
 && rm -rf /var/lib/apt/lists/* \
 && groupmod --gid 999 --non-unique postgres \
 && usermod --uid 999 --gid 999 --non-unique postgres \
 && userdel redis \
 && useradd --uid 999 --gid 999 --non-unique --no-create-home redis \
 && useradd --uid 1000 --user-group --no-create-home appuser \
 && mkdir -p /opt/kafka/libs /docker-entrypoint-initdb.d /etc/kafka /etc/caddy
ENV PATH=/usr/lib/postgresql/15/bin:$PATH PGDATA=/var/lib/postgresql/data \
    XDG_CONFIG_HOME=/config XDG_DATA_HOME=/data
COPY kafka-storage.sh kafka-server-start.sh /opt/kafka/bin/
COPY postgres-entrypoint.sh /usr/local/bin/
