# Stands in for debian:bookworm-slim, with the libraries of the image already there.
ARG BASE
FROM ${BASE}
COPY deploy /tmp/gatehouse/deploy
RUN /tmp/gatehouse/deploy/docker/install-packages image && rm -rf /tmp/gatehouse /var/cache/apt/*.bin /var/log/*
CMD ["bash"]
