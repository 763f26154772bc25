"""The command line: parsing and printing only. The one part of `verifier` that knows all sides."""
