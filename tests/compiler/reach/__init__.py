"""Which pods policies match, as sets."""
