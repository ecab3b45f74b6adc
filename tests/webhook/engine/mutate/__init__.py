"""The house rules of admission, one by one: what is added, what is kept, what is ours, and who is left alone."""
