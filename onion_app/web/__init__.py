"""What the site and the desk share: Flask made strict, waitress with one size of answers, visits, languages, budgets.

This room knows no cases and no people. It never logs what was sent, never writes a file and sets no cookie unasked.
"""
