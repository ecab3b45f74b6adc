"""Tests of the one-file ``overbank``: where it unpacks itself, whom it trusts, and that it does what the installed one does.

Most take a small archive that carries a command of two lines. The real one is looked at where OVERBANK_ONEFILE names it, as
``make test-wheel`` does.
"""
