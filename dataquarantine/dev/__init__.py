"""The embedded broker, Postgres and S3, and the load generator."""
