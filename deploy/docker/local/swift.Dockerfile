# Stands in for the Swift image: this machine's toolchain, what it and the build need, and the Swift packages where git
# on this machine takes them from a folder. deploy/local-images makes the context.
ARG BASE
FROM ${BASE}
COPY deploy /tmp/gatehouse/deploy
RUN /tmp/gatehouse/deploy/docker/install-packages toolchain build docs && rm -rf /tmp/gatehouse
COPY toolchain /opt/swift/usr
COPY swift-packages /opt/swift-packages
COPY gitconfig /etc/gitconfig
ENV PATH=/opt/swift/usr/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
RUN swift --version
CMD ["bash"]
