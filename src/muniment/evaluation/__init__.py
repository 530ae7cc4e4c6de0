"""What the program decided, beside a truth that it never sees.

A package of its own, above everything that decides and imported by the command line alone: what reads the truth cannot
be reached by what is measured with it.
"""
