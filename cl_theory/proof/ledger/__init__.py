"""The register of claims, the evidence they earn, their verdicts, and the regression of their numbers."""
