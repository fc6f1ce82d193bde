"""What is asked of data before a model may learn from them. NumPy alone: any model may ask."""
