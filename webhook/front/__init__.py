"""The way in to the admission port: what is accepted, how long it may take, and how much of it there may be at once.

Knows connections and requests as such, and nothing of what is in them. Every limit here is for callers that are broken or hostile, or
for more callers than one process can serve; the API server of a healthy cluster meets none of them.
"""
