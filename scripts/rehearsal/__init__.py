"""A rehearsal: all of it as it will be, on a Tor network that lives on this machine alone, without the internet."""
