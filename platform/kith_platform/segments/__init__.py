"""Segments: rules over what is known of customers, who fulfils them, and how that changed."""
