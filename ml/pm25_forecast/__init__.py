"""PM2.5 forecast per station for 1, 6, 12 and 24 hours, with an 80 % prediction interval."""
