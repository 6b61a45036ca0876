"""Collectors that run on a gateway: protocols, durable spool, uplink; no Spark is imported here."""
