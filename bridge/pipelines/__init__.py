"""One module a pipeline; each is a loop of small steps that `runner` drives."""
