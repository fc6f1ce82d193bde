"""The mathematics of predictions: pure functions on NumPy arrays, without database, frames or Flask.

No function here reads a clock, a file or a global random state, and no model is ever pickled.
"""
