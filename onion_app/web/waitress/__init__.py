"""Everything that leans on the inside of waitress: the server, its connections, how requests and answers go through."""
