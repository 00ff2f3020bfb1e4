# Stands in for the Postgres image, with the Postgres of Debian 12, for what compose.yaml uses of it.
ARG BASE
FROM ${BASE}
# The user comes first, with the id it has in the image that this one stands in for; and no cluster is made.
RUN groupadd --system --gid 999 postgres \
    && useradd --system --uid 999 --gid 999 --home-dir /var/lib/postgresql --shell /bin/bash postgres \
    && mkdir -p /etc/postgresql-common /docker-entrypoint-initdb.d \
    && echo 'create_main_cluster = false' >/etc/postgresql-common/createcluster.conf
RUN apt-get update \
    && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends postgresql-15 locales \
    && localedef -i en_US -c -f UTF-8 en_US.UTF-8 \
    && sed -i "s/^#listen_addresses = 'localhost'/listen_addresses = '*'/" /usr/share/postgresql/15/postgresql.conf.sample \
    && install -d -o postgres -g postgres -m 3775 /var/run/postgresql \
    && install -d -o postgres -g postgres -m 1777 /var/lib/postgresql/data \
    && rm -rf /var/lib/apt/lists/* /var/cache/apt/*.bin
COPY deploy/docker/local/postgres-entrypoint /usr/local/bin/docker-entrypoint.sh
ENV LANG=en_US.utf8 PGDATA=/var/lib/postgresql/data
ENV PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin:/usr/lib/postgresql/15/bin
VOLUME /var/lib/postgresql/data
ENTRYPOINT ["docker-entrypoint.sh"]
STOPSIGNAL SIGINT
EXPOSE 5432
CMD ["postgres"]
