"""Flask made strict, waitress with one size of answers, visits, languages and budgets, for the site and the desk.

This room knows no cases and no people. It never logs a request, never writes a file and sets no cookie unasked.
"""
