"""The admission port under clients that are slow, silent, too many, or in the middle of something when the server has to go."""
