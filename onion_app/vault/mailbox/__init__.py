"""What visitors write, sealed message by message, until they take it back. The site reads and writes it."""
