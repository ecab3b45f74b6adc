"""What commands are given: repositories, revisions, files, clusters, keys, and the cache. Options that several take, and what they lead to."""
