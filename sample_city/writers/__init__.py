"""Files as departments write them: one module a format, each `write(path, sheet, style)` says the row of its first record."""

from sample_city.writers import database, delimited, fixed_width, geojson, json_page, workbook, xml_file

WRITERS = {
    "delimited": delimited.write,
    "gzip": delimited.write,
    "fixed_width": fixed_width.write,
    "workbook": workbook.write,
    "json_page": json_page.write,
    "xml": xml_file.write,
    "database": database.write,
    "geojson": geojson.write,
}
