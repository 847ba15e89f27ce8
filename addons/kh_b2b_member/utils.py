"""How ids are read from addresses and forms that anybody may write."""


def parse_id(value):
    """Read the id of a record from an address or a form; 0: none, or one that cannot be."""
    text = str(value or "")
    return int(text) if text.isdecimal() and len(text) < 10 else 0
