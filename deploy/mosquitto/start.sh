#!/bin/sh
# Write the two accounts into the password file (hashed; further ones stay), then become the broker.
set -eu
passwords=/mosquitto/data/passwords
touch "$passwords"
chmod 600 "$passwords"
mosquitto_passwd -b "$passwords" collector "${MQTT_COLLECTOR_PASSWORD:?}"
mosquitto_passwd -b "$passwords" publisher "${MQTT_PUBLISHER_PASSWORD:?}"
[ "$(id -u)" != 0 ] || chown -R mosquitto: /mosquitto/data
exec mosquitto -c /mosquitto/config/mosquitto.conf
