"""A picture of a repository: clusters with their pools, policies and what they lead to, as data and in the languages of drawing programs."""
