"""What follows from a contract: schemas, row checks, dictionary. One module per derived thing."""

from lakehouse.contracts.derive.dictionary import dictionary, labels
from lakehouse.contracts.derive.json_schema import json_schema
from lakehouse.contracts.derive.row_checks import mask, spark_sql
from lakehouse.contracts.derive.schema import arrow_schema

__all__ = ["arrow_schema", "dictionary", "json_schema", "labels", "mask", "spark_sql"]
