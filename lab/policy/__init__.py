"""An interpreter of API Management's policy documents: the very files that are deployed.

It runs a closed set of statements and of C# expressions, scope by scope and section by section. `Program` reads the
documents and refuses, with a PolicyError that names document, line and cause, whatever it does not know: nothing is
skipped, and nothing is run in part. What an error, a header or a cast does is not guessed: the conformance vectors of
tests/lab/policy say so.
"""
