"""Judging records; knows neither Kafka nor any store."""
