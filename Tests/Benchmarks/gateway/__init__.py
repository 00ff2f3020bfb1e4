"""What gateway.py is made of: the gateway and its peers doing the same job, the loads, the figures."""
