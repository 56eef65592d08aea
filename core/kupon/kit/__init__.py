"""Pure pieces that know neither the domain nor a library: errors, money, text, pages."""
