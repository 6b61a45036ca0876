#!/bin/sh
# Spark's standalone master or worker out of the platform's own environment, in the foreground, on 127.0.0.1:
#   deploy/spark/start.sh master
#   deploy/spark/start.sh worker spark://127.0.0.1:7077
set -eu
checkout=$(cd "$(dirname "$0")/../.." && pwd)
export LAKE_HOME="${LAKE_HOME:-$checkout/.lake}"
python=$LAKE_HOME/toolchain/main/bin/python
SPARK_HOME=$("$python" -P -c 'import importlib.util as u; print(u.find_spec("pyspark").submodule_search_locations[0])')
JAVA_HOME=$("$python" -P -c 'from lakehouse.toolchain import java_home; print(java_home())')
export SPARK_HOME JAVA_HOME SPARK_LOCAL_IP=127.0.0.1 SPARK_DAEMON_MEMORY=512m

deploy=org.apache.spark.deploy
case ${1:-} in
    master)
        exec "$SPARK_HOME/bin/spark-class" $deploy.master.Master --host 127.0.0.1 \
            --port "${SPARK_MASTER_PORT:-7077}" --webui-port "${SPARK_MASTER_PAGE:-8181}" ;;
    worker)
        work=$(mktemp -d)
        # each session leaves its copy of the jars (115 MB) and its logs there; the default keeps them for a week
        export SPARK_WORKER_OPTS="-Dspark.worker.cleanup.appDataTtl=3600"
        exec "$SPARK_HOME/bin/spark-class" $deploy.worker.Worker --host 127.0.0.1 --work-dir "$work" \
            --cores "${SPARK_WORKER_CORES:-1}" --memory "${SPARK_WORKER_MEMORY:-1200m}" \
            --webui-port "${SPARK_WORKER_PAGE:-0}" "${2:?say the address of the master, as spark://127.0.0.1:7077}" ;;
    *) echo "say what to start: $0 master | worker MASTER" >&2; exit 2 ;;
esac
