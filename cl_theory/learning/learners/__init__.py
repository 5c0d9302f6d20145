"""Learners made of parts: model, chain, schedule, baseline, optimiser; one run or many replicas."""
