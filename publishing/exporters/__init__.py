"""One module per form that the same rows take: CSV, Parquet, Excel, and the dictionary of their columns."""

from publishing.exporters.csv_file import write_csv
from publishing.exporters.dictionary import write_dictionary
from publishing.exporters.excel_file import write_excel
from publishing.exporters.export import Export, open_table, texts, time_field
from publishing.exporters.parquet_file import write_parquet

WRITERS = (write_csv, write_parquet, write_excel, write_dictionary)

__all__ = [
    "WRITERS",
    "Export",
    "open_table",
    "texts",
    "time_field",
    "write_csv",
    "write_dictionary",
    "write_excel",
    "write_parquet",
]
