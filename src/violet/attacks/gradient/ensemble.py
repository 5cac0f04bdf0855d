"""The standard ensemble, as a list: whoever runs it gives each attack the samples that those before left standing."""

STANDARD = ("gradient/apgd-ce", "gradient/apgd-t", "gradient/fab-t", "scores/square")
"""AutoAttack's standard ensemble and order (Croce and Hein 2020, "Reliable evaluation ...", section 6), for a model
with gradients that does not randomise. With the defaults each member has the budget it has there
(Square 5,000 queries)."""

RANDOMISED = ("gradient/apgd-ce", "gradient/apgd-dlr")
"""For a model that randomises: with the option ``eot`` at 20 (ibid., its version ``rand``)."""
