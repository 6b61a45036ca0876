#!/bin/sh
# MLflow's tracking server: runs and registry in PostgreSQL, artefacts through it in the bucket `models`.
set -eu
python=${LAKE_HOME:?}/toolchain/main/bin/python
password=$("$python" -P -c 'import os, urllib.parse; print(urllib.parse.quote(os.environ["MLFLOW_DB_PASSWORD"], safe=""))')
export MLFLOW_BACKEND_STORE_URI="postgresql+psycopg2://mlflow:$password@${POSTGRES_HOST:?}:${POSTGRES_PORT:-5432}/mlflow"
export DO_NOT_TRACK=true MLFLOW_DISABLE_TELEMETRY=true
exec "$python" -P -m mlflow server --host "${LISTEN:-0.0.0.0}" --port "${PORT:-5000}" --workers 2 \
    --artifacts-destination s3://models --serve-artifacts --allowed-hosts "${ALLOWED_HOSTS:-mlflow:*,localhost:*,127.0.0.1:*}"
