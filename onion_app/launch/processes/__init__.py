"""What the launcher starts: the site, the desk and the chores, each a process of its own."""
