"""The explaining side: theorems as data with checks that run."""
