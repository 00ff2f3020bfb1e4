"""All workloads, in the order of the report."""

from .keys import Keys
from .me import Me
from .refresh import Refresh

WORKLOADS = [Keys, Me, Refresh]
