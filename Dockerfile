# One image for all commands: `docker run IMAGE` is `chargeforge headless`, `docker run -it IMAGE demo`
# the demo, `docker run IMAGE csms --host 0.0.0.0` the CSMS.

FROM python:3.13.7-slim-bookworm AS build
WORKDIR /src
COPY pyproject.toml README.md LICENSE ./
COPY sim_core sim_core
COPY tui tui
RUN python -m venv /opt/chargeforge && /opt/chargeforge/bin/pip install --no-cache-dir '.[fast]'

FROM python:3.13.7-slim-bookworm
RUN useradd --uid 10001 --create-home chargeforge \
    && install --directory --owner=chargeforge /var/lib/chargeforge
COPY --from=build /opt/chargeforge /opt/chargeforge
USER chargeforge
WORKDIR /home/chargeforge
# Who reaches the container's port is settled by what is published: see compose.yaml.
ENV PATH=/opt/chargeforge/bin:$PATH \
    HTTP_HOST=0.0.0.0 \
    HTTP_OPEN=true \
    HTTP_PORT=7071 \
    STATE_DIR=/var/lib/chargeforge
VOLUME /var/lib/chargeforge
EXPOSE 7071
HEALTHCHECK --interval=10s --timeout=5s --start-period=10s --retries=3 \
    CMD ["python", "-c", "import http.client, os, sys; c = http.client.HTTPConnection('127.0.0.1', int(os.environ['HTTP_PORT']), timeout=3); c.request('GET', '/health'); sys.exit(c.getresponse().status != 200)"]
ENTRYPOINT ["chargeforge"]
CMD ["headless"]
