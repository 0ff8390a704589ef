"""What a notebook shows of a program and of a run: a few lines as text, and a page of HTML that stands alone.

Whatever comes from a spec, a table or a path is escaped. Pages have no scripts, and take nothing from elsewhere.
"""
