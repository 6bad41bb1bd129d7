"""The article's final test: named stages over what was seen from every vantage, in a file that can be checked."""
