"""The stores over TLS, each with a certificate of an authority of the tests' own."""
