"""Publishers that behave as real devices do: they keep each message until the collector has confirmed it.

Used by the tests, the fault runs and the demonstration; a lake in operation has devices instead.
"""
