"""The two ways in which a measurement does not come about."""


class UnavailableError(Exception):
    """This machine lacks what the measurement needs: said, and no failure of the bench."""


class BrokenRunError(Exception):
    """A run did not do what it is measured for, so that its figures would be wrong."""
