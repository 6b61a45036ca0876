"""The pages, one module each: it gathers what its template shows."""
