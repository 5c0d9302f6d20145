"""The systems on which statements are tried: ordinary, extreme, drawn, and with an assumption dropped."""
