"""`make storm`: a script of k6/ driven against a running house, its figures, and then the audit.

`python -m stack.storm` needs the virtual environment, Go and Node; `stack.storm.target` does not,
so that a mistaken command line is refused before anything is installed.
"""
