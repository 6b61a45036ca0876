-- One row is one section of one edition of GB/T 4754.
select
    cast(edition as string) as edition,
    section,
    name_zh,
    name_en
from {{ source('reference', 'industry_sections') }}
