"""All workloads, in the order of the report."""

from ..workload import Workload
from .echo import ECHOES
from .introspection import Introspection
from .keys import Keys
from .limiter import LimitAccuracy, LimitCost
from .login import Login
from .machines import ClientCredentials
from .me import Me
from .memory import Connections, Memory
from .mixed import Mixed, MixedWithoutLogins
from .overload import Overload
from .refresh import Refresh
from .revocation import Revocation
from .scale import TenantsMe, TenantsRefresh, UsersLogin, UsersMe, UsersRefresh
from .start import Start

# The last ones' suites stay to the end, with all their users and tenants.
WORKLOADS: list[type[Workload]] = [
    *ECHOES, Keys, Me, Refresh, Login, Introspection, ClientCredentials, Mixed, MixedWithoutLogins, Overload, Revocation,
    LimitCost, LimitAccuracy, Memory, Connections, Start, UsersMe, UsersRefresh, UsersLogin, TenantsMe, TenantsRefresh,
]
