"""Sample files built in code: the malicious and the benign corpus every detector is measured against."""
