"""Gold -> what others may have: the serving file, releases for the public, their catalogue and checksums."""
