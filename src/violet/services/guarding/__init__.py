"""The guard: a trace replayed, thresholds calibrated, policies read, gateways run and watched."""
