"""Workers and replicas that act as one guard: each keeps its own tables, and about once a second they exchange what
they added of each client, and what is being done with whom. Off the hot path: without company, each goes on alone.
"""
