"""Which plugins a company has switched on, and how it has set them."""
