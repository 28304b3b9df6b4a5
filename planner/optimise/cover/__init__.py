"""Cover: the bounds of plain coverage, by prices, by cuts of three rows at a time, and by a tree of both."""
