"""Every class of hostile input: a finding at its line, or handled, in bounded time and memory."""
