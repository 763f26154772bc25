"""Tight brackets on the worst error of dense, trained networks: branch and bound over input boxes.

`monomials` orders the Chebyshev monomials, `kernels` runs a network on boxes in truncated polynomial zonotopes with every
rounding accounted for, `network` runs many boxes, common first steps once; `grid` chooses the boxes to start from and `search`
divides them until the bracket is tight or the time is used up.
"""
