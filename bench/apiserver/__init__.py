"""What a pod's creation costs more with the webhook, on a real API server; ``__main__`` says how it is measured."""
