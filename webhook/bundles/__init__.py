"""Policy bundles in the webhook: where they come from, whether they can be trusted, and which one decides."""
