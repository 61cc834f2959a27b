"""The page in a browser, on two widths, over a network that fails."""
