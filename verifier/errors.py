"""The one error a user sees: a request that cannot be taken."""


class UsageError(ValueError):
    """Bad input: what was passed, what is allowed, what to try. Shown as one line; exit code 2."""


class StepLimit(RuntimeError):
    """A run would need more steps than were asked for, and no closed form covers the rest."""
