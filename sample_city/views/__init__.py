"""What each department writes down, true to what it knows; errors come later.

A view is called with (draws, city, police view, source, day, day of the delivery before) and gives the extract of that day.
"""

from sample_city.views import police

VIEWS = {
    "psb_residents_full": police.residents_full,
    "psb_residents_delta": police.residents_delta,
    "psb_floating": police.floating,
}
