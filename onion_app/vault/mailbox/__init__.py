"""The cases of visitors, sealed message by message, until they take them back. The site reads and writes here."""
