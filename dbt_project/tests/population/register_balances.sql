-- Of each month and township: stock = stock before + births - deaths + moved in - moved out + moved within + corrections.
select *
from {{ ref('agg_population_balance') }}
where stock <> stock_before + births - deaths + moved_in - moved_out + moved_within + corrections
