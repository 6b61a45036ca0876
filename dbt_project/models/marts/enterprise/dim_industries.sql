-- One row is one section of one edition of GB/T 4754.
select
    edition,
    section,
    name_zh,
    name_en,
    'operational' as data_origin
from {{ ref('stg_industry_sections') }}
order by edition, section
