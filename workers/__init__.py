"""What runs outside a request: the sending engine and the timetable."""
