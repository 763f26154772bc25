"""A memory that refreshes itself (theory C9): recognised in any weights, decided for ever by inequalities on all levels at once."""

from verifier.refresh.bound import Refresh, bound_refresh, push_levels
from verifier.refresh.cells import Enumeration
from verifier.refresh.levels import Inequality

__all__ = ["Enumeration", "Inequality", "Refresh", "bound_refresh", "push_levels"]
