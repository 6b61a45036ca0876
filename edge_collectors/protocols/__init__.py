"""Device protocols as pure functions: bytes in; records, or a refusal with its reason, out. No IO."""
