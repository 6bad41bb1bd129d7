"""The C# of policies, as far as it is run: parsed, given its types, and computed; all else is refused when it is read.

lexer -> parser -> syntax     what an expression looks like
members, operators            what may be named in it, and of which type the result is
expression, value             what computes it
semantics                     how .NET behaves where Python would not
"""
