"""The one kind of error that a user can cause and mend."""


class UserError(Exception):
    """What went wrong and what to do about it, in one line.

    The command line prints the message without a traceback and exits with code 2. Raise it for a bad file, setting
    or name, a missing run, a missing network; raise `ValueError` for a mistake in our own code.
    """
