"""Real servers behind real TLS: certificates change under load and no handshake fails, and only known clients get in."""
