"""Programs and runs in a notebook: a few lines as text, and a page of HTML that needs no other file.

All text from a spec, a table or a path is escaped. Pages have no scripts and load nothing.
"""
