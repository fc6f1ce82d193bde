"""Embedded servers: PostgreSQL and Valkey out of wheels, started in $KITH_HOME where no URL is set, and `kith up`."""
