"""The bundle's bytes: what is written is read back, and what cannot be trusted is refused with a BundleError."""
