"""What only the desk and the chores know: the people who work here, their notes, and stories on their way."""
