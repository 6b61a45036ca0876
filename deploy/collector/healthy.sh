#!/bin/sh
# Health check of a collector: its heartbeat is younger than 30 s and it confirms what it receives.
#   deploy/collector/healthy.sh SPOOL/heartbeat.json
exec "${LAKE_HOME:?}/toolchain/main/bin/python" -P - "$1" <<'PY'
import json, sys
from datetime import UTC, datetime

beat = json.load(open(sys.argv[1], encoding="utf-8"))
age = (datetime.now(UTC) - datetime.fromisoformat(beat["at"])).total_seconds()
if age > 30 or beat["state"] in {"stopped", "back_pressure"}:
    sys.exit(f"{beat['state']}, {age:.0f} s old: {beat['problem'] or 'no problem named'}")
PY
