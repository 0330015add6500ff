"""Small faults on purpose, all of them in one build: what scripts/check-mutants is made of."""
