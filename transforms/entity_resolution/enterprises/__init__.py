"""The register of enterprises: every department's rows about market entities and organisations, made one per entity."""
