"""Single inputs that benign traffic does not have: one file each."""
