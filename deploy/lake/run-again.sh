#!/bin/sh
# One pass of the pipeline, a pause, the next pass: deploy/lake/run-again.sh SECONDS
set -u
cd "$(dirname "$0")/../.."
while :; do
    ./lake run || echo "lake run ended with code $?; the next pass follows in $1 s" >&2
    sleep "$1"
done
