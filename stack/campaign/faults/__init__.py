"""What is broken, how, and how it is mended again."""
