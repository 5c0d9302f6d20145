"""What readers use beside the chapters: the map of claims, the ledger, the paper beside the book."""
