"""The rows that only the desk and the chores read: the people who work here, their notes, and stories on their way."""
