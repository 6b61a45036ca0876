"""Codes that carry their own proof: identity numbers with check characters, division codes with a period of validity.

Each module judges a whole Arrow array at once (`is_valid`) and says the same as Spark SQL (`sql`), so that a row rule can
use it on both engines.
"""
