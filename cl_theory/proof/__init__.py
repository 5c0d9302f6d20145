"""How a claim earns its verdict: checks, systems, experiments, the ledger, figures, the book, and the commands."""
