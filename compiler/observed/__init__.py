"""What a cluster has: objects of any kind as the API server writes them, from dumps or from a live cluster. Pure: bytes in, values out."""
