"""Profiles of data: counts against frozen bins, which add up over chunks, replicas and days."""
