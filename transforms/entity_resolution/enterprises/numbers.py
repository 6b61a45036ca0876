"""The numbers that an enterprise is known by, each where it is valid, whatever column a department wrote it in.

Credit code GB 32100 (its places 9 to 17 are the organisation code GB 11714), registration number GS 15 of the time before,
organisation code, taxpayer number.
"""

import duckdb
import pyarrow as pa
import pyarrow.compute as pc

from lakehouse.contracts.codes import credit_code, registration_number
from lakehouse.contracts.origin import worst_sql
from transforms.conform.texts import plain

ORGANISATION_CODE = slice(8, 17)
"""Where it stands in a credit code, as characters from 0."""


def identity_numbers(uscc: pa.ChunkedArray, reg_no: pa.ChunkedArray, org_code9: pa.ChunkedArray) -> pa.Table:
    """Columns as sent -> uscc, reg_no_15, org_code9, each null where no valid one was given.

    Lower case counts as upper case. A registration number that stands in the column of the credit code counts as one.
    """
    code, number, organisation = (pc.utf8_upper(plain(column)) for column in (uscc, reg_no, org_code9))
    code_is_right, organisation = _valid(code, credit_code.is_valid), pc.replace_substring(organisation, "-", "")
    of_code = pc.utf8_slice_codeunits(code_is_right, ORGANISATION_CODE.start, ORGANISATION_CODE.stop)
    return pa.table(
        {
            "uscc": code_is_right,
            "reg_no_15": pc.coalesce(_valid(number, registration_number.is_valid), _valid(code, registration_number.is_valid)),
            "org_code9": pc.coalesce(
                _valid(organisation, credit_code.is_organisation_code), _valid(of_code, credit_code.is_organisation_code)
            ),
        }
    )


def _valid(column: pa.ChunkedArray, is_valid) -> pa.ChunkedArray:
    return pc.if_else(pc.fill_null(is_valid(column), False), column, None)


NUMBERS = f"""
select number_kind, number, e.entity_id as enterprise_id, min(as_of) as first_told_on, max(as_of) as last_told_on,
       count(*) as records, {worst_sql("data_origin")} as data_origin
from (unpivot mentions on uscc, org_code9, reg_no_15, taxpayer_no into name number_kind value number)
     join members e using (mention_id)
group by all order by number_kind, number, enterprise_id
"""


def number_index(mentions: pa.Table, members: pa.Table) -> pa.Table:
    """Mentions, and members (mention_id, entity_id) -> rows of `xref__enterprise_numbers`: whose number it is."""
    with duckdb.connect() as base:
        base.register("mentions", mentions)
        base.register("members", members)
        return base.sql(NUMBERS).to_arrow_table()
