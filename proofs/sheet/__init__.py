"""Answer sheets: theorem and certificate as a document, written as LaTeX, PDF or HTML."""
