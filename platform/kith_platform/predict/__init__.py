"""Predictions: model specs, training, registry, scores."""
