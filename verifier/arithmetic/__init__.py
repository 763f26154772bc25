"""The arithmetics: balls and enclosures certify, mpmath is the independent reference, floats are IEEE, symbols are sympy."""
