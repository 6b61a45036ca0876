#!/bin/sh
# Health check of a web service: deploy/lake/answers.sh URL
exec "${LAKE_HOME:?}/toolchain/main/bin/python" -P -c \
    'import sys, urllib.request; urllib.request.urlopen(sys.argv[1], timeout=8)' "$1"
