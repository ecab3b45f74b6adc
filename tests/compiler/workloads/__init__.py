"""Tests of the pods that a manifest stands for."""
