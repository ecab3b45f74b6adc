"""The backstop and the engine agree: no pod is reported that the engine would leave as it is, and bare pods are."""
