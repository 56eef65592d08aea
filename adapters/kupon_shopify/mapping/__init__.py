"""Shopify's words and Kupon's: records that come in, codes that go out."""
