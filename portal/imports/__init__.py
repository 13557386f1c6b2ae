"""Lists from elsewhere: read, matched with our fields, checked row by row, brought in whole or not at all."""
