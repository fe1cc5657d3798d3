"""Every parser that meets something from outside, fed with anything: no error comes out but those that it names."""
