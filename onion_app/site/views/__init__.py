"""The views of the site: each checks its form, calls one function and renders."""
