"""Pictures of what people see on each channel, for the documents; `./dev shots` makes them anew."""
