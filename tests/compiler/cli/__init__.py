"""Tests of the command line: exit codes, streams, shapes and colours of each command."""
