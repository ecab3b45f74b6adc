"""The certificate of the admission port: where it comes from, and how it is replaced while the server runs."""
