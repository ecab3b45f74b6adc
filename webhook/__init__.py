"""The admission server of Overbank.

The engine (``webhook.engine``) is pure and shared with the compiler; everything else here is the shell around it: TLS, the
AdmissionReview envelope, metrics, life cycle. The server never imports ``compiler`` and reads no YAML.
"""
