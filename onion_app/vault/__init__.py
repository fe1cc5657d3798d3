"""Everything that is stored: three encrypted databases, the file of key slots, and every line of SQL.

The vault promises that what was acknowledged is on the disk, that what was taken back is not, and that no plaintext,
hour or order of arrival ever is. It takes connections and keys as arguments; it knows nothing of pages, passphrases
or Tor.
"""
