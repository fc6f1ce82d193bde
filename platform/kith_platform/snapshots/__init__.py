"""A tenant's facts as immutable Parquet files, read in one moment."""
