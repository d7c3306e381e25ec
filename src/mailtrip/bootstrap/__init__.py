"""The composition root: it makes the objects of the program from the settings, and closes them in reverse.

Commands import its modules one by one, so that none loads what it does not need.
"""
