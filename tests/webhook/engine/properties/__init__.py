"""What holds for every bundle and every pod; what the strategies leave out, they say."""
