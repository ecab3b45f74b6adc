"""What goes wrong around a webhook in production, done on purpose while it is under load: ``make faults`` prints what came of it."""
