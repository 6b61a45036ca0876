"""The one gate before the public: which columns, rows and licences may leave. Files, API and pages all pass it."""

from publishing.disclosure_control.columns import Refused, open_columns, open_datasets, open_rows
from publishing.disclosure_control.licences import OWN_LICENCE, Licence, combined_licence, licences
from publishing.disclosure_control.origin import check_origins

__all__ = [
    "OWN_LICENCE",
    "Licence",
    "Refused",
    "check_origins",
    "combined_licence",
    "licences",
    "open_columns",
    "open_datasets",
    "open_rows",
]
