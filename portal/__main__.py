"""`python -m portal`: serve the pages until stopped."""

from portal._cli import serve

serve()
