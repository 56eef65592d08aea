"""Images of codes: QR codes and barcodes, drawn for whoever has the link from an answer.

Reference: the `assets` of vouchers; the links lead to Kupon's own, outside the document
Tables:    projects (read)
"""
