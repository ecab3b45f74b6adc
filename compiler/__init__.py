"""Overbank's policy compiler: policy tree in, artefacts out. Works offline."""

__version__ = "0.1.0"
