"""The numbers of forecasting on plain arrays: seasons, candidates, rolling origins, stock. Nothing here reads a database."""
